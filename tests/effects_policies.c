/* The six policies: what each of their values comes to in the situation that the option is for, with
 * somebody to ask and without. */
#include <time.h>

#include "contract_options.h"

#define OTHERS(X) JUDGING_OPTIONS(X) SESSION_OPTIONS(X) WAITING_OPTIONS(X)
CONSTANTS(option, tlsconn_option, POLICIES_OF_OPTIONS, OTHERS)

#define POLICIES(X) \
    X(TLSCONN_POLICY_AUTO) X(TLSCONN_POLICY_REFUSE) X(TLSCONN_POLICY_ASK) X(TLSCONN_POLICY_ALLOW)
CONSTANTS(policy, tlsconn_policy, POLICIES, NO_EXCEPTION)

enum whom { NOBODY, SOMEBODY, NOBODY_ANY_MORE };

/* How the server comes to its situation. */
struct scene {
    const char *cert;
    const char *key;
    const char *known;
    int days;
};

static const struct scene new_server = { "server.pem", "server.key", NULL, 0 };
static const struct scene changed = { "second.pem", "second.key", "server.pem", 0 };
static const struct scene renewed = { "renewed.pem", "server.key", "server.pem", 0 };
static const struct scene untrusted = { "self.pem", "self.key", NULL, 0 };
static const struct scene expired = { "server.pem", "server.key", "server.pem", 25 };

static int asked;

static int refuses(tlsconn_question *question, void *userdata)
{
    (void)userdata;
    CHECK(question != NULL);
    asked++;
    return TLSCONN_REJECT;
}

static void ask(tlsconn_ctx *ctx, enum whom whom)
{
    asked = 0;
    if (whom != NOBODY)
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, refuses, NULL, NULL));
    if (whom == NOBODY_ANY_MORE)
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, NULL, NULL, NULL));
}

static int same(const tlsconn_known *known, void *userdata)
{
    return strcmp(tlsconn_cert_str(known->cert, TLSCONN_CERT_SHA256), userdata) == 0 ? 1 : 2;
}

/* The one server that is known shows this certificate. */
static void is_known(tlsconn_ctx *ctx, tlsconn_cert *cert)
{
    char digest[128];

    snprintf(digest, sizeof digest, "%s", tlsconn_cert_str(cert, TLSCONN_CERT_SHA256));
    EXPECT(1, tlsconn_known_each(ctx, "localhost", 1, same, digest));
}

/* A client with this policy meets the server, comes to `code`, and says why it let it in. */
static void comes_to(int option, int policy, const struct scene *scene, enum whom whom, int code, const char *why)
{
    tlsconn_ctx *server = context(pki);
    tlsconn_ctx *client = context(pki);
    struct both both;
    char directory[64];
    char *path = path_in(scratch(directory), "trusted.pem");

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(client, path));
    EXPECT(TLSCONN_OK, add_file(server, TLSCONN_MAT_CERT, pki, scene->cert));
    EXPECT(TLSCONN_OK, add_file(server, TLSCONN_MAT_KEY, pki, scene->key));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_NONE));
    choose(client, option, policy);
    produced_policy(policy);
    if (scene->known) {
        tlsconn_cert *cert = certificate(pki, scene->known);

        EXPECT(TLSCONN_OK, tlsconn_known_set(client, "localhost", 1, cert, 0));
        tlsconn_cert_unref(cert);
    }
    if (scene->days) {
        int64_t then = (int64_t)time(NULL) + (int64_t)scene->days * 86400;

        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_VERIFY_TIME, then));
    }
    ask(client, whom);
    both = meet(server, client);
    EXPECT(code, run_client(&both));
    CHECK(says(both.client, TLSCONN_INFO_TRUST, why));
    CHECK(asked == (code == TLSCONN_E_REJECTED));
    /* What was known is left, unless its file has the renewed one now. */
    if (scene->known) {
        tlsconn_cert *cert = certificate(pki, strcmp(why, "renewed") == 0 ? scene->cert : scene->known);

        is_known(client, cert);
        tlsconn_cert_unref(cert);
    }
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    remove_scratch(directory);
    free(path);
}

static void on_new(void)
{
    const int option = TLSCONN_OPT_ON_NEW;

    comes_to(option, TLSCONN_POLICY_AUTO, &new_server, NOBODY, TLSCONN_OK, "authority");
    comes_to(option, TLSCONN_POLICY_AUTO, &new_server, SOMEBODY, TLSCONN_E_REJECTED, "");
    comes_to(option, TLSCONN_POLICY_AUTO, &new_server, NOBODY_ANY_MORE, TLSCONN_E_CERT_UNKNOWN, "");
    comes_to(option, TLSCONN_POLICY_REFUSE, &new_server, SOMEBODY, TLSCONN_E_CERT_UNKNOWN, "");
    comes_to(option, TLSCONN_POLICY_ASK, &new_server, NOBODY, TLSCONN_WANT_ANSWER, "");
    comes_to(option, TLSCONN_POLICY_ASK, &new_server, SOMEBODY, TLSCONN_E_REJECTED, "");
    comes_to(option, TLSCONN_POLICY_ALLOW, &new_server, SOMEBODY, TLSCONN_OK, "authority");
}

