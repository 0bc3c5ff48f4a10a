/* A helper for libvirt's `ext` transport, which starts it with one socket as both standard input and
   standard output: virsh -c 'test+ext:///default?command=/path/of/a/script/that/runs/this'
   usage: virsh_ext HOST PORT [DIRECTORY]
   DIRECTORY is one of ours, or one as for libvirt's pkipath; without it libvirt's own files are used. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tlsconn.h>

/* Bytes on their way in one direction. */
struct pipe { char buf[16384]; size_t at, end; };

static int heard; /* something from libvirt */
static const char *reason; /* where we know better than the library why it failed */

/* libvirt hides our standard input, but not the user's terminal. */
static int ask(tlsconn_question *question, void *userdata)
{
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY);

    if (tty < 0) {
        reason = "this server needs an answer, and there is no terminal to ask on";
        return TLSCONN_REJECT;
    }
    close(tty);
    return tlsconn_ask_terminal(question, userdata);
}

/* From the server to libvirt. The server's first byte is 1 if it accepted our certificate; it is not
   passed on. A refused client gets no byte: the server hangs up. */
static int download(tlsconn_conn *conn, struct pipe *down, int *accepted)
{
    size_t n = 0;
    int result = TLSCONN_OK;

    if (down->at == down->end) {
        result = tlsconn_conn_read(conn, down->buf, *accepted ? sizeof down->buf : 1, &n);
        if (!*accepted && (result == TLSCONN_EOF || result == TLSCONN_E_TRUNCATED))
            reason = "the server refused our certificate or address";
        if (!*accepted && result == TLSCONN_OK && n > 0) {
            reason = down->buf[0] == 1 ? NULL : "this is no libvirt server";
            *accepted = !reason;
            return reason ? TLSCONN_E_PROTOCOL : TLSCONN_OK;
        }
        down->at = 0;
        down->end = n;
    }
    ssize_t written = down->at < down->end ? write(1, down->buf + down->at, down->end - down->at) : 0;
    if (written < 0 && errno != EAGAIN && errno != EINTR)
        return TLSCONN_EOF;
    down->at += written > 0 ? (size_t)written : 0;
    return result;
}

/* From libvirt to the server. */
static int upload(tlsconn_conn *conn, struct pipe *up)
{
    size_t n = 0;

    if (up->at == up->end) {
        ssize_t got = read(0, up->buf, sizeof up->buf);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return TLSCONN_EOF;
        heard |= got > 0;
        up->at = 0;
        up->end = got > 0 ? (size_t)got : 0;
    }
    if (up->at == up->end)
        return TLSCONN_OK;
    int result = tlsconn_conn_write(conn, up->buf + up->at, up->end - up->at, &n);
    up->at += n;
    return result;
}

/* Put what the last call waits for into the connection's entry of the list. */
static int want(tlsconn_conn *conn, int result, struct pollfd *place, int *timeout_ms)
{
    short events = 0;
    int ms = -1;

    if (result <= TLSCONN_OK || result == TLSCONN_EOF)
        return result;
    int failed = tlsconn_conn_poll(conn, &place->fd, &events, &ms);
    place->events = (short)(place->events | events);
    if (ms >= 0 && (*timeout_ms < 0 || ms < *timeout_ms))
        *timeout_ms = ms;
    return failed;
}

/* Like every call here, the shutdown may have to wait. */
static int finish(tlsconn_conn *conn)
{
    int result;

    while ((result = tlsconn_conn_shutdown(conn)) > 0) {
        struct pollfd place = { -1, 0, 0 };
        int timeout_ms = -1;
        result = want(conn, result, &place, &timeout_ms);
        if (result != TLSCONN_OK)
            return result;
        if (poll(&place, 1, timeout_ms) < 0 && errno != EINTR) {
            reason = strerror(errno);
            return TLSCONN_E_IO;
        }
    }
    return result;
}

static int pump(tlsconn_conn *conn)
{
    static struct pipe up, down;
    int accepted = 0;

    for (;;) {
        struct pollfd list[3] = { { -1, 0, 0 }, { -1, POLLIN, 0 }, { -1, POLLOUT, 0 } };
        int timeout_ms = -1;
        int result = download(conn, &down, &accepted);
        int more = result == TLSCONN_OK && down.at == down.end; /* all of it was written */

        result = want(conn, result, &list[0], &timeout_ms);
        if (result == TLSCONN_OK && accepted) {
            result = upload(conn, &up);
            more = more || (result == TLSCONN_OK && up.at < up.end);
            result = want(conn, result, &list[0], &timeout_ms);
        }
        if (result == TLSCONN_EOF && !reason)
            return finish(conn);
        if (result != TLSCONN_OK)
            return result;
        if (accepted && up.at == up.end)
            list[1].fd = 0; /* only if we wait for it: a hang-up would wake us again and again */
        if (down.at < down.end)
            list[2].fd = 1;
        if (poll(list, 3, more ? 0 : timeout_ms) < 0 && errno != EINTR) {
            reason = strerror(errno);
            return TLSCONN_E_IO;
        }
    }
}

/* libvirt's files are checked by libvirt's rules, and the known servers are beside them. Without a
   directory for these an answer counts for this connection. */
static int use_libvirt(tlsconn_ctx *ctx, const char *dir)
{
    char place[4000], known[4096];
    const char *home = getenv("HOME");

    if (tlsconn_ctx_set_int(ctx, TLSCONN_OPT_PROFILE, TLSCONN_PROFILE_LIBVIRT) != TLSCONN_OK
        || tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_LIBVIRT, dir) != TLSCONN_OK)
        return 0;
    int length = dir ? snprintf(place, sizeof place, "%s", dir)
                     : snprintf(place, sizeof place, "%s/.pki/libvirt", home ? home : "");
    if (length >= (int)sizeof place || access(place, W_OK) != 0)
        return 1;
    snprintf(known, sizeof known, "%s/trusted.pem", place);
    return tlsconn_ctx_set_known_file(ctx, known) == TLSCONN_OK;
}

static int use_files(tlsconn_ctx *ctx, const char *dir)
{
    char authority[4096];

    if (dir && snprintf(authority, sizeof authority, "%s/cacert.pem", dir) < (int)sizeof authority
        && access(authority, F_OK) != 0)
        return tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, dir) == TLSCONN_OK;
    return use_libvirt(ctx, dir);
}

/* libvirt shows what we say only if it reads before we are gone: if it finds nobody for its first
   request, it complains about a broken pipe instead. */
static void complain(const char *host)
{
    struct pollfd first = { 0, POLLIN, 0 };
    const char *hint = reason ? "" : tlsconn_error_hint(tlsconn_last_error());

    fprintf(stderr, "%s: %s%s%s\n", host, reason ? reason : tlsconn_error_message(tlsconn_last_error()),
            *hint ? "\n" : "", hint);
    fflush(stderr);
    if (!heard)
        (void)poll(&first, 1, 5000);
}

static int never_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        return 1;
    reason = strerror(errno);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: %s HOST PORT [DIRECTORY]\n", argv[0]);
        return 2;
    }
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn = NULL;
    int ok = signal(SIGPIPE, SIG_IGN) != SIG_ERR
          && never_block(0) && never_block(1)
          && use_files(ctx, argc == 4 ? argv[3] : NULL)
          && tlsconn_ctx_set_validator(ctx, ask, NULL, NULL) == TLSCONN_OK
          && tlsconn_connect(ctx, argv[1], atoi(argv[2]), TLSCONN_F_NONBLOCK, &conn) == TLSCONN_OK
          && pump(conn) == TLSCONN_OK;
    if (!ok)
        complain(argv[1]);
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
