/* Questions about clients: a validator that calls what it may not, connections and contexts that go
 * while a question is open, answers that come late, and a child that has all of it. */
#include <pthread.h>

#include "contract_both.h"

struct judge {
    int answer;
    int asked;
    int destroyed;
    tlsconn_ctx *ctx;
    struct both both;
};

static void forget(void *userdata)
{
    ((struct judge *)userdata)->destroyed++;
}

static int judges(tlsconn_question *question, void *userdata)
{
    struct judge *judge = userdata;
    char byte;
    size_t n;
    struct both other;

    CHECK(judge->destroyed == 0);
    CHECK(tlsconn_question_situation(question) == TLSCONN_SITUATION_CLIENT);
    CHECK(strcmp(tlsconn_question_identity(question), "self") == 0);
    CHECK(!*tlsconn_question_host(question) && tlsconn_question_port(question) == 0);
    CHECK(tlsconn_question_cert(question, 0) && tlsconn_question_previous(question) == NULL);
    CHECK(strstr(tlsconn_question_text(question, TLSCONN_STYLE_SUMMARY), "the client self") != NULL);
    if (judge->asked++ > 0)
        return judge->answer;
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_handshake(judge->both.server));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_read(judge->both.server, &byte, 1, &n));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_write(judge->both.server, "x", 1, &n));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_mem_input(judge->both.server, "x", 1, &n));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_recheck(judge->both.server));
    /* Everything else may be called, and the rest of the world goes on. */
    EXPECT(TLSCONN_OK, comes(judge->ctx, "client"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(judge->ctx));
    EXPECT(TLSCONN_E_NOT_FOUND, tlsconn_known_remove_cert(judge->ctx, tlsconn_question_cert(question, 0)));
    other = meet(judge->ctx, judge->ctx);
    part(&other);
    return judge->answer;
}

static tlsconn_ctx *asking(tlsconn_validator_fn fn, struct judge *judge)
{
    tlsconn_ctx *ctx = a_server();

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_CLIENT, TLSCONN_POLICY_ASK));
    if (fn)
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, fn, judge, forget));
    return ctx;
}

static void answers(void)
{
    static const struct {
        int answer;
        int code;
        int asked;
    } cases[] = {
        { TLSCONN_REJECT, TLSCONN_E_REJECTED, 2 },        { TLSCONN_ALLOW_ONCE, TLSCONN_OK, 2 },
        { TLSCONN_ALLOW_SESSION, TLSCONN_OK, 1 },         { TLSCONN_ALLOW_ALWAYS, TLSCONN_OK, 1 },
        { 42, TLSCONN_E_REJECTED, 2 },                    { INT_MIN, TLSCONN_E_REJECTED, 2 },
        { TLSCONN_ANSWER_LATER, TLSCONN_WANT_ANSWER, 1 },
    };
    size_t i;

    for EACH(i, cases) {
        struct judge judge = { 0, 0, 0, NULL, { NULL, NULL } };
        tlsconn_ctx *client = a_client("self");
        struct both again;

        judge.answer = cases[i].answer;
        judge.ctx = asking(judges, &judge);
        judge.both = meet(judge.ctx, client);
        EXPECT(cases[i].code, run(&judge.both));
        again = meet(judge.ctx, client);
        EXPECT(cases[i].code, run(&again));
        CHECK(judge.asked == cases[i].asked);
        part(&again);
        CHECK(judge.destroyed == 0);
        tlsconn_ctx_unref(judge.ctx);
        tlsconn_ctx_unref(client);
        /* With the question open or answered, the last connection takes it along. */
        part(&judge.both);
        CHECK(judge.destroyed == 1);
    }
}

static void *says_yes(void *userdata)
{
    EXPECT(TLSCONN_OK, tlsconn_question_answer(userdata, TLSCONN_ALLOW_ALWAYS));
    tlsconn_question_unref(userdata);
    return NULL;
}

static int counts(const tlsconn_known *known, void *userdata)
{
    CHECK(known->role == TLSCONN_ROLE_CLIENT && !*known->host && known->port == 0);
    CHECK(known->cert != NULL && known->distrusted == 0 && strcmp(known->origin, "user") == 0);
    ++*(int *)userdata;
    return 0;
}

