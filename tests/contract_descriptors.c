/* What is lent as a socket: one that is no connected stream is told at once, one that is still
 * connecting is waited for, and one whose peer is gone already is nobody's wrong call. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/un.h>

#ifdef __linux__
#include <linux/netlink.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

#include "contract_both.h"

/* A socket of TCP on this machine that is bound to a port of its own. */
static int bound(int type)
{
    struct sockaddr_in place;
    int fd = socket(AF_INET, type, 0);

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&place, sizeof place) == 0);
    return fd;
}

static struct sockaddr_in address_of(int fd)
{
    struct sockaddr_in place;
    socklen_t length = sizeof place;

    memset(&place, 0, sizeof place);
    CHECK(getsockname(fd, (struct sockaddr *)&place, &length) == 0);
    return place;
}

static int listener(int backlog)
{
    int fd = bound(SOCK_STREAM);

    CHECK(listen(fd, backlog) == 0);
    return fd;
}

/* A socket that has begun to connect, and does not wait for the end. */
static int connecting(struct sockaddr_in place)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    CHECK(connect(fd, (struct sockaddr *)&place, sizeof place) == 0 || errno == EINPROGRESS || errno == ECONNREFUSED);
    return fd;
}

static int has_no_peer(int fd)
{
    struct sockaddr_storage place;
    socklen_t length = sizeof place;

    return getpeername(fd, (struct sockaddr *)&place, &length) == -1 && errno == ENOTCONN;
}

static void connect_is_refused(tlsconn_ctx *ctx, int fd)
{
    unsigned int flags;

    for (flags = 0; flags <= TLSCONN_F_NONBLOCK; flags++) {
        tlsconn_conn *conn = (tlsconn_conn *)&ctx;

        EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, fd, "localhost", 1, flags, &conn));
        CHECK(conn == NULL);
    }
}

/* The descriptor is no connection, and stays the caller's. */
static void is_refused(tlsconn_ctx *ctx, int fd)
{
    unsigned int flags;

    connect_is_refused(ctx, fd);
    for (flags = 0; flags <= TLSCONN_F_NONBLOCK; flags++) {
        tlsconn_conn *conn = (tlsconn_conn *)&ctx;

        EXPECT(TLSCONN_E_INVALID, tlsconn_accept_fd(ctx, fd, flags, &conn));
        CHECK(conn == NULL);
    }
    if (fd >= 0 && fd != INT_MAX)
        CHECK(close(fd) == 0);
}

static void pair_is_refused(tlsconn_ctx *ctx, int type)
{
    int ends[2];

    CHECK(socketpair(AF_UNIX, type, 0, ends) == 0);
    is_refused(ctx, ends[0]);
    is_refused(ctx, ends[1]);
}

