/* A TLS front for a unix socket: clients need a certificate, and must be on the allow-list if there is one.
   usage: tls_front --listen HOST:PORT --unix PATH --cert FILE --key FILE [--ca FILE] [--crl FILE]
          [--client-dir DIR] [--allow-dn PATTERN]... [--allow-identity NAME]... [--libvirt] */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <tlsconn.h>

struct client { tlsconn_conn *conn; int fd, behind, open, left; struct client *next; };

enum { LOOK_AGAIN_MS = 1000 }; /* how long a client that was removed or revoked can stay */
enum { LOOKS_BEHIND = 10 }; /* how often a client is looked at, at most, whose daemon has hung up */

static tlsconn_ctx *ctx;
static struct client *clients; /* all of them, under the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sockaddr_un daemon_socket = { .sun_family = AF_UNIX };
static int libvirt; /* its clients wait for a byte 1 before they send anything */

static void *upload(void *userdata)
{
    struct client *client = userdata;
    char buf[16384];
    size_t n = 0;
    int result, taken = 1;

    /* What the daemon does not take is read all the same: a socket that is closed with unread bytes in it is reset, and
       the client would lose the reply. */
    while ((result = tlsconn_conn_read(client->conn, buf, sizeof buf, &n)) == TLSCONN_OK)
        for (size_t at = 0; at < n && taken;) {
            ssize_t sent = send(client->behind, buf + at, n - at, 0);
            taken = sent >= 0;
            at += taken ? (size_t)sent : 0;
        }
    /* Only close_notify ends one direction. A client that is cut off ends both. */
    shutdown(client->behind, result == TLSCONN_EOF ? SHUT_WR : SHUT_RDWR);
    return NULL;
}

static void download(struct client *client)
{
    char buf[16384];
    ssize_t n;
    int result = TLSCONN_OK;

    while (result == TLSCONN_OK && (n = recv(client->behind, buf, sizeof buf, 0)) > 0)
        result = tlsconn_conn_write(client->conn, buf, (size_t)n, NULL);
    if (result == TLSCONN_OK)
        result = tlsconn_conn_shutdown(client->conn);
    if (result != TLSCONN_OK || shutdown(client->fd, SHUT_WR) != 0)
        tlsconn_conn_abort(client->conn);
    pthread_mutex_lock(&lock);
    client->left = 1; /* upload() reads on until the client has heard everything and ends, or look_again() ends it */
    pthread_mutex_unlock(&lock);
}

/* Whether nobody reads any more what a client sends, and it was given time to hear the reply. Under the lock. */
static int is_left_behind(struct client *client)
{
    struct pollfd hang_up = { client->behind, 0, 0 };

    return client->left && poll(&hang_up, 1, 0) != 0 && client->left++ >= LOOKS_BEHIND;
}

static const char *serve(struct client *client)
{
    tlsconn_conn *conn = client->conn;
    pthread_t uploading;

    if (tlsconn_conn_handshake(conn) != TLSCONN_OK)
        return tlsconn_error_message(tlsconn_conn_error(conn));
    fprintf(stderr, "%s: admitted %s by %s\n", tlsconn_conn_info(conn, TLSCONN_INFO_PEER_ADDRESS),
            tlsconn_conn_info(conn, TLSCONN_INFO_PEER_IDENTITY), tlsconn_conn_info(conn, TLSCONN_INFO_IDENTITY_SOURCE));
    int behind = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_mutex_lock(&lock);
    client->open = 1;
    client->behind = behind;
    pthread_mutex_unlock(&lock);
    if (client->behind < 0 || connect(client->behind, (struct sockaddr *)&daemon_socket, sizeof daemon_socket) != 0)
        return "nobody is at the unix socket";
    if (libvirt && tlsconn_conn_write(conn, "\1", 1, NULL) != TLSCONN_OK)
        return tlsconn_error_message(tlsconn_conn_error(conn));
    if (pthread_create(&uploading, NULL, upload, client) != 0)
        return "there is no thread for it";
    download(client);
    pthread_join(uploading, NULL);
    return NULL;
}

