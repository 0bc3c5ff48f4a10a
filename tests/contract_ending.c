/* How connections end: what was written before tlsconn_conn_shutdown() said TLSCONN_OK arrives, though the connection is
 * freed at once, the server has little room and is slow, and what it says is read by nobody. */
#include <fcntl.h>
#include <pthread.h>

#include "contract_loop.h"

/* How often each case is tried. */
#ifndef TIMES
#define TIMES 10
#endif
/* Much more than a small window holds, and less than a system takes at once. */
#define MUCH 100000

static void limit_version(tlsconn_ctx *ctx, int version)
{
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_MAX_VERSION, version));
}

/* Where clients are taken, with little room for what they send. */
static int listening(int *port)
{
    struct sockaddr_in place;
    socklen_t size = sizeof place;
    int fd = socket(AF_INET, SOCK_STREAM, 0), room = 4096;

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0);
    CHECK(bind(fd, (struct sockaddr *)&place, size) == 0 && listen(fd, 8) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&place, &size) == 0);
    *port = ntohs(place.sin_port);
    return fd;
}

/* ---------- a client that writes, shuts down and is gone ---------- */

struct visit {
    tlsconn_ctx *ctx;
    int port;
    unsigned int flags;
    int written; /* the end of a pipe that is told when everything is written */
    int own;     /* over a descriptor of its own */
    int result;
};

static const unsigned char zeros[MUCH];

static int write_all(tlsconn_conn *conn)
{
    size_t at = 0;
    size_t n;
    int code = TLSCONN_OK;

    while (code >= 0 && at < MUCH) {
        code = tlsconn_conn_write(conn, zeros + at, MUCH - at, &n);
        if (code > 0)
            wait_for(conn);
        at += n;
    }
    return code;
}

/* What the header says to do with a descriptor of one's own. */
static void end_own(tlsconn_conn *conn, int fd)
{
    char bytes[1000];
    size_t n;
    int code;

    CHECK(shutdown(fd, SHUT_WR) == 0);
    while ((code = tlsconn_conn_read(conn, bytes, sizeof bytes, &n)) == TLSCONN_OK || code == TLSCONN_WANT_READ)
        if (code != TLSCONN_OK)
            wait_for(conn);
}

static void *visit(void *userdata)
{
    struct visit *visit = userdata;
    tlsconn_conn *conn = NULL;
    int fd = -1;

    if (visit->own) {
        fd = reach(visit->port);
        EXPECT(TLSCONN_OK, tlsconn_connect_fd(visit->ctx, fd, "localhost", 1, visit->flags, &conn));
    } else
        EXPECT(TLSCONN_OK, tlsconn_connect(visit->ctx, "127.0.0.1", visit->port, visit->flags, &conn));
    visit->result = drive(conn);
    if (visit->result == TLSCONN_OK)
        visit->result = write_all(conn);
    CHECK(write(visit->written, "", 1) == 1);
    while (visit->result == TLSCONN_OK && (visit->result = tlsconn_conn_shutdown(conn)) > 0) {
        wait_for(conn);
        visit->result = TLSCONN_OK;
    }
    if (fd >= 0 && visit->result == TLSCONN_OK)
        end_own(conn, fd);
    tlsconn_conn_free(conn);
    if (fd >= 0)
        close(fd);
    return NULL;
}

static tlsconn_conn *taken(tlsconn_ctx *ctx, int listener, int *fd)
{
    tlsconn_conn *conn = NULL;

    wait_to_read(listener);
    *fd = accept(listener, NULL, NULL);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ctx, *fd, TLSCONN_F_NONBLOCK, &conn));
    return or_die(conn);
}

/* Says what the client does not read, with the tickets of TLS 1.3 before it. */
static void greet(tlsconn_conn *conn)
{
    size_t n;

    EXPECT(TLSCONN_OK, drive(conn));
    EXPECT(TLSCONN_OK, tlsconn_conn_write(conn, "hello", 5, &n));
}

/* Reads a little at a time, to the end; how much there was. */
static size_t hear(tlsconn_conn *conn, int fd)
{
    char bytes[1000];
    size_t heard = 0;
    size_t n;
    int code;

    while ((code = tlsconn_conn_read(conn, bytes, sizeof bytes, &n)) == TLSCONN_OK || code == TLSCONN_WANT_READ) {
        heard += n;
        if (code != TLSCONN_OK)
            wait_to_read(fd);
    }
    CHECK(code == TLSCONN_EOF);
    return heard;
}