static void what_is_no_connection(tlsconn_ctx *ctx)
{
    struct sockaddr_in place;
    int ends[2];
    int fd;

    is_refused(ctx, socket(AF_INET, SOCK_STREAM, 0));
    is_refused(ctx, socket(AF_UNIX, SOCK_STREAM, 0));
    if ((fd = socket(AF_INET6, SOCK_STREAM, 0)) >= 0)
        is_refused(ctx, fd);
    is_refused(ctx, bound(SOCK_STREAM));
    is_refused(ctx, listener(1));
    is_refused(ctx, bound(SOCK_DGRAM));
    place = address_of(fd = bound(SOCK_DGRAM));
    CHECK(connect(fd, (struct sockaddr *)&place, sizeof place) == 0);
    is_refused(ctx, fd);
    pair_is_refused(ctx, SOCK_DGRAM);
    pair_is_refused(ctx, SOCK_SEQPACKET);
    CHECK(pipe(ends) == 0);
    is_refused(ctx, ends[0]);
    is_refused(ctx, ends[1]);
    is_refused(ctx, open("/dev/null", O_RDWR));
    is_refused(ctx, open(pki, O_RDONLY));
#ifdef __linux__
    is_refused(ctx, socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    is_refused(ctx, eventfd(0, 0));
    is_refused(ctx, epoll_create1(0));
#endif
    is_refused(ctx, -1);
    is_refused(ctx, INT_MIN);
    is_refused(ctx, INT_MAX);
    /* A number that was open before. */
    CHECK((fd = dup(0)) >= 0 && close(fd) == 0);
    connect_is_refused(ctx, fd);

    place = address_of(fd = bound(SOCK_STREAM));
    CHECK(close(fd) == 0);
    fd = connecting(place);
    {
        struct pollfd waited = { fd, POLLOUT, 0 };
        CHECK(poll(&waited, 1, -1) == 1);
    }
    connect_is_refused(ctx, fd);
    CHECK(close(fd) == 0);
}

/* ---------- still connecting ---------- */

struct late {
    tlsconn_ctx *ctx;
    int listener;
    in_port_t port;
};

/* Makes room in the queue until the one that waited is there, and serves it. */
static void *serves_the_last(void *userdata)
{
    const struct late *late = userdata;
    int others[16];
    size_t count = 0;
    tlsconn_conn *conn = NULL;
    int fd;

    for (;;) {
        struct sockaddr_in from;
        socklen_t length = sizeof from;

        fd = accept(late->listener, (struct sockaddr *)&from, &length);
        CHECK(fd >= 0);
        if (fd < 0 || from.sin_port == late->port || count == 16)
            break;
        others[count++] = fd;
    }
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(late->ctx, fd, 0, &conn));
    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    close(fd);
    while (count)
        close(others[--count]);
    return NULL;
}

static void what_is_still_connecting(tlsconn_ctx *client, unsigned int flags)
{
    struct late late = { a_server(), listener(0), 0 };
    int queue[8];
    size_t i;
    int fd;
    tlsconn_conn *conn = NULL;
    pthread_t thread;

    /* A listener whose queue is full does not answer; the kernel asks again after a second. */
    for EACH(i, queue)
        queue[i] = connecting(address_of(late.listener));
    fd = queue[7];
    CHECK(has_no_peer(fd));
    late.port = address_of(fd).sin_port;
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(client, fd, "localhost", 1, flags, &conn));
    CHECK(pthread_create(&thread, NULL, serves_the_last, &late) == 0);
    EXPECT(TLSCONN_OK, drive(conn));
    CHECK(pthread_join(thread, NULL) == 0);
    tlsconn_conn_free(conn);
    for EACH(i, queue)
        CHECK(close(queue[i]) == 0);
    CHECK(close(late.listener) == 0);
    tlsconn_ctx_unref(late.ctx);
}

/* ---------- gone already ---------- */

static void what_is_gone(tlsconn_ctx *ctx)
{
    struct linger now = { 1, 0 };
    int listening = listener(1);
    int near = reach(ntohs(address_of(listening).sin_port));
    int far = accept(listening, NULL, NULL);
    int ends[2];
    tlsconn_conn *conn = NULL;

    CHECK(setsockopt(near, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0 && close(near) == 0);
    CHECK(has_no_peer(far));
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ctx, far, 0, &conn));
    EXPECT(TLSCONN_E_IO, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    /* Who accepted it could not know; who gives a socket that has said so can. */
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, far, "localhost", 1, 0, &conn));
    CHECK(close(far) == 0 && close(listening) == 0);

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && close(ends[1]) == 0);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ctx, ends[0], 0, &conn));
    EXPECT(TLSCONN_E_TRUNCATED, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    CHECK(close(ends[0]) == 0);
}

int main(int argc, char **argv)
{
    tlsconn_ctx *ctx;

    if (argc != 2)
        return 2;
    pki = argv[1];
    ctx = a_server();
    what_is_no_connection(ctx);
    what_is_gone(ctx);
    tlsconn_ctx_unref(ctx);
    ctx = a_client("client");
    what_is_still_connecting(ctx, 0);
    what_is_still_connecting(ctx, TLSCONN_F_NONBLOCK);
    tlsconn_ctx_unref(ctx);
    return result(argv[0]);
}
