/* What tlsconn_conn_poll() says in every state: a loop that waits as it says is woken when a call gets further, and turns
 * a bounded number of times while nothing happens. */
#include "contract_both.h"

/* Longer than anything here takes; what takes longer never ends. */
#define FOR_EVER 20000
/* More than any loop here turns, and a thousand times less than one that spins. */
#define FEW 30

static int listening(int *port)
{
    struct sockaddr_in place;
    socklen_t size = sizeof place;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&place, size) == 0 && listen(fd, 8) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&place, &size) == 0);
    *port = ntohs(place.sin_port);
    return fd;
}

/* What to poll, and for how long: with the library's descriptor or, unless it is -1, our own. */
static struct pollfd ask(tlsconn_conn *conn, int own, int *timeout_ms)
{
    struct pollfd place = { own, 0, 0 };

    EXPECT(TLSCONN_OK, tlsconn_conn_poll(conn, own < 0 ? &place.fd : NULL, &place.events, timeout_ms));
    if (own >= 0 && place.events == 0)
        place.fd = -1; /* a hang-up would wake us all the same */
    return place;
}

/* Whether a loop goes on at once. */
static int goes_on(tlsconn_conn *conn, int own)
{
    int timeout_ms = -2;
    struct pollfd place = ask(conn, own, &timeout_ms);

    return timeout_ms == 0 || poll(&place, 1, 0) > 0;
}

/* How a loop sees it that has the library's descriptor, and one that has our own. */
#define SLEEPS(conn, own) CHECK(!goes_on(conn, -1) && ((own) < 0 || !goes_on(conn, own)))
#define GOES_ON(conn, own) CHECK(goes_on(conn, -1) && ((own) < 0 || goes_on(conn, own)))

/* For how long a loop with nothing else to do would wait. */
static int waits(tlsconn_conn *conn)
{
    int timeout_ms = -2;

    (void)ask(conn, -1, &timeout_ms);
    return timeout_ms;
}

/* Makes the call until that is over, with as few turns as it takes. */
static int loop(tlsconn_conn *conn, int own, int (*call)(tlsconn_conn *))
{
    int code;
    int rounds = 0;

    while ((code = call(conn)) > 0 && code != TLSCONN_EOF && rounds++ < 100 * FEW) {
        int timeout_ms = 0;
        struct pollfd place = ask(conn, own, &timeout_ms);

        CHECK(poll(&place, 1, timeout_ms < 0 ? FOR_EVER : timeout_ms) > 0 || timeout_ms >= 0);
    }
    CHECK(rounds < FEW);
    return code;
}

static int read_on(tlsconn_conn *conn)
{
    char bytes[4096];
    size_t n;

    return tlsconn_conn_read(conn, bytes, sizeof bytes, &n);
}

/* ---------- before the first call, and mute peers ---------- */

static void before_the_first_call(tlsconn_ctx *server, tlsconn_ctx *client)
{
    struct both both = meet(server, client);
    tlsconn_conn *conn = NULL;
    int ends[2];
    int timeout_ms;
    struct pollfd place;

    GOES_ON(both.server, -1);
    GOES_ON(both.client, -1);
    part(&both);
    conn = connected(client, 1, TLSCONN_F_NONBLOCK);
    GOES_ON(conn, -1);
    tlsconn_conn_free(conn);

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(client, ends[0], "localhost", 1, TLSCONN_F_NONBLOCK, &conn));
    GOES_ON(conn, ends[0]);
    place = ask(conn, ends[0], &timeout_ms);
    CHECK(place.events == POLLOUT);
    tlsconn_conn_free(conn);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, ends[0], TLSCONN_F_NONBLOCK, &conn));
    GOES_ON(conn, ends[0]);
    place = ask(conn, ends[0], &timeout_ms);
    CHECK(place.events == POLLIN);

    /* A client that says nothing, until it is late. */
    CHECK(tlsconn_conn_handshake(conn) == TLSCONN_WANT_READ);
    SLEEPS(conn, ends[0]);
    CHECK(write(ends[1], "\26", 1) == 1);
    GOES_ON(conn, ends[0]);
    CHECK(tlsconn_conn_handshake(conn) == TLSCONN_WANT_READ);
    SLEEPS(conn, ends[0]);
    tlsconn_conn_free(conn);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void mute(tlsconn_ctx *server, tlsconn_ctx *client)
{
    int port, listener = listening(&port), ends[2], own;
    tlsconn_conn *conn = NULL;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 50));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 50));
    EXPECT(TLSCONN_OK, tlsconn_connect(client, "localhost", port, TLSCONN_F_NONBLOCK, &conn));
    CHECK(loop(conn, -1, tlsconn_conn_handshake) == TLSCONN_E_TIMEOUT);
    GOES_ON(conn, -1);
    tlsconn_conn_free(conn);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    for (own = -1; own <= 0; own++) {
        EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, ends[0], TLSCONN_F_NONBLOCK, &conn));
        CHECK(loop(conn, own < 0 ? own : ends[0], tlsconn_conn_handshake) == TLSCONN_E_TIMEOUT);
        GOES_ON(conn, ends[0]);
        tlsconn_conn_free(conn);
    }
    close(ends[0]);
    close(ends[1]);
    close(listener);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 60000));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 60000));
}

