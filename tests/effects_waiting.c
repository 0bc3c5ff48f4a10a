/* The options that say how long calls wait. */
#include <pthread.h>

#include "contract_options.h"

#define OTHERS(X) POLICIES_OF_OPTIONS(X) JUDGING_OPTIONS(X) SESSION_OPTIONS(X)
CONSTANTS(option, tlsconn_option, WAITING_OPTIONS, OTHERS)

/* For how many milliseconds the call waits that came last. */
static int waits(tlsconn_conn *conn)
{
    int fd;
    short events;
    int timeout_ms = -2;

    EXPECT(TLSCONN_OK, tlsconn_conn_poll(conn, &fd, &events, &timeout_ms));
    return timeout_ms;
}

static void handshake_timeout(void)
{
    static const int values[] = { 60000, -1, 3600000, 1 };
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    size_t i;

    for EACH(i, values) {
        struct both both;

        /* The first is the default. */
        if (i > 0)
            choose(client, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, values[i]);
        both = meet(server, client);
        if (values[i] == 1) {
            CHECK(after_its_time(both.client) == TLSCONN_E_TIMEOUT);
        } else {
            EXPECT(TLSCONN_WANT_READ, tlsconn_conn_handshake(both.client));
            CHECK(values[i] == -1 ? waits(both.client) == -1
                                  : waits(both.client) > values[i] / 2 && waits(both.client) <= values[i]);
        }
        part(&both);
    }
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void answer_timeout(void)
{
    static const int values[] = { 600000, -1, 3600000, 1 };
    tlsconn_ctx *server = a_server();
    size_t i;

    for EACH(i, values) {
        tlsconn_ctx *client = a_client("client");
        struct both both;

        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
        if (i > 0)
            choose(client, TLSCONN_OPT_ANSWER_TIMEOUT_MS, values[i]);
        both = meet(server, client);
        if (values[i] == 1) {
            (void)run_client(&both); /* Its time may be over by now. */
            CHECK(after_its_time(both.client) == TLSCONN_E_ANSWER_TIMEOUT);
        } else {
            EXPECT(TLSCONN_WANT_ANSWER, run_client(&both));
            CHECK(values[i] == -1 ? waits(both.client) == -1
                                  : waits(both.client) > values[i] / 2 && waits(both.client) <= values[i]);
        }
        part(&both);
        tlsconn_ctx_unref(client);
    }
    tlsconn_ctx_unref(server);
}

static void *serves(void *conn)
{
    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(conn));
    return NULL;
}

/* A read that nobody answers ends after its time, and the connection goes on. */
static void reads(int timeout_ms)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    tlsconn_conn *near = NULL;
    tlsconn_conn *far = NULL;
    pthread_t thread;
    char byte = 0;
    size_t n;
    int ends[2];

    if (timeout_ms)
        choose(client, TLSCONN_OPT_IO_TIMEOUT_MS, timeout_ms);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, ends[1], 0, &far));
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(client, ends[0], "localhost", 1, 0, &near));
    CHECK(pthread_create(&thread, NULL, serves, far) == 0);
    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(near));
    CHECK(pthread_join(thread, NULL) == 0);
    if (timeout_ms > 0)
        EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_read(near, &byte, 1, &n));
    EXPECT(TLSCONN_OK, tlsconn_conn_write(far, "x", 1, NULL));
    EXPECT(TLSCONN_OK, tlsconn_conn_read(near, &byte, 1, &n));
    CHECK(n == 1 && byte == 'x');
    tlsconn_conn_free(near);
    tlsconn_conn_free(far);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void io_timeout(void)
{
    reads(0); /* the default */
    reads(-1);
    reads(20);
}

/* A client of TLS 1.3 that shows this pair, and waits for what the server says to it. */
static void confirms(int timeout_ms, const char *name, int code)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client(name);
    struct both both;
    char byte;
    size_t n;

    if (timeout_ms)
        choose(client, TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS, timeout_ms);
    both = meet(server, client);
    CHECK(run_client(&both) == code);
    if (code == TLSCONN_OK)
        EXPECT(TLSCONN_E_PEER_REJECTED_US, tlsconn_conn_read(both.client, &byte, 1, &n));
    if (code == TLSCONN_WANT_READ) {
        CHECK(waits(both.client) > timeout_ms / 2 && waits(both.client) <= timeout_ms);
        EXPECT(TLSCONN_OK, tlsconn_conn_write(both.server, "x", 1, &n));
        EXPECT(TLSCONN_OK, run_client(&both));
    }
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void confirm_client_auth(void)
{
    tlsconn_ctx *client = a_client("client");
    tlsconn_ctx *server = a_server();
    struct both both;

    confirms(0, "self", TLSCONN_OK); /* the default */
    confirms(3600000, "self", TLSCONN_E_PEER_REJECTED_US);
    confirms(3600000, "client", TLSCONN_WANT_READ);
    /* A server that says nothing in time has not refused. */
    choose(client, TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS, 1);
    both = meet(server, client);
    (void)run_client(&both);
    EXPECT(TLSCONN_OK, after_its_time(both.client));
    part(&both);
    choose(client, TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS, 0);
    both = meet(server, client);
    EXPECT(TLSCONN_OK, run_client(&both));
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

int main(int argc, char **argv)
{
    static const int limits[] = { -1, 1, 3600000 };
    static const int io[] = { -1, 20 };
    static const int confirm[] = { 0, 1, 3600000 };
    static const int64_t wrong_limits[] = { 0 };
    static const int64_t negative[] = { -1 };
    static const struct option options[] = {
        OPTION(TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, handshake_timeout, limits, wrong_limits),
        OPTION(TLSCONN_OPT_ANSWER_TIMEOUT_MS, answer_timeout, limits, wrong_limits),
        OPTION(TLSCONN_OPT_IO_TIMEOUT_MS, io_timeout, io, wrong_limits),
        OPTION(TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS, confirm_client_auth, confirm, negative),
    };
    size_t i;

    if (argc != 2)
        return 2;
    pki = argv[1];
    for EACH(i, options)
        try_option(&options[i], produced_option);
    every_option();
    return result(argv[0]);
}
