/* Asks a VNC server for TLS on an open descriptor, and prints its desktop's name.
   usage: upgrade_vnc HOST PORT */
#define _POSIX_C_SOURCE 200809L
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tlsconn.h>

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *one;
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    for (one = list; one && fd < 0; one = one->ai_next) {
        fd = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* One step before TLS: the server must send exactly this, then we answer. */
static int turn(int fd, const char *theirs, size_t their_len, const char *ours, size_t our_len)
{
    char said[16];
    size_t have = 0;

    while (have < their_len) { /* do not read further: the next bytes are TLS */
        ssize_t n = read(fd, said + have, their_len - have);
        if (n <= 0)
            return 0;
        have += (size_t)n;
    }
    return memcmp(said, theirs, their_len) == 0
        && (our_len == 0 || write(fd, ours, our_len) == (ssize_t)our_len);
}

static int ask_for_tls(int fd)
{
    return turn(fd, "RFB 003.008\n", 12, "RFB 003.008\n", 12)
        && turn(fd, "\1\23", 2, "\23", 1)              /* one security type: VeNCrypt */
        && turn(fd, "\0\2", 2, "\0\2", 2)              /* its version 0.2 */
        && turn(fd, "\0\1\0\0\1\4", 6, "\0\0\1\4", 4)  /* agreed; one subtype: X509None */
        && turn(fd, "\1", 1, "", 0);                   /* agreed: TLS begins */
}

static int read_all(tlsconn_conn *conn, char *buf, size_t len)
{
    for (size_t n = 0; len > 0; buf += n, len -= n)
        if (tlsconn_conn_read(conn, buf, len, &n) != TLSCONN_OK)
            return 0;
    return 1;
}

/* Inside TLS: security result 0, "others may share", then size, format and name. */
static int desktop(tlsconn_conn *conn, char *name, size_t size)
{
    char result[4], init[24];

    if (!read_all(conn, result, 4) || memcmp(result, "\0\0\0\0", 4) != 0
        || tlsconn_conn_write(conn, "\1", 1, NULL) != TLSCONN_OK || !read_all(conn, init, 24))
        return 0;
    const unsigned char *at = (const unsigned char *)init + 20;
    size_t len = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    if (len >= size)
        return 0;
    name[len] = '\0';
    return read_all(conn, name, len);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn = NULL;
    char name[256];
    int fd = dial(argv[1], argv[2]);
    int plain = fd >= 0 && ask_for_tls(fd);
    int ok = plain
          && tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, NULL) == TLSCONN_OK
          && tlsconn_ctx_set_validator(ctx, tlsconn_ask_terminal, NULL, NULL) == TLSCONN_OK
          && tlsconn_connect_fd(ctx, fd, argv[1], atoi(argv[2]), 0, &conn) == TLSCONN_OK
          && desktop(conn, name, sizeof name);
    if (ok)
        printf("%s\n", name);
    else
        fprintf(stderr, "%s: %s\n", argv[1],
                plain && tlsconn_error_code(tlsconn_last_error()) < 0 ? tlsconn_error_message(tlsconn_last_error())
                : plain ? "no desktop is shown to us"
                : fd >= 0 ? "no VNC server that offers X509None" : "cannot be reached");
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
    if (fd >= 0)
        close(fd); /* the descriptor is still ours; close it last */
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
