/* A daemon whose backends authenticate with client certificates from a directory, and own what
   they create. README.md has the protocol; this file has the socket and the loop. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <tlsconn.h>

#include "options.h"
#include "session.h"
#include "store.h"

enum {
    SPARE = 64,           /* descriptors for the database, certificates and the rest */
    ACCEPTS = 64,         /* at most so many new clients per round */
    ACCEPT_AGAIN_MS = 200 /* after running out of descriptors or memory */
};

struct daemon {
    tlsconn_ctx *ctx;
    const char *clients;
    struct store *store;
    int listener;
    int64_t accept_at, patience;
    struct session **sessions;
    struct pollfd *list; /* of the signals, the listener, and each session */
    size_t count, room;
};

static int signals[2] = { -1, -1 }; /* a pipe from the handler to the loop */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int complain(const char *about, const char *why)
{
    fprintf(stderr, "hostmanager: %s: %s\n", about, why);
    return 0;
}

/* Rebuild the links by which a certificate is found fast. Without them everything works, slower. */
static void index_clients(const char *dir)
{
    if (tlsconn_dir_rehash(dir) != TLSCONN_OK)
        complain(dir, tlsconn_error_message(tlsconn_last_error()));
}

/* ---------- signals ---------- */

static void on_signal(int number)
{
    int saved = errno;
    char byte = (char)number;

    /* If the pipe is full, the loop is awake already. */
    if (write(signals[1], &byte, 1) < 0) {}
    errno = saved;
}

static int set_flags(int fd)
{
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    return (pipe(signals) == 0 && set_flags(signals[0]) && set_flags(signals[1])
            && sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGINT, &action, NULL) == 0
            && sigaction(SIGHUP, &action, NULL) == 0)
        || complain("signals", strerror(errno));
}

/* 0 when it is time to stop. A reload that fails changes nothing. */
static int obey_signals(struct daemon *daemon)
{
    char number;

    while (read(signals[0], &number, 1) == 1) {
        if (number != SIGHUP)
            return 0;
        index_clients(daemon->clients);
        if (tlsconn_ctx_reload(daemon->ctx) == TLSCONN_OK)
            complain("reload", "everything is as the files say");
        else
            complain("reload", tlsconn_error_message(tlsconn_last_error()));
    }
    return 1;
}

/* ---------- the socket ---------- */

/* HOST:PORT or [IPv6]:PORT, as the resolver wants them. */
static int split(const char *text, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= size || colon[1] == '\0')
        return 0;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = colon + 1;
    return 1;
}

static int announce(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[256], port[32];

    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0
        || getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                       NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return 0;
    printf(address.ss_family == AF_INET6 ? "listening on [%s]:%s\n" : "listening on %s:%s\n", host, port);
    return fflush(stdout) == 0;
}

/* The descriptor, or -1 after complaining. */
static int listen_on(const char *where)
{
    struct addrinfo hints, *found = NULL;
    char host[256];
    const char *port;
    int one = 1;

    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    if (!split(where, host, sizeof host, &port)) {
        complain(where, "is not HOST:PORT");
        return -1;
    }
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed) {
        complain(where, gai_strerror(failed));
        return -1;
    }
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    int ok = fd >= 0 && set_flags(fd) && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0
          && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 && announce(fd);
    if (!ok)
        complain(where, strerror(errno));
    freeaddrinfo(found);
    if (!ok && fd >= 0)
        close(fd);
    return ok ? fd : -1;
}

static void accept_clients(struct daemon *daemon, int64_t now)
{
    for (int i = 0; i < ACCEPTS && daemon->count < daemon->room; i++) {
        int fd = accept(daemon->listener, NULL, NULL);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                complain("accept", strerror(errno));
                daemon->accept_at = now + ACCEPT_AGAIN_MS;
            }
            return;
        }
        if (!set_flags(fd)) {
            close(fd);
            continue;
        }
        struct session *session = session_new(daemon->ctx, fd, now);
        if (session) {
            /* Its first turn is at once: data may be here already. */
            session->deadline = now;
            daemon->list[2 + daemon->count] = (struct pollfd){ -1, 0, 0 };
            daemon->sessions[daemon->count++] = session;
        }
    }
}

/* ---------- the loop ---------- */

static int soonest(const struct daemon *daemon, int64_t now)
{
    int64_t first = daemon->accept_at > now ? daemon->accept_at : -1;

    for (size_t i = 0; i < daemon->count; i++) {
        int64_t deadline = daemon->sessions[i]->deadline;
        if (deadline >= 0 && (first < 0 || deadline < first))
            first = deadline;
    }
    return first < 0 ? -1 : first <= now ? 0 : first - now > 3600000 ? 3600000 : (int)(first - now);
}

