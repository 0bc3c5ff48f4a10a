/* The server side called wrongly: NULL and numbers that are none, calls in the wrong order, peers
 * that say nothing or something else, clients that may not come. */
#include <sys/stat.h>

#include "contract_both.h"

/* ---------- wrong calls ---------- */

static void accepting(void)
{
    static const unsigned int flags[] = { 2, 4, 0x80000000u, 0xffffffffu };
    tlsconn_ctx *ctx = a_server();
    tlsconn_ctx *bare = context(pki);
    tlsconn_conn *conn = (tlsconn_conn *)&ctx;
    int ends[2];
    int pipes[2];
    size_t i;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && pipe(pipes) == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_accept_fd(NULL, ends[0], 0, &conn));
    CHECK(conn == NULL);
    EXPECT(TLSCONN_E_INVALID, tlsconn_accept_fd(ctx, ends[0], 0, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_accept_fd(ctx, -1, 0, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_accept_fd(ctx, INT_MAX, 0, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_accept_fd(ctx, pipes[0], 0, &conn));
    for EACH(i, flags)
        EXPECT(TLSCONN_E_INVALID, tlsconn_accept_fd(ctx, ends[0], flags[i], &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_accept_mem(NULL, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_accept_mem(ctx, NULL));

    conn = (tlsconn_conn *)&ctx;
    EXPECT(TLSCONN_E_NO_KEY, tlsconn_accept_mem(bare, &conn));
    CHECK(conn == NULL);
    EXPECT(TLSCONN_E_NO_KEY, tlsconn_accept_fd(bare, ends[0], 0, &conn));
    EXPECT(TLSCONN_OK, add_file(bare, TLSCONN_MAT_CERT, pki, "server.pem"));
    EXPECT(TLSCONN_E_NO_KEY, tlsconn_accept_mem(bare, &conn));
    EXPECT(TLSCONN_OK, add_file(bare, TLSCONN_MAT_KEY, pki, "second.key"));
    EXPECT(TLSCONN_E_KEY_MISMATCH, tlsconn_accept_mem(bare, &conn));
    CHECK(conn == NULL);
    tlsconn_ctx_unref(bare);
    tlsconn_ctx_unref(ctx);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0);
}

static void naming(void)
{
    char directory[64];
    char *server = path_in(pki, "server.pem");
    char *key = path_in(pki, "server.key");
    char *open_key = path_in(pki, "open.key");
    char *known;
    tlsconn_ctx *ctx = a_server();
    tlsconn_cert *cert = certificate(pki, "client.pem");

    known = path_in(scratch(directory), "trusted.pem");
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_client_dir(NULL, directory));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_client_dir(ctx, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_client_dir(ctx, ""));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_set_client_dir(ctx, "/nowhere/at/all"));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_set_client_dir(ctx, server));
    CHECK(chmod(directory, 0777) == 0);
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_client_dir(ctx, directory));
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_known_client_file(ctx, known));
    CHECK(chmod(directory, 0700) == 0);

    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_client_file(NULL, known));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_client_file(ctx, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_client_file(ctx, ""));
    EXPECT(TLSCONN_E_STORE, tlsconn_ctx_set_known_client_file(ctx, "/nowhere/at/all"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_client_file(ctx, known));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_client_file(ctx, known));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_file(ctx, known));

    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_identity(NULL, "alice"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_identity(NULL, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_identity(ctx, ""));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_identity(ctx, "\xff"));

    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(NULL, NULL, server, key));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(ctx, NULL, NULL, key));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(ctx, NULL, server, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(ctx, "*", server, key));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_server_pair(ctx, "", server, key));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_server_pair(ctx, NULL, "/nowhere/at/all", key));
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_add_server_pair(ctx, NULL, server, open_key));
    EXPECT(TLSCONN_E_PARSE, tlsconn_ctx_add_server_pair(ctx, NULL, key, key));

    EXPECT(TLSCONN_E_INVALID, tlsconn_known_remove_cert(NULL, cert));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_remove_cert(ctx, NULL));
    EXPECT(TLSCONN_E_NOT_FOUND, tlsconn_known_remove_cert(ctx, cert));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_recheck(NULL));
    CHECK(!*tlsconn_question_identity(NULL));

    tlsconn_cert_unref(cert);
    tlsconn_ctx_unref(ctx);
    free(open_key);
    free(key);
    free(server);
    free(known);
    remove_scratch(directory);
}

static void options(void)
{
    static const int wrong[] = { INT_MIN, -1, 2, 29, 33, 59, 64, 79, 85, 100, INT_MAX };
    static const int policies[] = { 0, 59, 64, TLSCONN_POLICY_ALLOW };
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    size_t i;

    for EACH(i, wrong) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CLIENT_AUTH, wrong[i]));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_IDENTITY_FROM, wrong[i]));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_DIR_AND_CA, wrong[i]));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_TICKETS, wrong[i]));
    }
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CLIENT_AUTH, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_IDENTITY_FROM, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_DIR_AND_CA, ((int64_t)1 << 32) + 1));
    for EACH(i, policies)
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_CLIENT, policies[i]));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKETS, "1"));
    CHECK(tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, "/nowhere/at/all") < 0);
    tlsconn_ctx_unref(ctx);
}

/* ---------- the wrong order ---------- */

