#include "session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "request.h"

enum {
    SESSION_INPUT = 4 * REQUEST_SIZE,
    SESSION_OUTPUT = 65536, /* with so much unread, no more requests are read */
    SESSION_TURN = 64       /* at most so many requests per round */
};

static const char *client(const struct session *session)
{
    return tlsconn_conn_info(session->conn, TLSCONN_INFO_PEER_IDENTITY);
}

static void give_up(struct session *session, const char *why)
{
    fprintf(stderr, "hostmanager: %s %s: %s\n", tlsconn_conn_info(session->conn, TLSCONN_INFO_PEER_ADDRESS),
            session->admitted ? client(session) : "is refused", why);
    session->gone = 1;
}

static void failed(struct session *session)
{
    give_up(session, tlsconn_error_message(tlsconn_conn_error(session->conn)));
}

struct session *session_new(tlsconn_ctx *ctx, int fd, int64_t now)
{
    struct session *session = calloc(1, sizeof *session);
    int one = 1;

    if (!session || tlsconn_accept_fd(ctx, fd, TLSCONN_F_NONBLOCK, &session->conn) != TLSCONN_OK) {
        fprintf(stderr, "hostmanager: %s\n",
                session ? tlsconn_error_message(tlsconn_last_error()) : "no memory for a client");
        free(session);
        close(fd);
        return NULL;
    }
    /* Send short replies at once. If it fails, they are just slower. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    session->fd = fd;
    session->stalled = now;
    return session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    tlsconn_conn_free(session->conn);
    close(session->fd); /* the descriptor is still ours; close it last */
    free(session->input);
    buffer_free(&session->output);
    free(session);
}

/* Read until nothing is left or there is no more room. The room is filled even while the requests
   in it have to wait: it is when a read finds nothing that the connection waits for more. */
static void fill(struct session *session)
{
    if (!session->input && !(session->input = malloc(SESSION_INPUT))) {
        give_up(session, "no memory for its requests");
        return;
    }
    while (!session->ended && session->input_len < SESSION_INPUT) {
        size_t n = 0;
        int result = tlsconn_conn_read(session->conn, session->input + session->input_len,
                                       SESSION_INPUT - session->input_len, &n);
        if (result == TLSCONN_EOF)
            session->ended = 1;
        else if (result < 0)
            failed(session);
        if (result != TLSCONN_OK)
            return;
        session->input_len += n;
    }
}

/* A socket with unread bytes in it is reset when it is closed, and the client would lose our last words. */
static void discard(struct session *session)
{
    char bytes[4096];
    size_t n = 0;
    int result = TLSCONN_OK;

    for (int turn = 0; turn < SESSION_TURN && result == TLSCONN_OK; turn++)
        result = tlsconn_conn_read(session->conn, bytes, sizeof bytes, &n);
    if (result == TLSCONN_EOF)
        session->ended = 1;
    else if (result < 0 && !session->hung_up)
        failed(session);
    if (session->hung_up && (result == TLSCONN_EOF || result < 0))
        session->gone = 1;
}

/* The length of the first whole line, or -1 if it is not complete yet. */
static long line_length(const struct session *session, size_t at)
{
    const char *line = session->input ? session->input + at : NULL;
    const char *end = line ? memchr(line, '\n', session->input_len - at) : NULL;

    return end ? (long)(end - line) : -1;
}

static int may_answer(const struct session *session)
{
    return buffer_waiting(&session->output) < SESSION_OUTPUT;
}

/* A certificate can be revoked, or removed from the directory, while its connection is open. */
static int still_welcome(struct session *session)
{
    if (session->unconfirmed == 0 && tlsconn_conn_recheck(session->conn) != TLSCONN_OK) {
        give_up(session, tlsconn_error_message(tlsconn_last_error())); /* the connection itself goes on */
        return 0;
    }
    return 1;
}

