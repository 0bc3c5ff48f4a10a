/* Serves thousands of idle clients and hundreds of silent ones in one process, and clients out of a small and a
 * large directory. Both ends of each connection are here; memory is counted for each side.
 *
 * usage: serve_tlsconn MATERIAL IDLE SILENT; MATERIAL holds server.pem, client.pem, their keys, and directories of
 * clients that hold client.pem: clients-10 and clients-100000 */
#include <fcntl.h>
#include <sys/socket.h>
#include <tlsconn.h>
#include <unistd.h>

#include "measure.h"

#define NEW_CLIENTS 200

/* Both ends of one connection. */
typedef struct pair {
    int fds[2];
    tlsconn_conn *server, *client;
} pair;

static double server_heap, client_heap, server_cpu;

static void check(int code, const char *what)
{
    if (code != TLSCONN_OK) {
        fprintf(stderr, "%s: %s\n", what, tlsconn_error_message(tlsconn_last_error()));
        exit(1);
    }
}

static tlsconn_ctx *context(const char *material, const char *who)
{
    char path[4096];
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    snprintf(path, sizeof path, "%s/server.pem", material);
    check(tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, path), path); /* it signed itself */
    snprintf(path, sizeof path, "%s/%s.pem", material, who);
    check(tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CERT, path), path);
    snprintf(path, sizeof path, "%s/%s.key", material, who);
    check(tlsconn_ctx_add_file(ctx, TLSCONN_MAT_KEY, path), path);
    return ctx;
}

static void begin(pair *one, tlsconn_ctx *server)
{
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, one->fds) != 0) {
        perror("socketpair");
        exit(1);
    }
    const double heap = heap_bytes();
    check(tlsconn_accept_fd(server, one->fds[0], TLSCONN_F_NONBLOCK, &one->server), "accept");
    if (tlsconn_conn_handshake(one->server) != TLSCONN_WANT_READ)
        check(TLSCONN_E_STATE, "a client that said nothing");
    server_heap += heap_bytes() - heap;
}

/* Shakes hands; whether the server let the client in. */
static int finish(pair *one, tlsconn_ctx *client)
{
    double heap = heap_bytes();
    check(tlsconn_connect_fd(client, one->fds[1], "bench.example", 443, TLSCONN_F_NONBLOCK, &one->client), "connect");
    client_heap += heap_bytes() - heap;
    for (;;) {
        heap = heap_bytes();
        int other = tlsconn_conn_handshake(one->client);
        client_heap += heap_bytes() - heap;
        heap = heap_bytes();
        const double cpu = cpu_seconds();
        int own = tlsconn_conn_handshake(one->server);
        server_cpu += cpu_seconds() - cpu;
        server_heap += heap_bytes() - heap;
        if (own == TLSCONN_OK && other == TLSCONN_OK)
            return 1;
        if (own < 0)
            return 0;
    }
}

static void end(pair *one)
{
    tlsconn_conn_free(one->client);
    tlsconn_conn_free(one->server);
    close(one->fds[0]);
    close(one->fds[1]);
}

/* CPU of the server per client, in microseconds. */
static double new_clients(tlsconn_ctx *server, tlsconn_ctx *client, int expected)
{
    server_cpu = 0;
    for (int i = 0; i < NEW_CLIENTS; i++) {
        pair one = {{-1, -1}, NULL, NULL};
        begin(&one, server);
        if (finish(&one, client) != expected)
            check(TLSCONN_E_STATE, "another outcome than expected");
        end(&one);
    }
    return server_cpu * 1e6 / NEW_CLIENTS;
}

/* A word each way, so that buffers were in use. */
static void talk(const pair *one)
{
    char word[16];
    size_t n;
    double heap = heap_bytes();
    check(tlsconn_conn_write(one->client, "hello", 5, &n), "write");
    client_heap += heap_bytes() - heap;
    heap = heap_bytes();
    check(tlsconn_conn_read(one->server, word, sizeof word, &n), "read");
    check(tlsconn_conn_write(one->server, word, n, &n), "write");
    if (tlsconn_conn_read(one->server, word, sizeof word, &n) != TLSCONN_WANT_READ)
        check(TLSCONN_E_STATE, "more than was said");
    server_heap += heap_bytes() - heap;
    heap = heap_bytes();
    check(tlsconn_conn_read(one->client, word, sizeof word, &n), "read");
    client_heap += heap_bytes() - heap;
}

static void crowd(const char *material, int idle, int silent)
{
    char path[4096];
    tlsconn_ctx *server = context(material, "server"), *client = context(material, "client");
    pair *all = calloc((size_t)(idle + silent), sizeof *all);
    snprintf(path, sizeof path, "%s/clients-10", material);
    check(tlsconn_ctx_set_client_dir(server, path), path);
    new_clients(server, client, 1);
    const double alone = new_clients(server, client, 1);
    server_heap = client_heap = 0;
    for (int i = 0; i < idle; i++) {
        begin(&all[i], server);
        finish(&all[i], client);
    }
    printf("idle_kb %.2f client_kb %.2f", server_heap / 1024 / idle, client_heap / 1024 / idle);
    for (int i = 0; i < idle; i++)
        talk(&all[i]);
    printf(" idle_after_traffic_kb %.2f client_after_traffic_kb %.2f", server_heap / 1024 / idle, client_heap / 1024 / idle);
    server_heap = 0;
    for (int i = idle; i < idle + silent; i++)
        begin(&all[i], server);
    printf(" silent_kb %.2f alone_us %.1f", server_heap / 1024 / silent, alone);
    printf(" crowded_us %.1f\n", new_clients(server, client, 1));
    for (int i = 0; i < idle + silent; i++)
        end(&all[i]);
    free(all);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void directory(const char *material, const char *name)
{
    char path[4096];
    tlsconn_ctx *server = context(material, "server"), *client = context(material, "client");
    tlsconn_ctx *stranger = context(material, "server");
    check(tlsconn_ctx_set_int(stranger, TLSCONN_OPT_SEND_CLIENT_CERT, TLSCONN_SEND_CERT_ALWAYS), "send");
    snprintf(path, sizeof path, "%s/%s", material, name);
    const double cpu = cpu_seconds();
    check(tlsconn_ctx_set_client_dir(server, path), path);
    printf("directory %s start_us %.1f", name, (cpu_seconds() - cpu) * 1e6);
    server_cpu = 0;
    pair first = {{-1, -1}, NULL, NULL};
    begin(&first, server);
    if (!finish(&first, client))
        check(TLSCONN_E_STATE, "the client was refused");
    end(&first);
    printf(" first_us %.1f", server_cpu * 1e6);
    new_clients(server, client, 1);
    printf(" handshake_us %.1f", new_clients(server, client, 1));
    server_cpu = 0;
    pair strange = {{-1, -1}, NULL, NULL};
    begin(&strange, server);
    if (finish(&strange, stranger))
        check(TLSCONN_E_STATE, "a stranger came in");
    end(&strange);
    printf(" first_stranger_us %.1f", server_cpu * 1e6);
    printf(" stranger_us %.1f\n", new_clients(server, stranger, 0));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(stranger);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    crowd(argv[1], atoi(argv[2]), atoi(argv[3]));
    directory(argv[1], "clients-10");
    directory(argv[1], "clients-100000");
    return 0;
}
