/* Holds many connections to a server of this machine open and idle, each after a full handshake, until its input ends.
 *
 * usage: idle_clients MATERIAL PORT COUNT; MATERIAL holds server.pem, client.pem and client.key */
#include <tlsconn.h>

#include "measure.h"

static void check(int code, const char *what)
{
    if (code != TLSCONN_OK) {
        fprintf(stderr, "%s: %s\n", what, tlsconn_error_message(tlsconn_last_error()));
        exit(1);
    }
}

static void add(tlsconn_ctx *ctx, int material, const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check(tlsconn_ctx_add_file(ctx, material, path), path);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const int port = atoi(argv[2]), count = atoi(argv[3]);
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn **all = calloc((size_t)count, sizeof *all);
    add(ctx, TLSCONN_MAT_CA, argv[1], "server.pem"); /* it signed itself */
    add(ctx, TLSCONN_MAT_CERT, argv[1], "client.pem");
    add(ctx, TLSCONN_MAT_KEY, argv[1], "client.key");
    /* Without it a handshake of TLS 1.3 is over before the server has judged us. */
    check(tlsconn_ctx_set_int(ctx, TLSCONN_OPT_MAX_VERSION, TLSCONN_TLS_1_2), "version");
    for (int i = 0; i < count; i++) {
        check(tlsconn_connect(ctx, "127.0.0.1", port, 0, &all[i]), "connect");
        check(tlsconn_conn_handshake(all[i]), "handshake");
    }
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {}
    for (int i = 0; i < count; i++)
        tlsconn_conn_free(all[i]);
    free(all);
    tlsconn_ctx_unref(ctx);
    return 0;
}