static void *run(void *userdata)
{
    struct client *client = userdata;
    const char *why = serve(client);

    if (why)
        fprintf(stderr, "%s: refused: %s\n", tlsconn_conn_info(client->conn, TLSCONN_INFO_PEER_ADDRESS), why);
    pthread_mutex_lock(&lock);
    struct client **at = &clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    pthread_mutex_unlock(&lock);
    tlsconn_conn_free(client->conn);
    close(client->fd); /* the descriptor is still ours; close it last */
    if (client->behind >= 0)
        close(client->behind);
    free(client);
    return NULL;
}

/* Read changed files again, so that a client that was revoked meanwhile is not allowed. */
static void reload(void)
{
    static char told[512]; /* a failure is told once, not every second; under the lock */
    const char *why = tlsconn_ctx_reload(ctx) == TLSCONN_OK ? "" : tlsconn_error_message(tlsconn_last_error());

    pthread_mutex_lock(&lock);
    if (*why && strncmp(told, why, sizeof told - 1) != 0)
        fprintf(stderr, "the old stays in force: %s\n", why);
    snprintf(told, sizeof told, "%s", why);
    pthread_mutex_unlock(&lock);
}

/* Whoever would not be admitted any more is cut off, also in the middle of what it does. */
static void *look_again(void *userdata)
{
    for (;; poll(NULL, 0, LOOK_AGAIN_MS)) {
        reload();
        pthread_mutex_lock(&lock);
        for (struct client *client = clients; client; client = client->next) {
            if (is_left_behind(client))
                tlsconn_conn_abort(client->conn);
            if (client->open && tlsconn_conn_recheck(client->conn) != TLSCONN_OK) {
                fprintf(stderr, "%s: cut off: %s\n", tlsconn_conn_info(client->conn, TLSCONN_INFO_PEER_ADDRESS),
                        tlsconn_error_message(tlsconn_last_error()));
                client->open = 0;
                tlsconn_conn_abort(client->conn);
                if (client->behind >= 0) /* a daemon that reads nothing keeps no thread of ours */
                    shutdown(client->behind, SHUT_RDWR);
            }
        }
        pthread_mutex_unlock(&lock);
    }
    return userdata;
}

static void take(int fd)
{
    struct client *client = malloc(sizeof *client);
    pthread_t thread;
    int one = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one); /* notices a host that has vanished */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* else the end of a reply waits 40 ms */
    reload();
    if (!client || tlsconn_accept_fd(ctx, fd, 0, &client->conn) != TLSCONN_OK) {
        fprintf(stderr, "no client: %s\n", client ? tlsconn_error_message(tlsconn_last_error()) : "no memory");
        free(client);
        close(fd);
        return;
    }
    client->fd = fd;
    client->behind = -1;
    client->open = client->left = 0;
    pthread_mutex_lock(&lock);
    client->next = clients;
    clients = client;
    int failed = pthread_create(&thread, NULL, run, client);
    if (failed)
        clients = client->next;
    pthread_mutex_unlock(&lock);
    if (!failed)
        pthread_detach(thread);
    else {
        fprintf(stderr, "no client: there is no thread for it: %s\n", strerror(failed));
        tlsconn_conn_free(client->conn);
        close(fd);
        free(client);
    }
}

