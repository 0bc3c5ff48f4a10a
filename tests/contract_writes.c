/* A write tells the truth: `*n` is what was taken, whatever the call comes to, and whoever goes on
 * behind it sends every byte once. */
#include <pthread.h>

#include "contract_both.h"

/* More than any socket here holds. */
#define SIZE ((size_t)6 << 20)

static unsigned char *all;

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(((unsigned)i * 2654435761u) >> 24);
}

/* ---------- two ends that wait ---------- */

struct ends {
    tlsconn_ctx *contexts[2];
    tlsconn_conn *client;
    tlsconn_conn *server;
    int listener;
    int sockets[2];
};

/* Reads until the peer ends or so much has come; then perhaps aborts the peer's end, or goes. */
struct reader {
    tlsconn_conn *conn;
    tlsconn_conn *aborts;
    int *closes;
    size_t until;
    size_t got;
    int code;
};

static void *reads(void *userdata)
{
    struct reader *reader = userdata;
    unsigned char *some = or_die(malloc(65536));
    size_t n = 0;
    size_t i;

    while (reader->got < reader->until
           && (reader->code = tlsconn_conn_read(reader->conn, some, 65536, &n)) == TLSCONN_OK) {
        for (i = 0; i < n && some[i] == byte_at(reader->got + i); i++)
            ;
        CHECK(i == n);
        reader->got += n;
    }
    free(some);
    tlsconn_conn_abort(reader->aborts);
    if (reader->closes) {
        tlsconn_conn_free(reader->conn);
        CHECK(close(*reader->closes) == 0);
    }
    return NULL;
}

static void *accepts(void *userdata)
{
    struct ends *ends = userdata;

    if (ends->listener >= 0)
        ends->sockets[1] = accept(ends->listener, NULL, NULL);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ends->contexts[1], ends->sockets[1], 0, &ends->server));
    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(ends->server));
    return NULL;
}

static int listens(int *port)
{
    struct sockaddr_in place;
    socklen_t length = sizeof place;
    int little = 16384;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little) == 0);
    CHECK(bind(fd, (struct sockaddr *)&place, sizeof place) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&place, &length) == 0);
    *port = ntohs(place.sin_port);
    return fd;
}

/* A client whose writes may take so long, and a server that waits. */
static struct ends meets(int dialled, int version, int timeout_ms)
{
    struct ends ends = { { NULL, NULL }, NULL, NULL, -1, { -1, -1 } };
    pthread_t thread;
    int port = 1;

    ends.contexts[0] = a_client(NULL);
    ends.contexts[1] = a_server();
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ends.contexts[1], TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_NONE));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ends.contexts[0], TLSCONN_OPT_MAX_VERSION, version));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ends.contexts[0], TLSCONN_OPT_IO_TIMEOUT_MS, timeout_ms));
    if (dialled)
        ends.listener = listens(&port);
    else
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.sockets) == 0);
    CHECK(pthread_create(&thread, NULL, accepts, &ends) == 0);
    if (dialled)
        ends.client = connected(ends.contexts[0], port, 0);
    else
        EXPECT(TLSCONN_OK, tlsconn_connect_fd(ends.contexts[0], ends.sockets[0], "localhost", 1, 0, &ends.client));
    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(ends.client));
    CHECK(pthread_join(thread, NULL) == 0);
    return ends;
}

static void parts(struct ends *ends)
{
    size_t i;

    tlsconn_conn_free(ends->client);
    tlsconn_conn_free(ends->server);
    for (i = 0; i < 2; i++) {
        tlsconn_ctx_unref(ends->contexts[i]);
        if (ends->sockets[i] >= 0)
            close(ends->sockets[i]);
    }
    if (ends->listener >= 0)
        close(ends->listener);
}

/* ---------- what ends a write that waits ---------- */

