/* The options that say how a peer is judged: what each of their values comes to. */
#include <time.h>

#include <sys/stat.h>

#include "contract_options.h"

#define OTHERS(X) POLICIES_OF_OPTIONS(X) SESSION_OPTIONS(X) WAITING_OPTIONS(X)
CONSTANTS(option, tlsconn_option, JUDGING_OPTIONS, OTHERS)

#define CLIENT_AUTH(X) \
    X(TLSCONN_CLIENT_AUTH_NONE) X(TLSCONN_CLIENT_AUTH_OPTIONAL) X(TLSCONN_CLIENT_AUTH_REQUIRED)
#define SEND_CERT(X) X(TLSCONN_SEND_CERT_MATCHING) X(TLSCONN_SEND_CERT_ALWAYS) X(TLSCONN_SEND_CERT_NEVER)
#define CRL_MODE(X) X(TLSCONN_CRL_OFF) X(TLSCONN_CRL_IF_PRESENT) X(TLSCONN_CRL_REQUIRED)
#define PROFILE(X) X(TLSCONN_PROFILE_STRICT) X(TLSCONN_PROFILE_LIBVIRT) X(TLSCONN_PROFILE_PEDANTIC)
#define IDENTITY(X)                                                          \
    X(TLSCONN_IDENTITY_CN) X(TLSCONN_IDENTITY_SAN_DNS) X(TLSCONN_IDENTITY_SAN_EMAIL) \
    X(TLSCONN_IDENTITY_DN) X(TLSCONN_IDENTITY_SHA256)
CONSTANTS(client_auth, tlsconn_client_auth, CLIENT_AUTH, NO_EXCEPTION)
CONSTANTS(send_cert, tlsconn_send_cert, SEND_CERT, NO_EXCEPTION)
CONSTANTS(crl_mode, tlsconn_crl_mode, CRL_MODE, NO_EXCEPTION)
CONSTANTS(profile, tlsconn_profile, PROFILE, NO_EXCEPTION)
CONSTANTS(identity, tlsconn_identity, IDENTITY, NO_EXCEPTION)

#define SERVER TLSCONN_ROLE_SERVER

/* A client with this pair, or none, comes to `code`, and both ends say what became of its
 * certificate. */
static void client_comes(tlsconn_ctx *server, tlsconn_ctx *client, int code, const char *near, const char *far)
{
    struct both both = meet(server, client);

    CHECK(run(&both) == code);
    CHECK(tlsconn_error_code(tlsconn_conn_error(both.server)) == code);
    CHECK(says(both.client, TLSCONN_INFO_CLIENT_CERT, near));
    CHECK(says(both.server, TLSCONN_INFO_TRUST, far));
    part(&both);
}

static void client_auth(void)
{
    static const struct {
        int value;
        const char *name;
        int code;
        const char *near;
        const char *far;
    } cases[] = {
        { TLSCONN_CLIENT_AUTH_NONE, NULL, TLSCONN_OK, "not-asked", "anonymous" },
        { TLSCONN_CLIENT_AUTH_NONE, "client", TLSCONN_OK, "not-asked", "anonymous" },
        { TLSCONN_CLIENT_AUTH_OPTIONAL, NULL, TLSCONN_OK, "lacking", "anonymous" },
        { TLSCONN_CLIENT_AUTH_OPTIONAL, "client", TLSCONN_OK, "sent", "authority" },
        { TLSCONN_CLIENT_AUTH_OPTIONAL, "self", TLSCONN_E_CERT_UNKNOWN, "sent", "" },
        { TLSCONN_CLIENT_AUTH_REQUIRED, NULL, TLSCONN_E_NO_CLIENT_CERT, "lacking", "" },
        { TLSCONN_CLIENT_AUTH_REQUIRED, "client", TLSCONN_OK, "sent", "authority" },
    };
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *bare = a_client(NULL);
    size_t i;

    client_comes(server, bare, TLSCONN_E_NO_CLIENT_CERT, "lacking", ""); /* the default */
    for EACH(i, cases) {
        tlsconn_ctx *client = a_client(cases[i].name);

        choose(server, TLSCONN_OPT_CLIENT_AUTH, cases[i].value);
        produced_client_auth(cases[i].value);
        client_comes(server, client, cases[i].code, cases[i].near, cases[i].far);
        tlsconn_ctx_unref(client);
    }
    /* Where there is a list of those who may come, nobody comes without a name. */
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(server, "client"));
    choose(server, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_OPTIONAL);
    client_comes(server, bare, TLSCONN_E_NO_CLIENT_CERT, "lacking", "");
    tlsconn_ctx_unref(bare);
    tlsconn_ctx_unref(server);
}

