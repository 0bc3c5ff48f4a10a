/* The options that say how sessions come about: versions, resumption, protocols and the key log. */
#include <sys/stat.h>

#include "contract_options.h"

#define OTHERS(X) POLICIES_OF_OPTIONS(X) JUDGING_OPTIONS(X) WAITING_OPTIONS(X)
CONSTANTS(option, tlsconn_option, SESSION_OPTIONS, OTHERS)

#define VERSIONS(X) X(TLSCONN_TLS_1_2) X(TLSCONN_TLS_1_3)
CONSTANTS(version, tlsconn_tls_version, VERSIONS, NO_EXCEPTION)

/* ---------- versions ---------- */

/* One end speaks these versions, the other all; what they agree on, or NULL for nothing. */
static void agree(int option, int on_server, int value, int other, int other_value, const char *wanted)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;

    choose(on_server ? server : client, option, value);
    produced_version(value);
    choose(on_server ? client : server, other, other_value);
    both = meet(server, client);
    CHECK((run_client(&both) == TLSCONN_OK) == (wanted != NULL));
    if (wanted)
        CHECK(says(both.client, TLSCONN_INFO_VERSION, wanted) && says(both.server, TLSCONN_INFO_VERSION, wanted));
    else
        CHECK(tlsconn_error_code(tlsconn_conn_error(both.server)) == TLSCONN_E_PROTOCOL ||
              tlsconn_error_code(tlsconn_conn_error(both.client)) == TLSCONN_E_PROTOCOL);
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void versions(void)
{
    const int min = TLSCONN_OPT_MIN_VERSION;
    const int max = TLSCONN_OPT_MAX_VERSION;
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    int on_server;

    for (on_server = 0; on_server < 2; on_server++) {
        agree(min, on_server, TLSCONN_TLS_1_2, max, TLSCONN_TLS_1_2, "TLSv1.2");
        agree(min, on_server, TLSCONN_TLS_1_2, max, TLSCONN_TLS_1_3, "TLSv1.3");
        agree(min, on_server, TLSCONN_TLS_1_3, max, TLSCONN_TLS_1_3, "TLSv1.3");
        agree(min, on_server, TLSCONN_TLS_1_3, max, TLSCONN_TLS_1_2, NULL);
    }
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, min, TLSCONN_TLS_1_3));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, max, TLSCONN_TLS_1_2));
    tlsconn_ctx_unref(ctx);
    ctx = tlsconn_ctx_new();
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, max, TLSCONN_TLS_1_2));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, min, TLSCONN_TLS_1_3));
    tlsconn_ctx_unref(ctx);
}

/* ---------- resumption ---------- */

/* One connection with a word from the server, behind which a client of TLS 1.3 has its ticket;
 * whether it resumed a session. */
static int resumes(tlsconn_ctx *server, tlsconn_ctx *client)
{
    struct both both = meet(server, client);
    char byte;
    size_t n;
    int resumed;

    EXPECT(TLSCONN_OK, run_client(&both));
    EXPECT(TLSCONN_OK, tlsconn_conn_write(both.server, "x", 1, &n));
    carry(both.server, both.client);
    EXPECT(TLSCONN_OK, tlsconn_conn_read(both.client, &byte, 1, &n));
    resumed = says(both.client, TLSCONN_INFO_RESUMED, "yes");
    CHECK(says(both.server, TLSCONN_INFO_RESUMED, resumed ? "yes" : "no"));
    CHECK(resumed || says(both.client, TLSCONN_INFO_RESUMED, "no"));
    part(&both);
    return resumed;
}