static void on_changed(void)
{
    const int option = TLSCONN_OPT_ON_CHANGED;

    comes_to(option, TLSCONN_POLICY_AUTO, &changed, SOMEBODY, TLSCONN_E_CERT_CHANGED, "");
    comes_to(option, TLSCONN_POLICY_REFUSE, &changed, SOMEBODY, TLSCONN_E_CERT_CHANGED, "");
    comes_to(option, TLSCONN_POLICY_ASK, &changed, NOBODY, TLSCONN_WANT_ANSWER, "");
    comes_to(option, TLSCONN_POLICY_ASK, &changed, SOMEBODY, TLSCONN_E_REJECTED, "");
}

static void on_renewed(void)
{
    const int option = TLSCONN_OPT_ON_RENEWED;

    comes_to(option, TLSCONN_POLICY_AUTO, &renewed, SOMEBODY, TLSCONN_OK, "renewed");
    comes_to(option, TLSCONN_POLICY_ALLOW, &renewed, SOMEBODY, TLSCONN_OK, "renewed");
    comes_to(option, TLSCONN_POLICY_REFUSE, &renewed, SOMEBODY, TLSCONN_E_CERT_CHANGED, "");
    comes_to(option, TLSCONN_POLICY_ASK, &renewed, NOBODY, TLSCONN_WANT_ANSWER, "");
    comes_to(option, TLSCONN_POLICY_ASK, &renewed, SOMEBODY, TLSCONN_E_REJECTED, "");
}

static void on_untrusted(void)
{
    const int option = TLSCONN_OPT_ON_UNTRUSTED;

    comes_to(option, TLSCONN_POLICY_AUTO, &untrusted, SOMEBODY, TLSCONN_E_CERT, "");
    comes_to(option, TLSCONN_POLICY_REFUSE, &untrusted, SOMEBODY, TLSCONN_E_CERT, "");
    comes_to(option, TLSCONN_POLICY_ASK, &untrusted, NOBODY, TLSCONN_WANT_ANSWER, "");
    comes_to(option, TLSCONN_POLICY_ASK, &untrusted, SOMEBODY, TLSCONN_E_REJECTED, "");
}

static void on_new_problem(void)
{
    const int option = TLSCONN_OPT_ON_NEW_PROBLEM;

    comes_to(option, TLSCONN_POLICY_AUTO, &expired, NOBODY, TLSCONN_E_CERT, "");
    comes_to(option, TLSCONN_POLICY_AUTO, &expired, SOMEBODY, TLSCONN_E_REJECTED, "");
    comes_to(option, TLSCONN_POLICY_REFUSE, &expired, SOMEBODY, TLSCONN_E_CERT, "");
    comes_to(option, TLSCONN_POLICY_ASK, &expired, NOBODY, TLSCONN_WANT_ANSWER, "");
    comes_to(option, TLSCONN_POLICY_ASK, &expired, SOMEBODY, TLSCONN_E_REJECTED, "");
}

/* A client that nothing vouches for. */
static void a_stranger(int policy, enum whom whom, int code)
{
    tlsconn_ctx *server = a_server();

    choose(server, TLSCONN_OPT_ON_CLIENT, policy);
    produced_policy(policy);
    ask(server, whom);
    CHECK(comes(server, "self") == code);
    CHECK(asked == (code == TLSCONN_E_REJECTED));
    tlsconn_ctx_unref(server);
}

static void on_client(void)
{
    a_stranger(TLSCONN_POLICY_AUTO, SOMEBODY, TLSCONN_E_CERT_UNKNOWN);
    a_stranger(TLSCONN_POLICY_REFUSE, SOMEBODY, TLSCONN_E_CERT_UNKNOWN);
    a_stranger(TLSCONN_POLICY_ASK, NOBODY, TLSCONN_WANT_ANSWER);
    a_stranger(TLSCONN_POLICY_ASK, SOMEBODY, TLSCONN_E_REJECTED);
}

int main(int argc, char **argv)
{
    static const int all[] = { POLICIES(CONSTANT_NUMBER) };
    static const int closed[] = { TLSCONN_POLICY_AUTO, TLSCONN_POLICY_REFUSE, TLSCONN_POLICY_ASK };
    static const int64_t wrong[] = { -1, 0, 1, 59, 64 };
    static const int64_t wrong_closed[] = { -1, 0, 1, 59, TLSCONN_POLICY_ALLOW, 64 };
    static const struct option options[] = {
        OPTION(TLSCONN_OPT_ON_NEW, on_new, all, wrong),
        OPTION(TLSCONN_OPT_ON_CHANGED, on_changed, closed, wrong_closed),
        OPTION(TLSCONN_OPT_ON_RENEWED, on_renewed, all, wrong),
        OPTION(TLSCONN_OPT_ON_UNTRUSTED, on_untrusted, closed, wrong_closed),
        OPTION(TLSCONN_OPT_ON_NEW_PROBLEM, on_new_problem, closed, wrong_closed),
        OPTION(TLSCONN_OPT_ON_CLIENT, on_client, closed, wrong_closed),
    };
    size_t i;

    if (argc != 2)
        return 2;
    pki = argv[1];
    for EACH(i, options)
        try_option(&options[i], produced_option);
    every_option();
    every_policy();
    return result(argv[0]);
}