static void arrives(struct visit *visit_, tlsconn_ctx *server, int listener, int late)
{
    int ends[2];
    char byte;
    int fd;
    pthread_t client;
    tlsconn_conn *conn;

    CHECK(pipe(ends) == 0);
    visit_->written = ends[1];
    CHECK(pthread_create(&client, NULL, visit, visit_) == 0);
    conn = taken(server, listener, &fd);
    while (!*tlsconn_conn_info(conn, TLSCONN_INFO_VERSION)) {
        wait_to_read(fd);
        CHECK(tlsconn_conn_handshake(conn) >= 0);
    }
    /* A client of TLS 1.2 waits for the end of the handshake, one of TLS 1.3 does not. */
    if (!late)
        greet(conn);
    else if (says(conn, TLSCONN_INFO_VERSION, "TLSv1.2"))
        EXPECT(TLSCONN_OK, drive(conn));
    CHECK(read(ends[0], &byte, 1) == 1);
    if (late)
        greet(conn);
    CHECK(hear(conn, fd) == MUCH);
    tlsconn_conn_free(conn);
    close(fd);
    CHECK(pthread_join(client, NULL) == 0);
    CHECK(visit_->result == TLSCONN_OK);
    close(ends[0]);
    close(ends[1]);
}

static void at_our_server(int version, unsigned int flags, int own)
{
    tlsconn_ctx *server = a_server();
    struct visit visit_ = { a_client("client"), 0, flags, -1, own, 0 };
    int listener = listening(&visit_.port);
    int i;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_TICKETS, 1));
    limit_version(visit_.ctx, version);
    for (i = 0; i < 2 * TIMES; i++)
        arrives(&visit_, server, listener, i % 2);
    tlsconn_ctx_unref(visit_.ctx);
    tlsconn_ctx_unref(server);
    close(listener);
}

/* ---------- servers that do not take it ---------- */

struct meeting {
    tlsconn_conn *client, *server;
    int listener, fd;
};

/* An open connection to a server that reads nothing more, and to which much was written. */
static struct meeting stuck(tlsconn_ctx *ctx, tlsconn_ctx *to, unsigned int flags)
{
    struct meeting made;
    struct visit visit_;
    int port, code = TLSCONN_WANT_READ;

    memset(&visit_, 0, sizeof visit_);
    made.listener = listening(&port);
    made.client = connected(ctx, port, flags | TLSCONN_F_NONBLOCK);
    CHECK(tlsconn_conn_handshake(made.client) > 0);
    made.server = taken(to, made.listener, &made.fd);
    while (code > 0) {
        CHECK(tlsconn_conn_handshake(made.server) >= 0);
        code = tlsconn_conn_handshake(made.client);
    }
    EXPECT(TLSCONN_OK, drive(made.server));
    EXPECT(TLSCONN_OK, write_all(made.client));
    return made;
}

static void leave(struct meeting *made)
{
    tlsconn_conn_free(made->client);
    tlsconn_conn_free(made->server);
    close(made->fd);
    close(made->listener);
}

/* Shuts down until that is over; how many rounds a loop makes. */
static int end(tlsconn_conn *conn, int *code)
{
    int rounds = 0;

    while ((*code = tlsconn_conn_shutdown(conn)) > 0) {
        CHECK(*code == TLSCONN_WANT_READ);
        wait_for(conn);
        rounds++;
    }
    return rounds;
}

static void never_read(tlsconn_ctx *ctx, tlsconn_ctx *to)
{
    struct meeting made;
    int code, again;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_IO_TIMEOUT_MS, 100));
    made = stuck(ctx, to, 0);
    /* Looks are at most half of the time apart that has passed. */
    CHECK(end(made.client, &code) < 30);
    CHECK(code == TLSCONN_E_TIMEOUT);
    CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), "127.0.0.1"));
    CHECK(tlsconn_conn_error(made.client) == NULL || tlsconn_error_code(tlsconn_conn_error(made.client)) == TLSCONN_OK);
    CHECK(end(made.client, &code) < 30);
    CHECK(code == TLSCONN_E_TIMEOUT);
    /* The connection goes on, with as much time again whenever a slow machine needs more. */
    CHECK((code = tlsconn_conn_shutdown(made.client)) == TLSCONN_WANT_READ || code == TLSCONN_E_TIMEOUT);
    CHECK(hear(made.server, made.fd) == MUCH);
    for (again = 0; again < 100; again++) {
        end(made.client, &code);
        if (code != TLSCONN_E_TIMEOUT)
            break;
    }
    CHECK(code == TLSCONN_OK);
    EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(made.client));
    leave(&made);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_IO_TIMEOUT_MS, -1));
}