/* ---------- questions ---------- */

/* A client that dials gets as far as it can with a server that is mute, with as few turns as that takes. */
static void says_hello(tlsconn_conn *conn)
{
    int rounds = 0;
    int code;

    while ((code = tlsconn_conn_handshake(conn)) != TLSCONN_WANT_READ && rounds++ < FEW) {
        int timeout_ms = 0;
        struct pollfd place = ask(conn, -1, &timeout_ms);

        CHECK(code > 0 && poll(&place, 1, timeout_ms < 0 ? FOR_EVER : timeout_ms) >= 0);
    }
    CHECK(code == TLSCONN_WANT_READ);
}

/* The server shows its certificate, hangs up during the question, and is mute when it is dialled again. */
static void dialled_again(tlsconn_ctx *server, tlsconn_ctx *client)
{
    int port, listener = listening(&port), code, fd;
    tlsconn_conn *conn = NULL, *guest = NULL;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
    EXPECT(TLSCONN_OK, tlsconn_connect(client, "localhost", port, TLSCONN_F_NONBLOCK, &conn));
    says_hello(conn);
    fd = accept(listener, NULL, NULL);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, fd, TLSCONN_F_NONBLOCK, &guest));
    while ((code = tlsconn_conn_handshake(conn)) != TLSCONN_WANT_ANSWER && code > 0)
        CHECK(tlsconn_conn_handshake(guest) >= 0);
    CHECK(code == TLSCONN_WANT_ANSWER);
    SLEEPS(conn, -1);
    tlsconn_conn_free(guest);
    CHECK(shutdown(fd, SHUT_RDWR) == 0 && close(fd) == 0);
    /* The user has as much time as ever. */
    CHECK(tlsconn_conn_handshake(conn) == TLSCONN_WANT_ANSWER);
    SLEEPS(conn, -1);
    EXPECT(TLSCONN_OK, tlsconn_question_answer(tlsconn_conn_question(conn), TLSCONN_ALLOW_ONCE));
    GOES_ON(conn, -1);
    says_hello(conn);
    SLEEPS(conn, -1);
    CHECK(waits(conn) > 0);
    tlsconn_conn_abort(conn);
    GOES_ON(conn, -1);
    tlsconn_conn_free(conn);
    close(listener);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_AUTO));
}

/* Nobody answers, and then the client hangs up: told at once, over memory as over a descriptor. */
static void asked_over_memory(tlsconn_ctx *server)
{
    tlsconn_ctx *stranger = a_client("self");
    struct both both = meet(server, stranger);
    size_t used;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_ON_CLIENT, TLSCONN_POLICY_ASK));
    CHECK(run(&both) == TLSCONN_WANT_ANSWER);
    SLEEPS(both.server, -1);
    EXPECT(TLSCONN_OK, tlsconn_conn_mem_input(both.server, NULL, 0, &used));
    GOES_ON(both.server, -1);
    EXPECT(TLSCONN_E_PEER_GONE, tlsconn_conn_handshake(both.server));
    part(&both);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_ON_CLIENT, TLSCONN_POLICY_AUTO));
    tlsconn_ctx_unref(stranger);
}

/* What was carried and not looked at yet. */
static void carried(tlsconn_ctx *server, tlsconn_ctx *client)
{
    struct both both = meet(server, client);
    static const char much[65536];
    char bytes[1000];
    size_t n;

    CHECK(tlsconn_conn_handshake(both.client) == TLSCONN_WANT_READ);
    SLEEPS(both.client, -1);
    CHECK(carry(both.client, both.server));
    GOES_ON(both.server, -1);
    CHECK(tlsconn_conn_handshake(both.server) == TLSCONN_WANT_READ);
    SLEEPS(both.server, -1);
    CHECK(run(&both) == TLSCONN_OK);
    SLEEPS(both.client, -1);
    while (tlsconn_conn_write(both.client, much, sizeof much, &n) == TLSCONN_OK)
        ;
    SLEEPS(both.client, -1);
    while (tlsconn_conn_mem_output(both.client, bytes, sizeof bytes, &n) == TLSCONN_OK && n > 0)
        ;
    GOES_ON(both.client, -1);
    part(&both);
}