static void send_client_cert(void)
{
    static const struct {
        int value;
        int of_ours; /* the code where the server names our authority */
        const char *near;
        int of_others;
        const char *near_others;
    } cases[] = {
        { 0, TLSCONN_OK, "sent", TLSCONN_E_NO_CLIENT_CERT, "withheld" },
        { TLSCONN_SEND_CERT_MATCHING, TLSCONN_OK, "sent", TLSCONN_E_NO_CLIENT_CERT, "withheld" },
        { TLSCONN_SEND_CERT_ALWAYS, TLSCONN_OK, "sent", TLSCONN_E_CERT_UNKNOWN, "sent" },
        { TLSCONN_SEND_CERT_NEVER, TLSCONN_E_NO_CLIENT_CERT, "withheld", TLSCONN_E_NO_CLIENT_CERT, "withheld" },
    };
    tlsconn_ctx *ours = a_server();
    tlsconn_ctx *others = tlsconn_ctx_new();
    size_t i;

    EXPECT(TLSCONN_OK, add_file(others, TLSCONN_MAT_CA, pki, "self.pem"));
    EXPECT(TLSCONN_OK, add_file(others, TLSCONN_MAT_CERT, pki, "server.pem"));
    EXPECT(TLSCONN_OK, add_file(others, TLSCONN_MAT_KEY, pki, "server.key"));
    for EACH(i, cases) {
        tlsconn_ctx *client = context(pki);

        EXPECT(TLSCONN_OK, add_file(client, TLSCONN_MAT_CERT, pki, "client.pem"));
        EXPECT(TLSCONN_OK, add_file(client, TLSCONN_MAT_KEY, pki, "client.key"));
        if (cases[i].value) {
            choose(client, TLSCONN_OPT_SEND_CLIENT_CERT, cases[i].value);
            produced_send_cert(cases[i].value);
        }
        client_comes(ours, client, cases[i].of_ours, cases[i].near, cases[i].of_ours ? "" : "authority");
        client_comes(others, client, cases[i].of_others, cases[i].near_others, "");
        tlsconn_ctx_unref(client);
    }
    tlsconn_ctx_unref(others);
    tlsconn_ctx_unref(ours);
}

/* The server of this certificate has these problems, and is refused for them. */
#define HAS(ctx, host, chain, want) has(__LINE__, ctx, host, chain, want)

static void has(int line, tlsconn_ctx *ctx, const char *host, const char *chain, uint32_t want)
{
    uint32_t problems = UINT32_MAX;
    int code = !want ? TLSCONN_OK : want & TLSCONN_P_REVOKED ? TLSCONN_E_CERT_REVOKED : TLSCONN_E_CERT;

    expect(__FILE__, line, chain, code, judged(ctx, SERVER, host, 0, chain, &problems));
    if (problems != want) {
        fprintf(stderr, "%s:%d: %s has the problems 0x%lx, not 0x%lx\n", __FILE__, line, chain,
                (unsigned long)problems, (unsigned long)want);
        failures++;
    }
}

static void crl_mode(void)
{
    static const struct {
        int value;
        uint32_t without; /* the problems where there is no list, and of a revoked certificate */
        uint32_t revoked;
    } cases[] = {
        { 0, 0, TLSCONN_P_REVOKED },
        { TLSCONN_CRL_OFF, 0, 0 },
        { TLSCONN_CRL_IF_PRESENT, 0, TLSCONN_P_REVOKED },
        { TLSCONN_CRL_REQUIRED, TLSCONN_P_CRL_MISSING, TLSCONN_P_REVOKED },
    };
    size_t i;

    for EACH(i, cases) {
        tlsconn_ctx *ctx = context(pki);

        if (cases[i].value) {
            choose(ctx, TLSCONN_OPT_CRL_MODE, cases[i].value);
            produced_crl_mode(cases[i].value);
        }
        HAS(ctx, "localhost", "second.pem", cases[i].without);
        EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "revoked.pem"));
        HAS(ctx, "localhost", "second.pem", cases[i].revoked);
        HAS(ctx, "localhost", "server.pem", 0);
        tlsconn_ctx_unref(ctx);
    }
}