static void resumption(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");

    choose(server, TLSCONN_OPT_TICKETS, 1);
    CHECK(!resumes(server, client));
    CHECK(resumes(server, client));
    choose(client, TLSCONN_OPT_RESUMPTION, 0);
    CHECK(!resumes(server, client));
    CHECK(!resumes(server, client));
    choose(client, TLSCONN_OPT_RESUMPTION, 1);
    CHECK(resumes(server, client) || resumes(server, client));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void tickets(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");

    CHECK(!resumes(server, client));
    CHECK(!resumes(server, client));
    choose(server, TLSCONN_OPT_TICKETS, 1);
    CHECK(!resumes(server, client));
    CHECK(resumes(server, client));
    choose(server, TLSCONN_OPT_TICKETS, 0);
    CHECK(!resumes(server, client));
    CHECK(!resumes(server, client));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

/* Two servers, as two processes are: whether one resumes the sessions of the other. */
static int share(const char *one_secret, const char *other_secret)
{
    tlsconn_ctx *one = a_server();
    tlsconn_ctx *other = a_server();
    tlsconn_ctx *client = a_client("client");
    int resumed;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(one, TLSCONN_OPT_TICKETS, 1));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(other, TLSCONN_OPT_TICKETS, 1));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(one, TLSCONN_OPT_TICKET_SECRET_FILE, one_secret));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(other, TLSCONN_OPT_TICKET_SECRET_FILE, other_secret));
    CHECK(!resumes(one, client));
    resumed = resumes(other, client);
    tlsconn_ctx_unref(one);
    tlsconn_ctx_unref(other);
    tlsconn_ctx_unref(client);
    return resumed;
}

static void ticket_secret(void)
{
    char *secret = path_in(pki, "client.key");
    char *another = path_in(pki, "server.key");
    char *shown = path_in(pki, "open.key");
    tlsconn_ctx *ctx = a_server();

    CHECK(share(secret, secret));
    CHECK(!share(secret, another));
    CHECK(!share(secret, ""));
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, shown));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, "/nowhere/at/all"));
    tlsconn_ctx_unref(ctx);
    free(secret);
    free(another);
    free(shown);
}

/* ---------- protocols ---------- */

/* What the two agree on; NULL: on nothing, which ends the connection. */
static void speak(const char *of_server, const char *of_client, const char *wanted)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(server, TLSCONN_OPT_ALPN, of_server));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(client, TLSCONN_OPT_ALPN, of_client));
    both = meet(server, client);
    if (wanted) {
        EXPECT(TLSCONN_OK, run(&both));
        CHECK(says(both.client, TLSCONN_INFO_ALPN, wanted) && says(both.server, TLSCONN_INFO_ALPN, wanted));
    } else {
        CHECK(run(&both) == TLSCONN_E_ALPN);
    }
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void alpn(void)
{
    static const char *const wrong[] = { ",", "h2,", ",h2", "h2,,http/1.1", "h2, http/1.1", " h2" };
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    char name[257];
    size_t i;

    speak("", "", "");
    speak("", "h2", "");
    speak("h2", "", "");
    speak("h2,http/1.1", "http/1.1", "http/1.1");
    speak("h2,http/1.1", "http/1.1,h2", "h2");
    speak("http/1.1,h2", "h2,http/1.1", "http/1.1");
    speak("h2", "http/1.1", NULL);
    for EACH(i, wrong)
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, wrong[i]));
    memset(name, 'a', sizeof name);
    name[256] = 0;
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, name));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, name + 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, NULL));
    tlsconn_ctx_unref(ctx);
}

/* ---------- groups and cipher suites ---------- */

/* With these lists, what the two agree on ends with WANTED; NULL: they agree on nothing, and the
 * client is told so by an alert. */
static void settle(int version, int option, int info, const char *of_server, const char *of_client, const char *wanted)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_MAX_VERSION, version));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_MIN_VERSION, version));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(server, option, of_server));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(client, option, of_client));
    both = meet(server, client);
    CHECK((run_client(&both) == TLSCONN_OK) == (wanted != NULL));
    if (wanted) {
        const char *got = tlsconn_conn_info(both.client, info);

        CHECK(strlen(got) >= strlen(wanted) && !strcmp(got + strlen(got) - strlen(wanted), wanted));
        CHECK(says(both.server, info, got));
    } else {
        CHECK(tlsconn_error_code(tlsconn_conn_error(both.server)) == TLSCONN_E_PROTOCOL);
        CHECK(tlsconn_error_code(tlsconn_conn_error(both.client)) == TLSCONN_E_ALERT);
    }
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