static void open_questions(void)
{
    char directory[64];
    char *known = path_in(scratch(directory), "trusted.pem");
    tlsconn_ctx *ctx = asking(NULL, NULL);
    tlsconn_ctx *client = a_client("self");
    tlsconn_cert *cert = certificate(pki, "self.pem");
    tlsconn_question *question;
    struct both one;
    struct both two;
    pthread_t thread;
    int count = 0;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_client_file(ctx, known));
    one = meet(ctx, client);
    two = meet(ctx, client);
    EXPECT(TLSCONN_WANT_ANSWER, run(&one));
    EXPECT(TLSCONN_WANT_ANSWER, run(&two));
    question = tlsconn_conn_question(one.server);
    CHECK(question && question == tlsconn_conn_question(two.server));
    CHECK(tlsconn_question_allows(question, TLSCONN_ALLOW_ALWAYS) == 1);
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_recheck(one.server));
    tlsconn_question_ref(question);
    part(&one);
    CHECK(pthread_create(&thread, NULL, says_yes, question) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    EXPECT(TLSCONN_OK, run(&two));
    CHECK(says(two.server, TLSCONN_INFO_IDENTITY_SOURCE, "answer"));
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, NULL, 0, counts, &count));
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, "localhost", 0, counts, &count));
    CHECK(count == 1);

    /* Forgotten, it is a stranger again, here and where it is connected. */
    EXPECT(TLSCONN_OK, tlsconn_conn_recheck(two.server));
    EXPECT(TLSCONN_OK, tlsconn_known_remove_cert(ctx, cert));
    EXPECT(TLSCONN_E_NOT_FOUND, tlsconn_known_remove_cert(ctx, cert));
    EXPECT(TLSCONN_E_CERT_UNKNOWN, tlsconn_conn_recheck(two.server));
    part(&two);
    EXPECT(TLSCONN_WANT_ANSWER, comes(ctx, "self"));

    /* A question outlives connection and context, and its answer is kept. */
    one = meet(ctx, client);
    EXPECT(TLSCONN_WANT_ANSWER, run(&one));
    question = tlsconn_question_ref(tlsconn_conn_question(one.server));
    part(&one);
    tlsconn_ctx_unref(ctx);
    CHECK(strcmp(tlsconn_question_identity(question), "self") == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_question_answer(question, TLSCONN_ANSWER_LATER));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, TLSCONN_ALLOW_ALWAYS));
    EXPECT(TLSCONN_E_STALE, tlsconn_question_answer(question, TLSCONN_REJECT));
    tlsconn_question_unref(question);
    ctx = a_server();
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_client_file(ctx, known));
    EXPECT(TLSCONN_OK, comes(ctx, "self"));
    EXPECT(TLSCONN_OK, tlsconn_known_distrust(ctx, cert, 1));
    EXPECT(TLSCONN_E_CERT_DISTRUSTED, comes(ctx, "self"));
    tlsconn_ctx_unref(ctx);
    tlsconn_ctx_unref(client);
    tlsconn_cert_unref(cert);
    free(known);
    remove_scratch(directory);
}

/* ---------- forks ---------- */

static void in_a_child(struct both *open, struct both *waiting, tlsconn_question *question, tlsconn_ctx *ctx)
{
    char byte;
    size_t n;

    CHECK(!tlsconn_conn_question(waiting->server));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_recheck(open->server));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_recheck(open->client));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_recheck(waiting->server));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_handshake(waiting->server));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_read(open->server, &byte, 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_write(open->server, "x", 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_mem_input(open->server, "x", 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_mem_output(open->server, &byte, 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_question_answer(question, TLSCONN_ALLOW_ALWAYS));
    tlsconn_conn_abort(open->server);
    part(open);
    part(waiting);
    /* Contexts survive: the child serves with what the parent has made. */
    EXPECT(TLSCONN_OK, comes(ctx, "client"));
    tlsconn_ctx_unref(ctx);
}

static void forks(void)
{
    struct judge judge = { TLSCONN_ANSWER_LATER, 1, 0, NULL, { NULL, NULL } };
    tlsconn_ctx *ctx = asking(judges, &judge);
    tlsconn_ctx *known = a_client("client");
    tlsconn_ctx *unknown = a_client("self");
    struct both open = meet(ctx, known);
    struct both waiting = meet(ctx, unknown);
    tlsconn_question *question;
    int status = -1;
    pid_t child;

    EXPECT(TLSCONN_OK, run(&open));
    EXPECT(TLSCONN_WANT_ANSWER, run(&waiting));
    question = tlsconn_conn_question(waiting.server);
    fflush(stderr);
    child = fork();
    if (child == 0) {
        in_a_child(&open, &waiting, question, ctx);
        tlsconn_ctx_unref(known);
        tlsconn_ctx_unref(unknown);
        _exit(failures ? 1 : 0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT(TLSCONN_OK, tlsconn_conn_recheck(open.server));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(tlsconn_conn_question(waiting.server), TLSCONN_ALLOW_ONCE));
    EXPECT(TLSCONN_OK, run(&waiting));
    part(&open);
    part(&waiting);
    tlsconn_ctx_unref(ctx);
    tlsconn_ctx_unref(known);
    tlsconn_ctx_unref(unknown);
    CHECK(judge.destroyed == 1);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    answers();
    open_questions();
    forks();
    return result(argv[0]);
}