static void crl_grace(void)
{
    tlsconn_ctx *ctx = context(pki);

    /* A list for one hour, two hours from now. */
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "brief.pem"));
    HAS(ctx, "localhost", "server.pem", 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_VERIFY_TIME, (int64_t)time(NULL) + 7200));
    HAS(ctx, "localhost", "server.pem", TLSCONN_P_CRL_EXPIRED);
    choose(ctx, TLSCONN_OPT_CRL_GRACE_S, 1800);
    HAS(ctx, "localhost", "server.pem", TLSCONN_P_CRL_EXPIRED);
    choose(ctx, TLSCONN_OPT_CRL_GRACE_S, 7200);
    HAS(ctx, "localhost", "server.pem", 0);
    choose(ctx, TLSCONN_OPT_CRL_GRACE_S, 0);
    HAS(ctx, "localhost", "server.pem", TLSCONN_P_CRL_EXPIRED);
    tlsconn_ctx_unref(ctx);
}

static void profile(void)
{
    static const struct {
        int value;
        uint32_t nameless; /* of a certificate whose host is its common name alone */
        uint32_t homely;   /* of one whose common name is no alternative name */
    } cases[] = {
        { 0, TLSCONN_P_NO_SAN, 0 },
        { TLSCONN_PROFILE_STRICT, TLSCONN_P_NO_SAN, 0 },
        { TLSCONN_PROFILE_LIBVIRT, 0, 0 },
        { TLSCONN_PROFILE_PEDANTIC, TLSCONN_P_NO_SAN, TLSCONN_P_FORM },
    };
    size_t i;

    for EACH(i, cases) {
        tlsconn_ctx *ctx = context(pki);

        if (cases[i].value) {
            choose(ctx, TLSCONN_OPT_PROFILE, cases[i].value);
            produced_profile(cases[i].value);
        }
        HAS(ctx, "server", "nameless.pem", cases[i].nameless);
        HAS(ctx, "localhost", "server.pem", cases[i].homely);
        tlsconn_ctx_unref(ctx);
    }
}

static void verify_time(void)
{
    tlsconn_ctx *ctx = context(pki);
    int64_t now = (int64_t)time(NULL);

    choose(ctx, TLSCONN_OPT_VERIFY_TIME, 0);
    HAS(ctx, "localhost", "server.pem", TLSCONN_P_NOT_YET_VALID);
    choose(ctx, TLSCONN_OPT_VERIFY_TIME, now);
    HAS(ctx, "localhost", "server.pem", 0);
    choose(ctx, TLSCONN_OPT_VERIFY_TIME, now + 25 * 86400);
    HAS(ctx, "localhost", "server.pem", TLSCONN_P_EXPIRED);
    choose(ctx, TLSCONN_OPT_VERIFY_TIME, -1);
    HAS(ctx, "localhost", "server.pem", 0);
    tlsconn_ctx_unref(ctx);
}

static void identity_from(void)
{
    tlsconn_cert *cert = certificate(pki, "named.pem");
    tlsconn_ctx *client = a_client("named");
    tlsconn_ctx *plain = a_client("client");
    char pairs[128];
    size_t i;
    const struct {
        int value;
        const char *identity;
        int plain; /* what a client without alternative names comes to */
    } cases[] = {
        { 0, "client", TLSCONN_OK },
        { TLSCONN_IDENTITY_CN, "client", TLSCONN_OK },
        { TLSCONN_IDENTITY_SAN_DNS, "alice.example", TLSCONN_E_NOT_ALLOWED },
        { TLSCONN_IDENTITY_SAN_EMAIL, "alice@lab.example", TLSCONN_E_NOT_ALLOWED },
        { TLSCONN_IDENTITY_DN, "CN=client", TLSCONN_OK },
        { TLSCONN_IDENTITY_SHA256, pairs, TLSCONN_OK },
    };

    snprintf(pairs, sizeof pairs, "%s", tlsconn_cert_str(cert, TLSCONN_CERT_SHA256));
    for EACH(i, cases) {
        tlsconn_ctx *server = a_server();
        struct both both;

        if (cases[i].value) {
            choose(server, TLSCONN_OPT_IDENTITY_FROM, cases[i].value);
            produced_identity(cases[i].value);
        }
        both = meet(server, client);
        EXPECT(TLSCONN_OK, run(&both));
        CHECK(says(both.server, TLSCONN_INFO_PEER_IDENTITY, cases[i].identity));
        CHECK(says(both.server, TLSCONN_INFO_IDENTITY_SOURCE, "authority"));
        part(&both);
        client_comes(server, plain, cases[i].plain, "sent", cases[i].plain ? "" : "authority");
        tlsconn_ctx_unref(server);
    }
    tlsconn_ctx_unref(plain);
    tlsconn_ctx_unref(client);
    tlsconn_cert_unref(cert);
}