/* A list that leaves a version with nothing is refused, whichever is set first, and so is a list
 * that holds a name which is empty, unknown or there twice. */
static void lists(int option, const char *good, const char *only_1_3, const char *const *wrong, size_t count)
{
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    size_t i;

    for (i = 0; i < count; i++) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, option, wrong[i]));
        CHECK(strstr(tlsconn_error_hint(tlsconn_last_error()), good) != NULL);
    }
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, option, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, option, only_1_3));
    CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), "TLS 1.2") != NULL);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_MIN_VERSION, TLSCONN_TLS_1_3));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, option, only_1_3));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_MIN_VERSION, TLSCONN_TLS_1_2));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, option, ""));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_MIN_VERSION, TLSCONN_TLS_1_2));
    tlsconn_ctx_unref(ctx);
}

/* No session outlives a change of the list, on either side. */
static void leaves_no_session(int option, const char *list)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_TICKETS, 1));
    CHECK(!resumes(server, client));
    CHECK(resumes(server, client));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(server, option, list));
    CHECK(!resumes(server, client));
    CHECK(resumes(server, client));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(client, option, list));
    CHECK(!resumes(server, client));
    CHECK(resumes(server, client));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void groups(void)
{
    static const char *const wrong[] = { ",", "x25519,", ",x25519", "x25519,,secp384r1", "x25519, secp384r1",
                                         "P-256", "x25519,X25519", "ffdhe2048" };
    const int option = TLSCONN_OPT_GROUPS;
    const int info = TLSCONN_INFO_GROUP;
    const int tls_1_3 = TLSCONN_TLS_1_3;

    settle(tls_1_3, option, info, "", "", "X25519MLKEM768");
    settle(tls_1_3, option, info, "", "x25519", "x25519");
    settle(tls_1_3, option, info, "X25519", "", "x25519");
    settle(TLSCONN_TLS_1_2, option, info, "x25519", "", "x25519");
    settle(tls_1_3, option, info, "secp384r1", "", "secp384r1");
    settle(tls_1_3, option, info, "x25519,secp256r1", "secp256r1,x25519", "secp256r1");
    settle(tls_1_3, option, info, "x25519", "secp256r1", NULL);
    settle(TLSCONN_TLS_1_2, option, info, "secp384r1,x25519", "secp256r1,secp384r1", "secp384r1");
    settle(TLSCONN_TLS_1_2, option, info, "x25519", "secp256r1", NULL);
    lists(option, "secp384r1", "X25519MLKEM768", wrong, sizeof wrong / sizeof *wrong);
    leaves_no_session(option, "x25519,secp256r1");
}

#define ECDSA "TLS_ECDHE_ECDSA_WITH_"

