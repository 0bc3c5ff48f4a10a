/* tlsconn_ctx_verify: each of its codes, NULL in every place, and how long `why` lives. */
#include <pthread.h>
#include <sys/stat.h>

#include "contract.h"

#define SERVER TLSCONN_ROLE_SERVER
#define HUGE_LENGTH ((size_t)-1)

static uint32_t problems;
static const char *why;

static int verify(tlsconn_ctx *ctx, int role, const char *host, int port, const char *chain)
{
    problems = UINT32_MAX;
    why = NULL;
    return tlsconn_ctx_verify(ctx, role, host, port, chain, strlen(chain), &problems, &why);
}

/* Nothing was judged, and nothing is left over from before. */
static void nothing_is_said(void)
{
    CHECK(problems == 0);
    CHECK(why && !*why);
}

static void good_chains(tlsconn_ctx *ctx, const char *server, const char *client)
{
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, "localhost", 0, server));
    CHECK(problems == 0);
    CHECK(why && strstr(why, "0: ") == why && strstr(why, "\n1: ") && !strchr(why, '!'));
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, "LOCALHOST.", 65535, server));
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, "127.0.0.1", 1, server));
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, NULL, 0, server));
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, NULL, 65535, server));
    EXPECT(TLSCONN_OK, verify(ctx, TLSCONN_ROLE_CLIENT, NULL, 0, client));
    EXPECT(TLSCONN_OK, tlsconn_ctx_verify(ctx, SERVER, NULL, 0, server, strlen(server), NULL, NULL));
}

static void wrong_calls(tlsconn_ctx *ctx, const char *server)
{
    static const int roles[] = { -1, 0, 1, 159, 162, INT_MIN, INT_MAX };
    static const int ports[] = { -1, 65536, INT_MIN, INT_MAX };
    static const char *const hosts[] = { "", " ", "a b", "a\nb", "[::1", "1.2.3", "0x7f000001", "a..b" };
    static const char *const none[] = { "", "no PEM at all", "-----BEGIN CERTIFICATE-----\n" };
    size_t len = strlen(server);
    size_t i;

    EXPECT(TLSCONN_E_INVALID, verify(NULL, SERVER, NULL, 0, server));
    nothing_is_said();
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_verify(ctx, SERVER, NULL, 0, NULL, len, &problems, &why));
    nothing_is_said();
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_verify(ctx, SERVER, NULL, 0, NULL, 0, NULL, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_verify(ctx, SERVER, NULL, 0, server, HUGE_LENGTH, NULL, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_verify(NULL, 0, NULL, -1, NULL, HUGE_LENGTH, NULL, NULL));
    for (i = 0; i < sizeof roles / sizeof *roles; i++) {
        EXPECT(TLSCONN_E_INVALID, verify(ctx, roles[i], NULL, 0, server));
        nothing_is_said();
    }
    for (i = 0; i < sizeof ports / sizeof *ports; i++)
        EXPECT(TLSCONN_E_INVALID, verify(ctx, SERVER, "localhost", ports[i], server));
    for (i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        EXPECT(TLSCONN_E_INVALID, verify(ctx, SERVER, hosts[i], 0, server));
        nothing_is_said();
    }
    for (i = 0; i < sizeof none / sizeof *none; i++) {
        EXPECT(TLSCONN_E_PARSE, verify(ctx, SERVER, NULL, 0, none[i]));
        nothing_is_said();
    }
}