static void dir_and_ca(void)
{
    char directory[64];
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(server, scratch(directory)));
    client_comes(server, client, TLSCONN_E_CERT_UNKNOWN, "sent", "");
    choose(server, TLSCONN_OPT_DIR_AND_CA, 1);
    client_comes(server, client, TLSCONN_OK, "sent", "authority");
    choose(server, TLSCONN_OPT_DIR_AND_CA, 0);
    client_comes(server, client, TLSCONN_E_CERT_UNKNOWN, "sent", "");
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(server);
    remove_scratch(directory);
}

static void dir_group_write(void)
{
    char directory[64];
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");

    CHECK(chmod(scratch(directory), 0770) == 0);
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_client_dir(server, directory));
    choose(server, TLSCONN_OPT_DIR_GROUP_WRITE, 1);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(server, directory));
    client_comes(server, client, TLSCONN_E_CERT_UNKNOWN, "sent", "");
    choose(server, TLSCONN_OPT_DIR_GROUP_WRITE, 0);
    client_comes(server, client, TLSCONN_E_PERMISSION, "sent", "");
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_client_dir(server, directory));
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(server);
    remove_scratch(directory);
}

int main(int argc, char **argv)
{
    static const int auths[] = { CLIENT_AUTH(CONSTANT_NUMBER) };
    static const int sends[] = { SEND_CERT(CONSTANT_NUMBER) };
    static const int modes[] = { CRL_MODE(CONSTANT_NUMBER) };
    static const int profiles[] = { PROFILE(CONSTANT_NUMBER) };
    static const int identities[] = { IDENTITY(CONSTANT_NUMBER) };
    static const int seconds[] = { 0, 1800, 7200 };
    static const int times[] = { -1, 0 };
    static const int on_off[] = { 0, 1 };
    static const int64_t wrong[] = { -1, 2, 29, 33, 39, 43, 69, 73, 79, 85, 179, 183, ((int64_t)1 << 32) + 31 };
    static const int64_t negative[] = { -1 };
    static const int64_t before[] = { -2 };
    static const struct option options[] = {
        OPTION(TLSCONN_OPT_CLIENT_AUTH, client_auth, auths, wrong),
        OPTION(TLSCONN_OPT_SEND_CLIENT_CERT, send_client_cert, sends, wrong),
        OPTION(TLSCONN_OPT_CRL_MODE, crl_mode, modes, wrong),
        OPTION(TLSCONN_OPT_CRL_GRACE_S, crl_grace, seconds, negative),
        OPTION(TLSCONN_OPT_PROFILE, profile, profiles, wrong),
        OPTION(TLSCONN_OPT_VERIFY_TIME, verify_time, times, before),
        OPTION(TLSCONN_OPT_IDENTITY_FROM, identity_from, identities, wrong),
        OPTION(TLSCONN_OPT_DIR_AND_CA, dir_and_ca, on_off, wrong),
        OPTION(TLSCONN_OPT_DIR_GROUP_WRITE, dir_group_write, on_off, wrong),
    };
    size_t i;

    if (argc != 2)
        return 2;
    pki = argv[1];
    for EACH(i, options)
        try_option(&options[i], produced_option);
    every_option();
    every_client_auth();
    every_send_cert();
    every_crl_mode();
    every_profile();
    every_identity();
    return result(argv[0]);
}