static void ciphers(void)
{
    static const char *const wrong[] = { ",", "TLS_AES_256_GCM_SHA384,", "TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256",
                                         "ECDHE-ECDSA-AES128-GCM-SHA256", "DEFAULT", "TLS13_AES_128_GCM_SHA256",
                                         "TLS_AES_128_GCM_SHA256,tls_aes_128_gcm_sha256" };
    static const char chacha[] = "TLS_CHACHA20_POLY1305_SHA256," ECDSA "CHACHA20_POLY1305_SHA256";
    static const char aes[] = "TLS_AES_128_GCM_SHA256," ECDSA "AES_128_GCM_SHA256";
    static const char both[] = "TLS_AES_128_GCM_SHA256," ECDSA "AES_128_GCM_SHA256,"
                               "TLS_CHACHA20_POLY1305_SHA256," ECDSA "CHACHA20_POLY1305_SHA256";
    const int option = TLSCONN_OPT_CIPHERS;
    const int info = TLSCONN_INFO_CIPHER;
    static const int versions_of[] = { TLSCONN_TLS_1_2, TLSCONN_TLS_1_3 };
    size_t i;

    for EACH(i, versions_of) {
        const int version = versions_of[i];

        /* A client of one version alone may not list suites of the other alone; all lists have both. */
        settle(version, option, info, "", "", "AES_256_GCM_SHA384");
        settle(version, option, info, "", chacha, "CHACHA20_POLY1305_SHA256");
        settle(version, option, info, aes, "", "AES_128_GCM_SHA256");
        settle(version, option, info, both, chacha, "CHACHA20_POLY1305_SHA256");
        settle(version, option, info, chacha, both, "CHACHA20_POLY1305_SHA256");
        settle(version, option, info, both, "TLS_CHACHA20_POLY1305_SHA256,TLS_AES_128_GCM_SHA256,"
               ECDSA "CHACHA20_POLY1305_SHA256," ECDSA "AES_128_GCM_SHA256", "AES_128_GCM_SHA256");
        settle(version, option, info, aes, chacha, NULL);
    }
    lists(option, "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", wrong, sizeof wrong / sizeof *wrong);
    leaves_no_session(option, both);
}

/* ---------- the key log ---------- */

static void key_log(void)
{
    char directory[64];
    char *path = path_in(scratch(directory), "trusted.pem");
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;
    struct stat about;
    size_t len;
    size_t after;
    char *text;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(client, TLSCONN_OPT_KEYLOG_FILE, path));
    both = meet(server, client);
    EXPECT(TLSCONN_OK, run_client(&both));
    part(&both);
    CHECK(stat(path, &about) == 0 && (about.st_mode & 0777) == 0600);
    text = contents(directory, "trusted.pem", &len);
    CHECK(strstr(text, "CLIENT_TRAFFIC_SECRET_0 ") && strstr(text, "SERVER_TRAFFIC_SECRET_0 "));
    free(text);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(client, TLSCONN_OPT_KEYLOG_FILE, ""));
    both = meet(server, client);
    EXPECT(TLSCONN_OK, run_client(&both));
    part(&both);
    free(contents(directory, "trusted.pem", &after));
    CHECK(len > 0 && after == len);
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_set_str(client, TLSCONN_OPT_KEYLOG_FILE, "/nowhere/at/all"));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    free(path);
    remove_scratch(directory);
}

int main(int argc, char **argv)
{
    static const int tls[] = { VERSIONS(CONSTANT_NUMBER) };
    static const int on_off[] = { 0, 1 };
    static const int64_t wrong[] = { -1, 2, 0x0300, 0x0302, 0x0305, ((int64_t)1 << 32) + 1 };
    static const struct option options[] = {
        OPTION(TLSCONN_OPT_MIN_VERSION, versions, tls, wrong),
        OPTION(TLSCONN_OPT_MAX_VERSION, versions, tls, wrong),
        OPTION(TLSCONN_OPT_RESUMPTION, resumption, on_off, wrong),
        OPTION(TLSCONN_OPT_TICKETS, tickets, on_off, wrong),
        STRING_OPTION(TLSCONN_OPT_TICKET_SECRET_FILE, ticket_secret),
        STRING_OPTION(TLSCONN_OPT_ALPN, alpn),
        STRING_OPTION(TLSCONN_OPT_KEYLOG_FILE, key_log),
        STRING_OPTION(TLSCONN_OPT_GROUPS, groups),
        STRING_OPTION(TLSCONN_OPT_CIPHERS, ciphers),
    };
    size_t i;

    if (argc != 2)
        return 2;
    pki = argv[1];
    for EACH(i, options)
        try_option(&options[i], produced_option);
    every_option();
    every_version();
    return result(argv[0]);
}