static void goes_on_after_timeouts(int dialled, int version)
{
    struct ends ends = meets(dialled, version, 20);
    struct reader reader = { ends.server, NULL, NULL, (size_t)-1, 0, 0 };
    pthread_t thread;
    size_t n = 77;
    size_t at;
    int code;

    /* Nobody reads, so the first write stops in the middle, and the next one before it begins,
     * unless the network has room of its own. */
    EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_write(ends.client, all, SIZE, &n));
    CHECK(n > 0 && n < SIZE);
    CHECK(tlsconn_error_code(tlsconn_conn_error(ends.client)) == TLSCONN_OK);
    at = n;
    n = 77;
    EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_write(ends.client, all + at, SIZE - at, &n));
    at += n;
    if (!dialled) {
        CHECK(n == 0);
        EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_write(ends.client, all + at, 1, NULL));
    }

    CHECK(pthread_create(&thread, NULL, reads, &reader) == 0);
    while (at < SIZE) {
        code = tlsconn_conn_write(ends.client, all + at, SIZE - at, &n);
        at += n;
        if (code != TLSCONN_E_TIMEOUT) {
            EXPECT(TLSCONN_OK, code);
            CHECK(at == SIZE);
            break;
        }
    }
    while ((code = tlsconn_conn_shutdown(ends.client)) == TLSCONN_E_TIMEOUT)
        ;
    EXPECT(TLSCONN_OK, code);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(reader.got == SIZE && reader.code == TLSCONN_EOF);
    n = 77;
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_write(ends.client, all, 1, &n));
    CHECK(n == 0);
    parts(&ends);
}

static void a_write_that_is_cut_off(int dialled, int version, int aborted)
{
    struct ends ends = meets(dialled, version, -1);
    struct reader reader = { ends.server, NULL, &ends.sockets[1], 300000, 0, 0 };
    pthread_t thread;
    size_t n = 77;
    int code;

    if (aborted) {
        reader.aborts = ends.client;
        reader.closes = NULL;
    }
    CHECK(pthread_create(&thread, NULL, reads, &reader) == 0);
    code = tlsconn_conn_write(ends.client, all, SIZE, &n);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(aborted ? code == TLSCONN_E_CANCELLED : code == TLSCONN_E_IO);
    CHECK(n >= reader.got && n < SIZE);
    n = 77;
    CHECK(tlsconn_conn_write(ends.client, all, 1, &n) < 0 && n == 0);
    if (!aborted) {
        ends.server = NULL;
        ends.sockets[1] = -1;
    }
    parts(&ends);
}

/* A handshake that times out ends the connection; a read that times out does not. */
static void which_timeouts_end(void)
{
    struct ends ends = meets(0, TLSCONN_TLS_1_3, 1);
    int mute[2];
    tlsconn_conn *conn = NULL;
    char some[8];
    size_t n = 77;

    EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_read(ends.client, some, sizeof some, &n));
    CHECK(n == 0);
    CHECK(tlsconn_error_code(tlsconn_conn_error(ends.client)) == TLSCONN_OK);
    EXPECT(TLSCONN_OK, tlsconn_conn_write(ends.server, "late", 4, &n));
    do {
        n = 77;
    } while (tlsconn_conn_read(ends.client, some, sizeof some, &n) == TLSCONN_E_TIMEOUT);
    CHECK(n == 4 && memcmp(some, "late", 4) == 0);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ends.contexts[0], TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 1));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, mute) == 0);
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(ends.contexts[0], mute[0], "localhost", 1, 0, &conn));
    n = 77;
    EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_write(conn, "x", 1, &n));
    CHECK(n == 0);
    CHECK(tlsconn_error_code(tlsconn_conn_error(conn)) == TLSCONN_E_TIMEOUT);
    n = 77;
    EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_read(conn, some, sizeof some, &n));
    CHECK(n == 0);
    tlsconn_conn_free(conn);
    CHECK(close(mute[0]) == 0 && close(mute[1]) == 0);
    parts(&ends);
}

/* ---------- connections that do not wait ---------- */

