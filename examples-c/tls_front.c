/* A TLS front for a unix socket: clients need a certificate, and must be on the allow-list if there is one.
   usage: tls_front --listen HOST:PORT --unix PATH --cert FILE --key FILE [--ca FILE] [--crl FILE]
          [--client-dir DIR] [--allow-dn PATTERN]... [--allow-identity NAME]... [--libvirt] */
#include <getopt.h>
#include <netdb.h>
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

struct client { tlsconn_conn *conn; int fd, behind; };

static struct sockaddr_un daemon_socket = { .sun_family = AF_UNIX };
static int libvirt; /* its clients wait for a byte 1 before they send anything */

static void *upload(void *userdata)
{
    struct client *client = userdata;
    char buf[16384];
    size_t n = 0;
    int result;

    while ((result = tlsconn_conn_read(client->conn, buf, sizeof buf, &n)) == TLSCONN_OK)
        for (size_t at = 0; at < n && result == TLSCONN_OK;) {
            ssize_t sent = send(client->behind, buf + at, n - at, 0);
            result = sent < 0 ? TLSCONN_E_IO : TLSCONN_OK;
            at += sent > 0 ? (size_t)sent : 0;
        }
    /* Only close_notify ends one direction. A client that is cut off ends both. */
    shutdown(client->behind, result == TLSCONN_EOF ? SHUT_WR : SHUT_RDWR);
    return NULL;
}

static void download(struct client *client)
{
    struct pollfd hang_up = { client->behind, 0, 0 };
    char buf[16384];
    ssize_t n;
    int result = TLSCONN_OK;

    while (result == TLSCONN_OK && (n = recv(client->behind, buf, sizeof buf, 0)) > 0)
        result = tlsconn_conn_write(client->conn, buf, (size_t)n, NULL);
    if (result == TLSCONN_OK)
        result = tlsconn_conn_shutdown(client->conn);
    /* If the daemon hung up, nobody reads what the client still sends: do not wait for it. */
    if (result != TLSCONN_OK || poll(&hang_up, 1, 0) != 0)
        tlsconn_conn_abort(client->conn);
}

static const char *serve(struct client *client)
{
    tlsconn_conn *conn = client->conn;
    pthread_t uploading;

    if (tlsconn_conn_handshake(conn) != TLSCONN_OK)
        return tlsconn_error_message(tlsconn_conn_error(conn));
    fprintf(stderr, "%s: admitted %s by %s\n", tlsconn_conn_info(conn, TLSCONN_INFO_PEER_ADDRESS),
            tlsconn_conn_info(conn, TLSCONN_INFO_PEER_IDENTITY), tlsconn_conn_info(conn, TLSCONN_INFO_IDENTITY_SOURCE));
    client->behind = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
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
    tlsconn_conn_free(client->conn);
    close(client->fd); /* the descriptor is still ours; close it last */
    if (client->behind >= 0)
        close(client->behind);
    free(client);
    return NULL;
}

/* Read changed files again, so that a client that was revoked meanwhile is not allowed. */
static void take(tlsconn_ctx *ctx, int fd)
{
    struct client *client = malloc(sizeof *client);
    pthread_t thread;
    int one = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one); /* notices a host that has vanished */
    if (tlsconn_ctx_reload(ctx) != TLSCONN_OK)
        fprintf(stderr, "the old stays in force: %s\n", tlsconn_error_message(tlsconn_last_error()));
    if (!client || tlsconn_accept_fd(ctx, fd, 0, &client->conn) != TLSCONN_OK) {
        fprintf(stderr, "no client: %s\n", client ? tlsconn_error_message(tlsconn_last_error()) : "no memory");
        free(client);
        close(fd);
        return;
    }
    client->fd = fd;
    client->behind = -1;
    if (pthread_create(&thread, NULL, run, client) == 0)
        pthread_detach(thread);
    else {
        fprintf(stderr, "no client: there is no thread for it\n");
        tlsconn_conn_free(client->conn);
        close(fd);
        free(client);
    }
}

/* HOST:PORT, or [IPv6]:PORT; a descriptor, or -1. */
static int listen_on(char *where)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found = NULL;
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char *colon = strrchr(where, ':'), host[256], port[32];
    int fd = -1, one = 1;

    if (!colon)
        return -1;
    *colon = '\0';
    if (colon > where && colon[-1] == ']' && *where++ == '[')
        colon[-1] = '\0';
    if (getaddrinfo(where, colon + 1, &hints, &found) == 0) {
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0
            || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0
            || getsockname(fd, (struct sockaddr *)&address, &len) != 0
            || getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                           NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
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
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    char *where = NULL, *path = NULL, *cert = NULL, *key = NULL;
    int which, result = TLSCONN_OK, listener, authority = 0, directory = 0;

    while (result == TLSCONN_OK && (which = getopt_long(argc, argv, "", KNOWN, NULL)) != -1)
        switch (which) {
        case LISTEN: where = optarg; break;
        case UNIX: path = optarg; break;
        case TLSCONN_MAT_CERT: cert = optarg; break;
        case TLSCONN_MAT_KEY: key = optarg; break;
        case TLSCONN_MAT_CA: authority = 1; /* fall through */
        case TLSCONN_MAT_CRL: result = tlsconn_ctx_add_file(ctx, which, optarg); break;
        case CLIENT_DIR: directory = 1; result = tlsconn_ctx_set_client_dir(ctx, optarg); break;
        case ALLOW_DN: result = tlsconn_ctx_allow_dn(ctx, optarg); break;
        case ALLOW_IDENTITY: result = tlsconn_ctx_allow_identity(ctx, optarg); break;
        case LIBVIRT: libvirt = 1; result = tlsconn_ctx_set_int(ctx, TLSCONN_OPT_PROFILE, TLSCONN_PROFILE_LIBVIRT); break;
        default: return 2;
        }
    if (result == TLSCONN_OK && authority && directory)
        result = tlsconn_ctx_set_int(ctx, TLSCONN_OPT_DIR_AND_CA, 1);
    if (result == TLSCONN_OK && cert && key)
        result = tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CERT, cert);
    if (result == TLSCONN_OK && cert && key)
        result = tlsconn_ctx_add_file(ctx, TLSCONN_MAT_KEY, key);
    if (result != TLSCONN_OK)
        fprintf(stderr, "%s\n", tlsconn_error_message(tlsconn_last_error()));
    else if (!where || !path || !cert || !key || !(authority || directory) || optind < argc
             || strlen(path) >= sizeof daemon_socket.sun_path)
        fprintf(stderr, "usage: %s --listen HOST:PORT --unix PATH --cert FILE --key FILE --ca FILE\n", argv[0]);
    else if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || (listener = listen_on(where)) < 0)
        fprintf(stderr, "%s: nobody can listen there\n", where);
    else
        for (strcpy(daemon_socket.sun_path, path);;) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= 0)
                take(ctx, fd);
            else
                poll(NULL, 0, 100); /* out of descriptors, for example; try again when clients have left */
        }
    tlsconn_ctx_unref(ctx);
    return EXIT_FAILURE;
}