/* ---------- open, and the end of one direction ---------- */

static int open_both(tlsconn_conn *far, tlsconn_conn *near)
{
    int ours, theirs;

    do {
        theirs = tlsconn_conn_handshake(far);
        ours = tlsconn_conn_handshake(near);
    } while (ours >= 0 && theirs >= 0 && (ours > 0 || theirs > 0));
    return ours ? ours : theirs;
}

static void half_open(tlsconn_ctx *server, tlsconn_ctx *client)
{
    static const char much[1 << 20];
    tlsconn_conn *near = NULL, *far = NULL;
    char bytes[4096];
    size_t n;
    int ends[2], code;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(client, ends[0], "localhost", 1, TLSCONN_F_NONBLOCK, &far));
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, ends[1], TLSCONN_F_NONBLOCK, &near));
    EXPECT(TLSCONN_OK, open_both(far, near));
    CHECK(read_on(near) == TLSCONN_WANT_READ && read_on(far) == TLSCONN_WANT_READ);
    SLEEPS(near, ends[1]);
    CHECK(waits(near) == -1);

    /* There is more than one read takes. */
    EXPECT(TLSCONN_OK, tlsconn_conn_write(far, much, 2 * sizeof bytes, &n));
    GOES_ON(near, ends[1]);
    CHECK(read_on(near) == TLSCONN_OK);
    GOES_ON(near, ends[1]);
    while ((code = read_on(near)) == TLSCONN_OK)
        ;
    CHECK(code == TLSCONN_WANT_READ);
    SLEEPS(near, ends[1]);

    /* The end is told once. Then the loop sleeps, with close_notify alone and with the end of the stream. */
    EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(far));
    GOES_ON(near, ends[1]);
    CHECK(read_on(near) == TLSCONN_EOF);
    SLEEPS(near, ends[1]);
    CHECK(waits(near) == -1);
    CHECK(shutdown(ends[0], SHUT_WR) == 0);
    SLEEPS(near, ends[1]);
    CHECK(read_on(near) == TLSCONN_EOF);
    SLEEPS(near, ends[1]);

    /* The other direction goes on: no room, and room again. */
    while ((code = tlsconn_conn_write(near, much, sizeof much, &n)) == TLSCONN_OK)
        ;
    CHECK(code == TLSCONN_WANT_WRITE);
    SLEEPS(near, ends[1]);
    while (read_on(far) == TLSCONN_OK)
        ;
    GOES_ON(near, ends[1]);
    while (tlsconn_conn_shutdown(near) == TLSCONN_WANT_WRITE)
        while (read_on(far) == TLSCONN_OK)
            ;
    SLEEPS(near, ends[1]);
    while ((code = read_on(far)) == TLSCONN_OK)
        ;
    CHECK(code == TLSCONN_EOF);
    SLEEPS(far, ends[0]);
    CHECK(close(ends[1]) == 0);
    SLEEPS(far, ends[0]);
    tlsconn_conn_abort(far);
    GOES_ON(far, ends[0]);
    tlsconn_conn_free(near);
    tlsconn_conn_free(far);
    close(ends[0]);
}

/* Who waits to write is not woken by what comes, in the handshake and behind it. */
static void busy(tlsconn_ctx *server, tlsconn_ctx *client)
{
    static const char much[1 << 20];
    tlsconn_conn *near = NULL, *far = NULL;
    size_t n;
    int ends[2], code;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(client, ends[0], "localhost", 1, TLSCONN_F_NONBLOCK, &far));
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, ends[1], TLSCONN_F_NONBLOCK, &near));
    EXPECT(TLSCONN_OK, open_both(far, near));
    while ((code = tlsconn_conn_write(near, much, sizeof much, &n)) == TLSCONN_OK)
        ;
    CHECK(code == TLSCONN_WANT_WRITE);
    EXPECT(TLSCONN_OK, tlsconn_conn_write(far, "hello", 5, &n));
    SLEEPS(near, ends[1]);
    tlsconn_conn_free(near);
    tlsconn_conn_free(far);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    tlsconn_ctx *server, *client;

    if (argc != 2)
        return 2;
    pki = argv[1];
    server = a_server();
    client = a_client("client");
    before_the_first_call(server, client);
    mute(server, client);
    dialled_again(server, client);
    asked_over_memory(server);
    carried(server, client);
    half_open(server, client);
    busy(server, client);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    return result("contract_polling");
}
