/* A helper for libvirt's `ext` transport, which starts it with one socket as both standard input and
   standard output: virsh -c 'test+ext:///default?command=/path/of/a/script/that/runs/this'
   usage: virsh_ext HOST PORT DIRECTORY */
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
    if (argc != 4) {
        fprintf(stderr, "usage: %s HOST PORT DIRECTORY\n", argv[0]);
        return 2;
    }
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn = NULL;
    int ok = signal(SIGPIPE, SIG_IGN) != SIG_ERR
          && never_block(0) && never_block(1)
          && tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, argv[3]) == TLSCONN_OK
          && tlsconn_ctx_set_validator(ctx, ask, NULL, NULL) == TLSCONN_OK
          && tlsconn_connect(ctx, argv[1], atoi(argv[2]), TLSCONN_F_NONBLOCK, &conn) == TLSCONN_OK
          && pump(conn) == TLSCONN_OK;
    if (!ok)
        fprintf(stderr, "%s: %s\n", argv[1], reason ? reason : tlsconn_error_message(tlsconn_last_error()));
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