static void order(void)
{
    tlsconn_ctx *ctx = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both = meet(ctx, client);
    char buf[16];
    size_t n;

    EXPECT(TLSCONN_E_STATE, tlsconn_conn_set_verify_name(both.server, "a.example"));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_recheck(both.server));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_shutdown(both.server));
    CHECK(tlsconn_conn_peer_cert(both.server, 0) == NULL && tlsconn_conn_question(both.server) == NULL);
    CHECK(says(both.server, TLSCONN_INFO_PEER_IDENTITY, "") && says(both.server, TLSCONN_INFO_IDENTITY_SOURCE, ""));
    EXPECT(TLSCONN_WANT_READ, tlsconn_conn_read(both.server, buf, sizeof buf, &n));

    /* What becomes of the context afterwards does not matter to the connection. */
    tlsconn_ctx_unref(ctx);
    tlsconn_ctx_unref(client);
    EXPECT(TLSCONN_OK, run(&both));
    EXPECT(TLSCONN_OK, tlsconn_conn_recheck(both.server));
    EXPECT(TLSCONN_OK, tlsconn_conn_recheck(both.client));
    CHECK(says(both.server, TLSCONN_INFO_PEER_IDENTITY, "client"));
    CHECK(says(both.server, TLSCONN_INFO_IDENTITY_SOURCE, "authority"));
    CHECK(says(both.server, TLSCONN_INFO_SNI, "localhost"));
    CHECK(says(both.client, TLSCONN_INFO_PEER_IDENTITY, ""));
    CHECK(tlsconn_conn_peer_cert(both.server, 0) != NULL);
    EXPECT(TLSCONN_OK, tlsconn_conn_write(both.client, "hello", 5, &n));
    carry(both.client, both.server);
    EXPECT(TLSCONN_OK, tlsconn_conn_read(both.server, buf, sizeof buf, &n));
    CHECK(n == 5 && memcmp(buf, "hello", 5) == 0);
    EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(both.server));
    EXPECT(TLSCONN_OK, tlsconn_conn_recheck(both.server));
    part(&both);
}

/* A peer that says nothing, hangs up, or is no TLS at all costs a descriptor and its deadline. */
static void strangers(void)
{
    tlsconn_ctx *ctx = a_server();
    tlsconn_conn *conn = NULL;
    int ends[2];
    char byte;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 1));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ctx, ends[0], 0, &conn));
    EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_handshake(conn));
    EXPECT(TLSCONN_E_TIMEOUT, tlsconn_conn_handshake(conn));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_recheck(conn));
    tlsconn_conn_free(conn);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 60000));

    CHECK(write(ends[1], "GET / HTTP/1.0\r\n\r\n", 18) == 18);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ctx, ends[0], 0, &conn));
    EXPECT(TLSCONN_E_PROTOCOL, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    /* The descriptor is ours all the time: it can still be written, and closed once. */
    CHECK(write(ends[0], "x", 1) == 1);
    while (read(ends[1], &byte, 1) == 1 && byte != 'x')
        ;
    CHECK(close(ends[1]) == 0);
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(ctx, ends[0], TLSCONN_F_NONBLOCK, &conn));
    CHECK(drive(conn) < 0);
    tlsconn_conn_free(conn);
    CHECK(close(ends[0]) == 0);
    tlsconn_ctx_unref(ctx);
}

/* ---------- who comes ---------- */

static void coming(void)
{
    char directory[64];
    char *entry;
    char *text;
    size_t len;
    FILE *file;
    tlsconn_ctx *ctx = a_server();

    EXPECT(TLSCONN_OK, comes(ctx, "client"));
    EXPECT(TLSCONN_E_NO_CLIENT_CERT, comes(ctx, NULL));
    EXPECT(TLSCONN_E_CERT_UNKNOWN, comes(ctx, "self"));
    EXPECT(TLSCONN_E_CERT, comes(ctx, "second"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_OPTIONAL));
    EXPECT(TLSCONN_OK, comes(ctx, NULL));
    EXPECT(TLSCONN_E_CERT_UNKNOWN, comes(ctx, "self"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_NONE));
    EXPECT(TLSCONN_OK, comes(ctx, "self"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_REQUIRED));

    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(ctx, "bob"));
    EXPECT(TLSCONN_E_NOT_ALLOWED, comes(ctx, "client"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(ctx, "client"));
    EXPECT(TLSCONN_OK, comes(ctx, "client"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(ctx, NULL));
    EXPECT(TLSCONN_E_NOT_ALLOWED, comes(ctx, "client"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(ctx, "client"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(ctx, "self"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(ctx, "second"));

    /* A directory, in place of the authority. */
    entry = path_in(scratch(directory), "trusted.pem");
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(ctx, directory));
    EXPECT(TLSCONN_E_CERT_UNKNOWN, comes(ctx, "client"));
    text = contents(pki, "second.pem", &len);
    file = or_die(fopen(entry, "w"));
    CHECK(fwrite(text, 1, len, file) == len && fclose(file) == 0);
    EXPECT(TLSCONN_OK, comes(ctx, "second"));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "revoked.pem"));
    EXPECT(TLSCONN_E_CERT_REVOKED, comes(ctx, "second"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_DIR_AND_CA, 1));
    EXPECT(TLSCONN_OK, comes(ctx, "client"));
    free(text);
    free(entry);
    remove_scratch(directory);
    EXPECT(TLSCONN_E_FILE, comes(ctx, "client"));
    tlsconn_ctx_unref(ctx);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    accepting();
    naming();
    options();
    order();
    strangers();
    coming();
    return result(argv[0]);
}
