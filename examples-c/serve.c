/* Greets each client by the name that its certificate proves. The allowed certificates are in a directory.
   usage: serve PORT CERTIFICATE KEY DIRECTORY */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tlsconn.h>
#include <unistd.h>

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0
        || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 64) != 0
        || getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        fprintf(stderr, "serve: cannot listen on 127.0.0.1:%d: %s\n", port, strerror(errno));
        exit(EXIT_FAILURE);
    }
    printf("serve: listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* The first read does the handshake and verifies the client; it fails if the client is not allowed. */
static int greet(tlsconn_ctx *ctx, int fd)
{
    char line[256], reply[1024];
    tlsconn_conn *conn = NULL;
    size_t n = 0;
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* else a long reply stalls for 40 ms */
    int result = tlsconn_accept_fd(ctx, fd, 0, &conn);
    if (result == TLSCONN_OK)
        result = tlsconn_conn_read(conn, line, sizeof line, &n);
    if (result == TLSCONN_OK)
        result = tlsconn_conn_recheck(conn); /* it may have been removed while it said nothing */
    if (result == TLSCONN_OK) {
        const char *name = tlsconn_conn_info(conn, TLSCONN_INFO_PEER_IDENTITY);
        int length = snprintf(reply, sizeof reply, "hello, %s\n", name);
        size_t size = length < (int)sizeof reply ? (size_t)length : sizeof reply - 1;
        result = tlsconn_conn_write(conn, reply, size, NULL);
        if (result == TLSCONN_OK)
            result = tlsconn_conn_shutdown(conn);
        printf("serve: %s was here (%s)\n", name, tlsconn_conn_info(conn, TLSCONN_INFO_IDENTITY_SOURCE));
    }
    if (result < 0)
        printf("serve: %s\n", tlsconn_error_message(tlsconn_last_error()));
    else if (result > 0) /* it said goodbye, which is no error */
        printf("serve: a client left without a word\n");
    fflush(stdout);
    /* A socket with unread bytes in it is reset when it is closed, and our last words would be lost. */
    if (result == TLSCONN_OK && shutdown(fd, SHUT_WR) == 0)
        while (tlsconn_conn_read(conn, line, sizeof line, &n) == TLSCONN_OK)
            continue;
    tlsconn_conn_free(conn);
    return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s PORT CERTIFICATE KEY DIRECTORY\n", argv[0]);
        return 2;
    }
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    if (tlsconn_ctx_add_server_pair(ctx, NULL, argv[2], argv[3]) != TLSCONN_OK
        || tlsconn_ctx_set_client_dir(ctx, argv[4]) != TLSCONN_OK) {
        fprintf(stderr, "serve: %s\n", tlsconn_error_message(tlsconn_last_error()));
        tlsconn_ctx_unref(ctx);
        return EXIT_FAILURE;
    }
    if (tlsconn_error_code(tlsconn_last_error()) != TLSCONN_OK) /* files that do not count */
        fprintf(stderr, "serve: %s\n", tlsconn_error_message(tlsconn_last_error()));
    int listener = listen_on(atoi(argv[1]));
    signal(SIGCHLD, SIG_IGN); /* no zombies: we do not wait for the children */
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0 || errno == EINTR || errno == ECONNABORTED;) {
        if (fd >= 0 && fork() == 0) { /* a slow client delays its own process only */
            int status = greet(ctx, fd);
            tlsconn_ctx_unref(ctx);
            _exit(status);
        }
        if (fd >= 0)
            close(fd);
    }
    perror("serve");
    tlsconn_ctx_unref(ctx);
    return EXIT_FAILURE;
}
