/* Certificates of a server for several names, and its tickets: what is taken, what is refused,
 * and what a client meets. */
#include <sys/stat.h>

#include "contract.h"

static int add(tlsconn_ctx *ctx, const char *pattern, const char *pki, const char *cert, const char *key)
{
    char *cert_file = path_in(pki, cert), *key_file = path_in(pki, key);
    int code = tlsconn_ctx_add_server_pair(ctx, pattern, cert_file, key_file);

    free(cert_file);
    free(key_file);
    return code;
}

static void wrong_calls(const char *pki)
{
    static const char *const patterns[] = { "", "*", "*.", "a.*", "*a.example", "192.0.2.1", "::1", "a b", "\xff" };
    tlsconn_ctx *ctx = context(pki);
    char *cert = path_in(pki, "server.pem");
    tlsconn_conn *conn = NULL;
    size_t i;

    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(NULL, NULL, cert, cert));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(ctx, NULL, NULL, cert));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(ctx, NULL, cert, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(ctx, NULL, "", cert));
    for (i = 0; i < sizeof patterns / sizeof *patterns; i++)
        EXPECT(TLSCONN_E_INVALID, add(ctx, patterns[i], pki, "server.pem", "server.key"));
    EXPECT(TLSCONN_E_KEY_MISMATCH, add(ctx, NULL, pki, "server.pem", "second.key"));
    EXPECT(TLSCONN_E_CERT, add(ctx, NULL, pki, "client.pem", "client.key"));
    EXPECT(TLSCONN_E_PERMISSION, add(ctx, NULL, pki, "client.pem", "open.key"));
    EXPECT(TLSCONN_E_PASSPHRASE, add(ctx, NULL, pki, "client.pem", "locked.key"));
    EXPECT(TLSCONN_E_PARSE, add(ctx, NULL, pki, "empty.pem", "server.key"));
    EXPECT(TLSCONN_E_PARSE, add(ctx, NULL, pki, "server.pem", "server.pem"));
    EXPECT(TLSCONN_E_FILE, add(ctx, NULL, pki, "nowhere.pem", "server.key"));
    EXPECT(TLSCONN_E_FILE, add(ctx, NULL, pki, "server.pem", "nowhere.key"));
    /* Nothing of all that was taken. */
    EXPECT(TLSCONN_E_NO_KEY, tlsconn_accept_mem(ctx, &conn));
    CHECK(conn == NULL);

    /* What is for clients alone is nothing to show as a server, but beside a pair. */
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CERT, pki, "client.pem"));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_KEY, pki, "client.key"));
    EXPECT(TLSCONN_E_CERT, tlsconn_accept_mem(ctx, &conn));
    CHECK(conn == NULL);
    EXPECT(TLSCONN_OK, add(ctx, "localhost", pki, "server.pem", "server.key"));
    EXPECT(TLSCONN_OK, tlsconn_accept_mem(ctx, &conn));
    tlsconn_conn_free(conn);
    free(cert);
    tlsconn_ctx_unref(ctx);
}

static void tickets(const char *pki)
{
    tlsconn_ctx *ctx = context(pki);
    char *secret = path_in(pki, "client.key"), *shown = path_in(pki, "open.key"), *none = path_in(pki, "empty.pem");

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_TICKETS, 1));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_TICKETS, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_TICKETS, 2));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_TICKETS, -1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKETS, "1"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, NULL));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, secret));
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, shown));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, "/nowhere/at/all"));
    CHECK(chmod(none, 0600) == 0);
    EXPECT(TLSCONN_E_PARSE, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, none));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, ""));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(ctx));
    free(secret);
    free(shown);
    free(none);
    tlsconn_ctx_unref(ctx);
}

/* Carries what one end has to say to the other; whether there was anything. */
static int carry(tlsconn_conn *from, tlsconn_conn *to)
{
    unsigned char bytes[16384];
    size_t len = 0, taken = 0;

    EXPECT(TLSCONN_OK, tlsconn_conn_mem_output(from, bytes, sizeof bytes, &len));
    if (len)
        EXPECT(TLSCONN_OK, tlsconn_conn_mem_input(to, bytes, len, &taken));
    CHECK(taken == len);
    return len != 0;
}

/* A client that dials `host` is shown the certificate of this name. */
static void shows(tlsconn_ctx *server, tlsconn_ctx *client, const char *host, const char *name)
{
    tlsconn_conn *near = NULL, *far = NULL;
    const tlsconn_cert *cert;
    int on_near, on_far, moved;

    EXPECT(TLSCONN_OK, tlsconn_accept_mem(server, &near));
    EXPECT(TLSCONN_OK, tlsconn_connect_mem(client, host, 443, &far));
    do {
        on_far = tlsconn_conn_handshake(far);
        on_near = tlsconn_conn_handshake(near);
        moved = carry(far, near);
        moved |= carry(near, far);
    } while (moved);
    CHECK(on_near == TLSCONN_OK && on_far == TLSCONN_OK);
    cert = tlsconn_conn_peer_cert(far, 0);
    CHECK(cert && strstr(tlsconn_cert_str(cert, TLSCONN_CERT_SUBJECT), name));
    CHECK(strcmp(tlsconn_conn_info(near, TLSCONN_INFO_SNI), host) == 0);
    tlsconn_conn_free(far);
    tlsconn_conn_free(near);
}

static void a_client_is_shown_the_pair_that_it_asks_for(const char *pki)
{
    tlsconn_ctx *server = context(pki), *client = context(pki);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_TICKETS, 1));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_NONE));
    EXPECT(TLSCONN_OK, add(server, "*.example", pki, "server.pem", "server.key"));
    EXPECT(TLSCONN_OK, add(server, "LOCALHOST.", pki, "second.pem", "second.key"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(server));
    shows(server, client, "localhost", "second");
    shows(server, client, "localhost", "second");
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(server);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    wrong_calls(argv[1]);
    tickets(argv[1]);
    a_client_is_shown_the_pair_that_it_asks_for(argv[1]);
    return result(argv[0]);
}