/* Reads what is there; whether there was any. */
static int takes(tlsconn_conn *conn, size_t *got)
{
    static unsigned char some[65536];
    size_t before = *got;
    size_t n = 77;
    size_t i;
    int code;

    while ((code = tlsconn_conn_read(conn, some, sizeof some, &n)) == TLSCONN_OK) {
        for (i = 0; i < n && some[i] == byte_at(*got + i); i++)
            ;
        CHECK(i == n);
        *got += n;
    }
    EXPECT(TLSCONN_WANT_READ, code);
    CHECK(n == 0);
    return *got > before;
}

/* One write of everything that is left; whether the connection had room for it. */
static int gives(tlsconn_conn *conn, size_t *at)
{
    size_t n = 77;
    int code = tlsconn_conn_write(conn, all + *at, SIZE - *at, &n);

    if (code == TLSCONN_OK) {
        CHECK(n > 0 || *at == SIZE);
        *at += n;
    } else {
        EXPECT(TLSCONN_WANT_WRITE, code);
        CHECK(n == 0);
    }
    return code == TLSCONN_OK;
}

static void over_memory(int version)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;
    size_t at = 0;
    size_t got = 0;
    int full = 0;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_MAX_VERSION, version));
    both = meet(server, client);
    EXPECT(TLSCONN_OK, run(&both));
    while (got < SIZE && !failures) {
        while (at < SIZE && gives(both.client, &at))
            ;
        full += at < SIZE;
        /* What the other side has no room for is carried later. */
        do {
            unsigned char bytes[16384];
            size_t n = 0;
            size_t used;

            EXPECT(TLSCONN_OK, tlsconn_conn_mem_output(both.client, bytes, sizeof bytes, &n));
            if (n == 0)
                break;
            EXPECT(TLSCONN_OK, tlsconn_conn_mem_input(both.server, bytes, n, &used));
            CHECK(used == n);
        } while (takes(both.server, &got));
        takes(both.server, &got);
    }
    CHECK(at == SIZE && got == SIZE && full > 0);
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void over_a_descriptor(int version)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both = { NULL, NULL };
    int sockets[2];
    size_t at = 0;
    size_t got = 0;
    int full = 0;
    int codes[2];

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_MAX_VERSION, version));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, sockets[1], TLSCONN_F_NONBLOCK, &both.server));
    EXPECT(TLSCONN_OK,
           tlsconn_connect_fd(client, sockets[0], "localhost", 1, TLSCONN_F_NONBLOCK, &both.client));
    do {
        codes[0] = tlsconn_conn_handshake(both.client);
        codes[1] = tlsconn_conn_handshake(both.server);
    } while (codes[0] > 0 || codes[1] > 0);
    while (got < SIZE && !failures) {
        while (at < SIZE && gives(both.client, &at))
            ;
        full += at < SIZE;
        if (at == SIZE)
            gives(both.client, &at);
        takes(both.server, &got);
    }
    CHECK(at == SIZE && got == SIZE && full > 0);
    part(&both);
    CHECK(close(sockets[0]) == 0 && close(sockets[1]) == 0);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

int main(int argc, char **argv)
{
    static const int versions[] = { TLSCONN_TLS_1_2, TLSCONN_TLS_1_3 };
    size_t i;
    int dialled;

    if (argc != 2)
        return 2;
    pki = argv[1];
    all = or_die(malloc(SIZE));
    for (i = 0; i < SIZE; i++)
        all[i] = byte_at(i);
    for EACH(i, versions) {
        for (dialled = 0; dialled < 2; dialled++) {
            goes_on_after_timeouts(dialled, versions[i]);
            a_write_that_is_cut_off(dialled, versions[i], 0);
            a_write_that_is_cut_off(dialled, versions[i], 1);
        }
        over_memory(versions[i]);
        over_a_descriptor(versions[i]);
    }
    which_timeouts_end();
    free(all);
    return result(argv[0]);
}