static void answer(struct session *session, struct store *store)
{
    size_t at = 0;
    long len = -1;

    while (session->unconfirmed < SESSION_TURN && may_answer(session) && (len = line_length(session, at)) >= 0
           && len <= REQUEST_SIZE) {
        if (!still_welcome(session))
            return;
        session->input[at + (size_t)len] = '\0';
        request_answer(store, client(session), session->input + at, (size_t)len, &session->output);
        session->unconfirmed++;
        at += (size_t)len + 1;
    }
    len = line_length(session, at);
    if (len > REQUEST_SIZE || (len < 0 && session->input_len - at > REQUEST_SIZE)) {
        session->cut = 1;
        at = session->input_len;
        buffer_add(&session->output, "error too-long\n");
        session->unconfirmed++;
    }
    session->input_len -= at;
    memmove(session->input, session->input + at, session->input_len);
    if (session->input_len == 0) {
        free(session->input);
        session->input = NULL;
    }
    if (session->output.failed)
        give_up(session, "no memory for its replies");
}

void session_receive(struct session *session, struct store *store, int64_t now)
{
    if (!session->admitted) {
        int result = tlsconn_conn_handshake(session->conn);
        if (result < 0)
            failed(session);
        if (result != TLSCONN_OK)
            return;
        session->admitted = 1;
        fprintf(stderr, "hostmanager: %s %s: admitted by the %s\n",
                tlsconn_conn_info(session->conn, TLSCONN_INFO_PEER_ADDRESS), client(session),
                tlsconn_conn_info(session->conn, TLSCONN_INFO_IDENTITY_SOURCE));
    }
    if (session->cut) {
        discard(session);
        return;
    }
    size_t before = session->input_len;
    session->confirmed = session->output.end;
    session->unconfirmed = 0;
    fill(session);
    if (!session->gone)
        answer(session, store);
    /* Only a whole line is progress; a byte now and then is not. */
    if (before == 0 || session->unconfirmed > 0)
        session->stalled = now;
}

void session_confirm(struct session *session, int done)
{
    if (!done && session->unconfirmed > 0) {
        session->output.end = session->confirmed;
        for (unsigned i = 0; i < session->unconfirmed; i++)
            buffer_add(&session->output, "error storage\n");
    }
    session->unconfirmed = 0;
}

/* Everything that waits, then the goodbye where it is time for it. What is left, is left to the
   next call: an empty write succeeds when all is on its way. */
static void flush(struct session *session, int64_t now)
{
    int result = TLSCONN_OK;

    while (result == TLSCONN_OK && buffer_waiting(&session->output) > 0) {
        size_t n = 0;
        result = tlsconn_conn_write(session->conn, session->output.bytes + session->output.at,
                                    buffer_waiting(&session->output), &n);
        if (n > 0) {
            buffer_drop(&session->output, n);
            session->stalled = now;
        }
    }
    if (result == TLSCONN_OK && (session->cut || (session->ended && line_length(session, 0) < 0))) {
        result = tlsconn_conn_shutdown(session->conn);
        session->gone = result == TLSCONN_OK && (session->ended || shutdown(session->fd, SHUT_WR) != 0);
        session->hung_up = result == TLSCONN_OK;
        if (session->hung_up && session->cut)
            fprintf(stderr, "hostmanager: %s %s: sent a line that is too long\n",
                    tlsconn_conn_info(session->conn, TLSCONN_INFO_PEER_ADDRESS), client(session));
    }
    if (result < 0)
        failed(session);
}

void session_send(struct session *session, int64_t now, int64_t patience)
{
    int timeout_ms = -1;

    if (session->admitted && !session->gone && !session->hung_up)
        flush(session, now);
    if (session->gone)
        return;
    /* Nobody is asked about clients here, so our own descriptor is all there is to poll. */
    if (tlsconn_conn_poll(session->conn, NULL, &session->events, &timeout_ms) != TLSCONN_OK) {
        give_up(session, tlsconn_error_message(tlsconn_last_error()));
        return;
    }
    session->deadline = timeout_ms < 0 ? -1 : now + timeout_ms;
    if (session->input_len > 0 || buffer_waiting(&session->output) > 0 || session->ended || session->cut) {
        int64_t until = session->stalled + patience;
        if (may_answer(session) && line_length(session, 0) >= 0)
            until = now; /* there are requests left for the next turn */
        else if (until <= now)
            give_up(session, "takes too long");
        if (session->deadline < 0 || until < session->deadline)
            session->deadline = until;
    }
}