/* HOST:PORT, or [IPv6]:PORT; a descriptor, or -1 when it has been told why not. */
static int listen_on(const char *name)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found = NULL;
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char copy[512], *where = copy, *colon, host[256], port[32];
    int fd = -1, one = 1, failed = EAI_NONAME;

    snprintf(copy, sizeof copy, "%s", name);
    if ((colon = strrchr(where, ':'))) {
        *colon = '\0';
        if (colon > where && colon[-1] == ']' && *where++ == '[')
            colon[-1] = '\0';
        failed = getaddrinfo(where, colon + 1, &hints, &found);
    }
    if (failed)
        fprintf(stderr, "%s: cannot listen: %s\n", name, colon ? gai_strerror(failed) : "this is not HOST:PORT");
    else {
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0
            || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0
            || getsockname(fd, (struct sockaddr *)&address, &len) != 0
            || getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                           NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
            fprintf(stderr, "%s: cannot listen: %s\n", name, strerror(errno));
            if (fd >= 0)
                close(fd);
            fd = -1;
        } else
            printf(strchr(host, ':') ? "listening on [%s]:%s\n" : "listening on %s:%s\n", host, port);
        freeaddrinfo(found);
    }
    return fflush(stdout) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    enum { LISTEN = 1, UNIX, CLIENT_DIR, ALLOW_DN, ALLOW_IDENTITY, LIBVIRT };
    static const struct option KNOWN[] = {
        { "listen", 1, NULL, LISTEN }, { "unix", 1, NULL, UNIX }, { "ca", 1, NULL, TLSCONN_MAT_CA },
        { "crl", 1, NULL, TLSCONN_MAT_CRL }, { "cert", 1, NULL, TLSCONN_MAT_CERT }, { "key", 1, NULL, TLSCONN_MAT_KEY },
        { "client-dir", 1, NULL, CLIENT_DIR }, { "allow-dn", 1, NULL, ALLOW_DN },
        { "allow-identity", 1, NULL, ALLOW_IDENTITY }, { "libvirt", 0, NULL, LIBVIRT }, { NULL, 0, NULL, 0 }
    };
    char *where = NULL, *path = NULL, *cert = NULL, *key = NULL;
    int which, result = TLSCONN_OK, listener, failed, authority = 0, directory = 0;
    pthread_t looking;

    ctx = tlsconn_ctx_new();

    while (result == TLSCONN_OK && (which = getopt_long(argc, argv, "", KNOWN, NULL)) != -1)
        switch (which) {
        case LISTEN: where = optarg; break;
        case UNIX: path = optarg; break;
        case TLSCONN_MAT_CERT: cert = optarg; break;
        case TLSCONN_MAT_KEY: key = optarg; break;
        case TLSCONN_MAT_CA: authority = 1; /* fall through */
        case TLSCONN_MAT_CRL: result = tlsconn_ctx_add_file(ctx, which, optarg); break;
        case CLIENT_DIR:
            directory = 1;
            result = tlsconn_ctx_set_client_dir(ctx, optarg);
            if (result == TLSCONN_OK && tlsconn_error_code(tlsconn_last_error()) != TLSCONN_OK)
                fprintf(stderr, "tls_front: %s\n", tlsconn_error_message(tlsconn_last_error()));
            break;
        case ALLOW_DN: result = tlsconn_ctx_allow_dn(ctx, optarg); break;
        case ALLOW_IDENTITY: result = tlsconn_ctx_allow_identity(ctx, optarg); break;
        case LIBVIRT: libvirt = 1; result = tlsconn_ctx_set_int(ctx, TLSCONN_OPT_PROFILE, TLSCONN_PROFILE_LIBVIRT); break;
        default: return 2;
        }
    if (result == TLSCONN_OK && authority && directory)
        result = tlsconn_ctx_set_int(ctx, TLSCONN_OPT_DIR_AND_CA, 1);
    if (result == TLSCONN_OK && cert && key) /* as a pair, so that a key of another certificate is told now */
        result = tlsconn_ctx_add_server_pair(ctx, NULL, cert, key);
    if (result != TLSCONN_OK)
        fprintf(stderr, "%s\n%s\n", tlsconn_error_message(tlsconn_last_error()), tlsconn_error_hint(tlsconn_last_error()));
    else if (!where || !path || !cert || !key || !(authority || directory) || optind < argc
             || strlen(path) >= sizeof daemon_socket.sun_path)
        fprintf(stderr, "usage: %s --listen HOST:PORT --unix PATH --cert FILE --key FILE --ca FILE\n", argv[0]);
    else if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        perror("SIGPIPE");
    else if ((failed = pthread_create(&looking, NULL, look_again, NULL)) != 0)
        fprintf(stderr, "there is no thread to look after the clients: %s\n", strerror(failed));
    else if ((listener = listen_on(where)) >= 0)
        for (strcpy(daemon_socket.sun_path, path);;) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= 0)
                take(fd);
            else
                poll(NULL, 0, 100); /* out of descriptors, for example; try again when clients have left */
        }
    return EXIT_FAILURE;
}
