/* Every situation in which there is a question, produced once: what the question says, and that
 * its answer decides. */
#include <time.h>

#include "contract_effects.h"

#define SITUATIONS(X)                                                                            \
    X(TLSCONN_SITUATION_NEW) X(TLSCONN_SITUATION_CHANGED) X(TLSCONN_SITUATION_RENEWED)           \
    X(TLSCONN_SITUATION_UNTRUSTED) X(TLSCONN_SITUATION_NEW_PROBLEM) X(TLSCONN_SITUATION_CLIENT)

CONSTANTS(situation, tlsconn_situation, SITUATIONS, NO_EXCEPTION)

/* A server of this pair that asks no client for a certificate. */
static tlsconn_ctx *serving(const char *cert, const char *key)
{
    tlsconn_ctx *ctx = context(pki);

    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CERT, pki, cert));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_KEY, pki, key));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_NONE));
    return ctx;
}

/* A client that asks where `option` says so and nowhere else, and knows localhost by `known`. */
static tlsconn_ctx *asking(int option, const char *known)
{
    tlsconn_ctx *ctx = context(pki);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, option, TLSCONN_POLICY_ASK));
    if (known) {
        tlsconn_cert *cert = certificate(pki, known);

        EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "localhost", 1, cert, 0));
        tlsconn_cert_unref(cert);
    }
    return ctx;
}

/* The client asks in this situation, about these problems; yes lets the server in, no does not.
 * What `previous` says is whether a certificate is known already. */
static void asks(int situation, uint32_t problems, int previous, tlsconn_ctx *server, tlsconn_ctx *client)
{
    struct both yes = meet(server, client);
    struct both no;
    tlsconn_question *question;

    EXPECT(TLSCONN_WANT_ANSWER, run_client(&yes));
    question = or_die(tlsconn_conn_question(yes.client));
    CHECK(tlsconn_question_situation(question) == situation);
    CHECK(tlsconn_question_problems(question) == problems);
    CHECK((tlsconn_question_previous(question) != NULL) == previous);
    CHECK(strcmp(tlsconn_question_host(question), "localhost") == 0 && tlsconn_question_port(question) == 1);
    CHECK(!*tlsconn_question_identity(question));
    produced_situation(tlsconn_question_situation(question));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    EXPECT(TLSCONN_OK, run_client(&yes));
    CHECK(says(yes.client, TLSCONN_INFO_TRUST, "answer"));
    part(&yes);

    no = meet(server, client);
    EXPECT(TLSCONN_WANT_ANSWER, run_client(&no));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(tlsconn_conn_question(no.client), TLSCONN_REJECT));
    EXPECT(TLSCONN_E_REJECTED, run_client(&no));
    part(&no);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void about_servers(void)
{
    tlsconn_ctx *later = asking(TLSCONN_OPT_ON_NEW_PROBLEM, "server.pem");

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(later, TLSCONN_OPT_VERIFY_TIME, (int64_t)time(NULL) + 25 * 86400));
    asks(TLSCONN_SITUATION_NEW, 0, 0, serving("server.pem", "server.key"), asking(TLSCONN_OPT_ON_NEW, NULL));
    asks(TLSCONN_SITUATION_CHANGED, 0, 1, serving("second.pem", "second.key"),
         asking(TLSCONN_OPT_ON_CHANGED, "server.pem"));
    asks(TLSCONN_SITUATION_RENEWED, 0, 1, serving("renewed.pem", "server.key"),
         asking(TLSCONN_OPT_ON_RENEWED, "server.pem"));
    asks(TLSCONN_SITUATION_UNTRUSTED, TLSCONN_P_SELF_SIGNED | TLSCONN_P_UNKNOWN_ISSUER, 0,
         serving("self.pem", "self.key"), asking(TLSCONN_OPT_ON_UNTRUSTED, NULL));
    asks(TLSCONN_SITUATION_NEW_PROBLEM, TLSCONN_P_EXPIRED, 1, serving("server.pem", "server.key"), later);
}

static void about_a_client(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("self");
    struct both both = meet(server, client);
    tlsconn_question *question;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_ON_CLIENT, TLSCONN_POLICY_ASK));
    EXPECT(TLSCONN_WANT_ANSWER, run(&both));
    question = or_die(tlsconn_conn_question(both.server));
    CHECK(tlsconn_question_situation(question) == TLSCONN_SITUATION_CLIENT);
    CHECK(tlsconn_question_problems(question) & TLSCONN_P_UNKNOWN_ISSUER);
    CHECK(strcmp(tlsconn_question_identity(question), "self") == 0);
    produced_situation(tlsconn_question_situation(question));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    EXPECT(TLSCONN_OK, run(&both));
    CHECK(says(both.server, TLSCONN_INFO_TRUST, "answer"));
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    about_servers();
    about_a_client();
    every_situation();
    return result(argv[0]);
}