/* One turn for every client that sent something: all requests are read and answered, one commit
   puts them on the disk, and only then the replies are sent. */
static void serve(struct daemon *daemon, int64_t now)
{
    size_t kept = 0;

    for (size_t i = 0; i < daemon->count; i++) {
        struct session *session = daemon->sessions[i];
        session->turn = daemon->list[2 + i].revents != 0 || (session->deadline >= 0 && session->deadline <= now);
        if (session->turn)
            session_receive(session, daemon->store, now);
    }
    int done = store_commit(daemon->store);
    for (size_t i = 0; i < daemon->count; i++) {
        struct session *session = daemon->sessions[i];
        if (session->turn) {
            session_confirm(session, done);
            session_send(session, now, daemon->patience);
        }
        if (session->gone) {
            session_free(session);
            continue;
        }
        daemon->list[2 + kept] = (struct pollfd){ session->fd, session->events, 0 };
        daemon->sessions[kept++] = session;
    }
    daemon->count = kept;
}

static int loop(struct daemon *daemon)
{
    for (;;) {
        int64_t now = now_ms();
        int listens = daemon->count < daemon->room && daemon->accept_at <= now;
        daemon->list[0] = (struct pollfd){ signals[0], POLLIN, 0 };
        daemon->list[1] = (struct pollfd){ listens ? daemon->listener : -1, POLLIN, 0 };
        if (poll(daemon->list, (nfds_t)(2 + daemon->count), soonest(daemon, now)) < 0) {
            if (errno == EINTR)
                continue;
            return complain("poll", strerror(errno));
        }
        now = now_ms();
        if (!obey_signals(daemon))
            return 1;
        if (daemon->list[1].revents)
            accept_clients(daemon, now);
        serve(daemon, now);
    }
}

/* ---------- the beginning and the end ---------- */

static int use_material(tlsconn_ctx *ctx, const struct options *options)
{
    int ok = tlsconn_ctx_add_server_pair(ctx, NULL, options->cert, options->key) == TLSCONN_OK
          && tlsconn_ctx_set_client_dir(ctx, options->clients) == TLSCONN_OK
          && tlsconn_ctx_set_int(ctx, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, (int64_t)options->deadline_s * 1000)
             == TLSCONN_OK;
    if (ok && tlsconn_error_code(tlsconn_last_error()) != TLSCONN_OK)
        complain("clients", tlsconn_error_message(tlsconn_last_error())); /* files that do not count */
    if (ok && *options->ca)
        ok = tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, options->ca) == TLSCONN_OK
          && tlsconn_ctx_set_int(ctx, TLSCONN_OPT_DIR_AND_CA, 1) == TLSCONN_OK;
    if (ok && *options->crl)
        ok = tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CRL, options->crl) == TLSCONN_OK;
    return ok || complain("material", tlsconn_error_message(tlsconn_last_error()));
}

/* As many clients as the limit of descriptors allows. */
static int make_room(struct daemon *daemon)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return complain("descriptors", strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return complain("descriptors", strerror(errno));
    rlim_t most = limit.rlim_cur > 1048576 ? 1048576 : limit.rlim_cur;
    if (most < SPARE + 1)
        return complain("descriptors", "there are too few for a single client");
    daemon->room = (size_t)(most - SPARE);
    daemon->sessions = calloc(daemon->room, sizeof *daemon->sessions);
    daemon->list = calloc(2 + daemon->room, sizeof *daemon->list);
    return (daemon->sessions && daemon->list) || complain("memory", "there is too little");
}

int main(int argc, char **argv)
{
    static struct options options;
    struct daemon daemon;

    if (!options_read(argc, argv, &options))
        return 2;
    umask(077); /* nobody else can read the database */
    memset(&daemon, 0, sizeof daemon);
    daemon.listener = -1;
    daemon.patience = (int64_t)options.deadline_s * 1000;
    daemon.ctx = tlsconn_ctx_new();
    daemon.clients = options.clients;
    index_clients(options.clients);
    int ok = catch_signals() && make_room(&daemon) && use_material(daemon.ctx, &options)
          && (daemon.store = store_open(options.database)) != NULL
          && (daemon.listener = listen_on(options.listen)) >= 0
          && loop(&daemon);
    for (size_t i = 0; i < daemon.count; i++) {
        if (daemon.sessions[i]->admitted)
            (void)tlsconn_conn_shutdown(daemon.sessions[i]->conn); /* best effort */
        session_free(daemon.sessions[i]);
    }
    if (daemon.listener >= 0)
        close(daemon.listener);
    store_close(daemon.store);
    tlsconn_ctx_unref(daemon.ctx);
    free(daemon.sessions);
    free(daemon.list);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