static void bad_chains(const char *pki, const char *server, const char *second)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_ctx *nobody = tlsconn_ctx_new();
    tlsconn_cert *cert = certificate(pki, "server.pem");

    EXPECT(TLSCONN_E_CERT, verify(ctx, SERVER, "other.example", 0, server));
    CHECK(problems == TLSCONN_P_NAME_MISMATCH);
    CHECK(tlsconn_error_problems(tlsconn_last_error()) == TLSCONN_P_NAME_MISMATCH);
    CHECK(why[0] == '!' && strstr(why, "other.example") && strstr(why, "\n0: "));
    EXPECT(TLSCONN_E_CERT, verify(ctx, TLSCONN_ROLE_CLIENT, NULL, 0, server));
    CHECK(problems == TLSCONN_P_WRONG_PURPOSE);
    EXPECT(TLSCONN_E_CERT, verify(nobody, SERVER, "other.example", 0, server));
    CHECK((problems & TLSCONN_P_UNKNOWN_ISSUER) && (problems & TLSCONN_P_NAME_MISMATCH));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_VERIFY_TIME, 1));
    EXPECT(TLSCONN_E_CERT, verify(ctx, SERVER, "localhost", 0, server));
    CHECK(problems == TLSCONN_P_NOT_YET_VALID);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_VERIFY_TIME, -1));

    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "localhost", 1, cert, 0));
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, "localhost", 1, server));
    EXPECT(TLSCONN_E_CERT_CHANGED, verify(ctx, SERVER, "localhost", 1, second));
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, "localhost", 0, second));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "revoked.pem"));
    EXPECT(TLSCONN_E_CERT_REVOKED, verify(ctx, SERVER, "localhost", 0, second));
    CHECK(problems == TLSCONN_P_REVOKED);
    EXPECT(TLSCONN_OK, tlsconn_known_distrust(ctx, cert, 1));
    EXPECT(TLSCONN_E_CERT_DISTRUSTED, verify(ctx, SERVER, NULL, 0, server));
    CHECK(problems & TLSCONN_P_DISTRUSTED);
    tlsconn_cert_unref(cert);
    tlsconn_ctx_unref(nobody);
    tlsconn_ctx_unref(ctx);
}

static void known_files(const char *pki, const char *server)
{
    tlsconn_ctx *ctx = context(pki);
    char directory[64];
    char *path = path_in(scratch(directory), "trusted.pem");
    FILE *file;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(ctx, path));
    EXPECT(TLSCONN_OK, verify(ctx, SERVER, "localhost", 1, server));
    file = or_die(fopen(path, "w"));
    fputs("Host: localhost:1\n", file);
    CHECK(fchmod(fileno(file), 0600) == 0 && fclose(file) == 0);
    EXPECT(TLSCONN_E_STORE, verify(ctx, SERVER, "localhost", 1, server));
    nothing_is_said();
    CHECK(chmod(path, 0666) == 0);
    EXPECT(TLSCONN_E_PERMISSION, verify(ctx, SERVER, "localhost", 1, server));
    tlsconn_ctx_unref(ctx);
    remove_scratch(directory);
    free(path);
}

typedef struct {
    tlsconn_ctx *ctx;
    const char *chain;
} elsewhere;

static void *verify_elsewhere(void *given)
{
    const elsewhere *work = given;
    const char *other = NULL;

    CHECK(tlsconn_ctx_verify(work->ctx, SERVER, "elsewhere.example", 0, work->chain, strlen(work->chain), NULL,
                             &other) == TLSCONN_E_CERT);
    CHECK(strstr(other, "elsewhere.example"));
    return NULL;
}

/* It is this thread's until its next call, whatever other calls and other threads do. */
static void why_is_borrowed(const char *pki, const char *server)
{
    elsewhere work = { context(pki), server };
    tlsconn_ctx *ctx = context(pki);
    const char *kept;
    pthread_t thread;

    EXPECT(TLSCONN_E_CERT, verify(ctx, SERVER, "here.example", 0, server));
    kept = why;
    CHECK(pthread_create(&thread, NULL, verify_elsewhere, &work) == 0 && pthread_join(thread, NULL) == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, -1, 0));
    tlsconn_ctx_unref(ctx);
    CHECK(strstr(kept, "here.example") && !strstr(kept, "elsewhere"));
    tlsconn_ctx_unref(work.ctx);
}

int main(int argc, char **argv)
{
    size_t len;
    char *server;
    char *second;
    char *client;
    tlsconn_ctx *ctx;

    if (argc != 2)
        return EXIT_FAILURE;
    server = contents(argv[1], "server.pem", &len);
    second = contents(argv[1], "second.pem", &len);
    client = contents(argv[1], "client.pem", &len);
    ctx = context(argv[1]);
    good_chains(ctx, server, client);
    wrong_calls(ctx, server);
    bad_chains(argv[1], server, second);
    known_files(argv[1], server);
    why_is_borrowed(argv[1], server);
    tlsconn_ctx_unref(ctx);
    free(server);
    free(second);
    free(client);
    return result(argv[0]);
}