/* The server sends and sends, and reads nothing: what we keep is bounded, and nothing of it is lost. */
static void only_sends(tlsconn_ctx *ctx, tlsconn_ctx *to)
{
    static const char much[65536];
    struct meeting made = stuck(ctx, to, 0);
    size_t said = 0, heard = 0, n;
    int code, i;

    for (i = 0; i < 30; i++) {
        EXPECT(TLSCONN_WANT_READ, tlsconn_conn_shutdown(made.client));
        while (tlsconn_conn_write(made.server, much, sizeof much, &n) == TLSCONN_OK)
            said += n;
    }
    CHECK(said < 32u << 20);
    /* The system has all that the library does not hold: little is there without the system. */
    CHECK(has_output(made.fd, 0));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_write(made.client, "x", 1, &n));
    while (heard < said) {
        char bytes[8192];

        code = tlsconn_conn_read(made.client, bytes, sizeof bytes, &n);
        heard += n;
        if (code == TLSCONN_WANT_READ) {
            CHECK(tlsconn_conn_handshake(made.server) == TLSCONN_OK);
            CHECK(tlsconn_conn_write(made.server, much, 0, &n) >= 0); /* sends what waits */
        } else if (code != TLSCONN_OK)
            break;
    }
    CHECK(heard == said);
    CHECK(hear(made.server, made.fd) == MUCH);
    end(made.client, &code);
    CHECK(code == TLSCONN_OK);
    leave(&made);
}

/* The server ends its side, or breaks off, and has not taken everything. */
static void server_ends(tlsconn_ctx *ctx, tlsconn_ctx *to)
{
    struct meeting made = stuck(ctx, to, 0);
    struct linger at_once = { 1, 0 };
    char byte;
    size_t n;
    int code;

    EXPECT(TLSCONN_WANT_READ, tlsconn_conn_shutdown(made.client));
    EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(made.server));
    CHECK(shutdown(made.fd, SHUT_WR) == 0);
    end(made.client, &code);
    CHECK(code == TLSCONN_OK);
    EXPECT(TLSCONN_EOF, tlsconn_conn_read(made.client, &byte, 1, &n));
    leave(&made);

    made = stuck(ctx, to, 0);
    EXPECT(TLSCONN_WANT_READ, tlsconn_conn_shutdown(made.client));
    CHECK(setsockopt(made.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    CHECK(close(made.fd) == 0);
    end(made.client, &code);
    CHECK(code == TLSCONN_E_IO);
    EXPECT(TLSCONN_E_IO, tlsconn_conn_shutdown(made.client));
    made.fd = dup(0);
    leave(&made);
}

/* At other times there is nothing to end, or nothing left. */
static void other_times(tlsconn_ctx *ctx, tlsconn_ctx *to)
{
    struct meeting made;
    tlsconn_conn *conn = connected(ctx, 1, TLSCONN_F_NONBLOCK);
    int code;

    EXPECT(TLSCONN_E_STATE, tlsconn_conn_shutdown(conn));
    tlsconn_conn_abort(conn);
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_shutdown(conn));
    tlsconn_conn_free(conn);
    made = stuck(ctx, to, 0);
    EXPECT(TLSCONN_WANT_READ, tlsconn_conn_shutdown(made.client));
    tlsconn_conn_abort(made.client);
    end(made.client, &code);
    CHECK(code == TLSCONN_E_CANCELLED);
    leave(&made);
}

int main(int argc, char **argv)
{
    static const int versions[] = { TLSCONN_TLS_1_2, TLSCONN_TLS_1_3 };
    tlsconn_ctx *ctx, *to;
    size_t i;

    if (argc != 2)
        return 2;
    pki = argv[1];
    for EACH(i, versions) {
        at_our_server(versions[i], 0, 0);
        at_our_server(versions[i], TLSCONN_F_NONBLOCK, 0);
        at_our_server(versions[i], 0, 1);
        at_our_server(versions[i], TLSCONN_F_NONBLOCK, 1);
    }
    ctx = a_client("client");
    to = a_server();
    never_read(ctx, to);
    only_sends(ctx, to);
    server_ends(ctx, to);
    other_times(ctx, to);
    tlsconn_ctx_unref(ctx);
    tlsconn_ctx_unref(to);
    return result("contract_ending");
}
