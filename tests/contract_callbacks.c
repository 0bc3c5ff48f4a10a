/* Validators that behave badly: what is no answer rejects, what comes too late rejects, and
 * what they were given is destroyed once, after the last use. */
#include <pthread.h>

#include "contract.h"

/* OpenSSL's server serves one at a time. Where connections to one place are wanted at once, the
 * others lead over sockets to its twins, which show the same certificate. */
static int port;
static server twins[2];

static tlsconn_conn *twin(tlsconn_ctx *ctx, int number, unsigned int flags, int *fd)
{
    tlsconn_conn *conn = NULL;

    *fd = reach(twins[number].port);
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(ctx, *fd, "127.0.0.1", port, flags, &conn));
    return or_die(conn);
}

static void end(tlsconn_conn *conn, int fd)
{
    tlsconn_conn_free(conn);
    CHECK(close(fd) == 0);
}

struct judge {
    int answer;
    int asked;
    int destroyed;
    tlsconn_ctx *ctx;
    tlsconn_conn *conn;
};

static int say(tlsconn_question *question, void *userdata)
{
    struct judge *judge = userdata;

    CHECK(judge->destroyed == 0);
    CHECK(tlsconn_question_situation(question) == TLSCONN_SITUATION_NEW);
    CHECK(tlsconn_question_problems(question) == 0);
    CHECK(tlsconn_question_port(question) == port);
    CHECK(strcmp(tlsconn_question_host(question), "127.0.0.1") == 0);
    CHECK(tlsconn_question_cert(question, 0) && !tlsconn_question_cert(question, (size_t)-1));
    CHECK(tlsconn_question_previous(question) == NULL);
    CHECK(tlsconn_question_allows(question, TLSCONN_ALLOW_ONCE) == 1);
    CHECK(tlsconn_question_allows(question, TLSCONN_ALLOW_ALWAYS) == 0);
    CHECK(tlsconn_question_allows(question, -1) == 0);
    CHECK(tlsconn_question_allows(question, TLSCONN_ANSWER_LATER) == 0);
    CHECK(!*tlsconn_question_text(question, 0) && !*tlsconn_question_text(question, TLSCONN_MAT_CA));
    CHECK(*tlsconn_question_text(question, TLSCONN_STYLE_SUMMARY));
    judge->asked++;
    return judge->answer;
}

static void forget(void *userdata)
{
    ((struct judge *)userdata)->destroyed++;
}

static tlsconn_ctx *asking(const char *pki, tlsconn_validator_fn fn, struct judge *judge)
{
    tlsconn_ctx *ctx = context(pki);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, fn, judge, forget));
    judge->ctx = ctx;
    return ctx;
}

static void one_answer(const char *pki, int answer, int want)
{
    struct judge judge = { 0, 0, 0, NULL, NULL };
    tlsconn_ctx *ctx = asking(pki, say, &judge);

    judge.answer = answer;
    if (answer == TLSCONN_ANSWER_LATER)
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ANSWER_TIMEOUT_MS, 1));
    EXPECT(want, shake(ctx, port));
    CHECK(judge.asked == 1 && judge.destroyed == 0);
    tlsconn_ctx_unref(ctx);
    CHECK(judge.destroyed == 1);
}

static void answers(const char *pki)
{
    /* Results come first: a validator that says "not yet" with the wrong name has not said yes. */
    static const int rejects[] = { TLSCONN_REJECT, TLSCONN_WANT_READ, TLSCONN_WANT_WRITE, TLSCONN_WANT_ANSWER,
                                   TLSCONN_EOF, -1, 42, 99, 100, 101, 1000, 1005, INT_MAX, INT_MIN,
                                   TLSCONN_POLICY_ALLOW, TLSCONN_E_REJECTED, TLSCONN_F_NONBLOCK };
    size_t i;

    one_answer(pki, TLSCONN_ALLOW_ONCE, TLSCONN_OK);
    one_answer(pki, TLSCONN_ALLOW_ALWAYS, TLSCONN_OK);
    one_answer(pki, TLSCONN_ALLOW_SESSION, TLSCONN_OK);
    one_answer(pki, TLSCONN_ANSWER_LATER, TLSCONN_E_ANSWER_TIMEOUT);
    for (i = 0; i < sizeof rejects / sizeof *rejects; i++)
        one_answer(pki, rejects[i], TLSCONN_E_REJECTED);
}

static void nobody(const char *pki)
{
    struct judge judge = { TLSCONN_ALLOW_SESSION, 0, 0, NULL, NULL };
    tlsconn_ctx *ctx = context(pki);

    /* Where nobody was ever set, the authority decides. */
    EXPECT(TLSCONN_OK, shake(ctx, port));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
    EXPECT(TLSCONN_E_NO_VALIDATOR, shake(ctx, port));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_AUTO));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, say, &judge, forget));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, NULL, &judge, forget));
    CHECK(judge.destroyed == 1);
    EXPECT(TLSCONN_E_CERT_UNKNOWN, shake(ctx, port));
    CHECK(judge.asked == 0);
    tlsconn_ctx_unref(ctx);
    CHECK(judge.destroyed == 1);
}

/* ---------- a validator that calls the library ---------- */

static int calls_back(tlsconn_question *question, void *userdata)
{
    struct judge *judge = userdata;
    char byte;
    size_t n;
    int fd;
    tlsconn_conn *other;
    tlsconn_ctx *ctx;

    judge->asked++;
    if (judge->asked > 1)
        return TLSCONN_REJECT;
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_handshake(judge->conn));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_read(judge->conn, &byte, 1, &n));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_write(judge->conn, "x", 1, &n));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_shutdown(judge->conn));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_set_verify_name(judge->conn, "a"));
    CHECK(tlsconn_conn_question(judge->conn) == question);
    CHECK(tlsconn_error_code(tlsconn_conn_error(judge->conn)) == TLSCONN_OK);
    CHECK(tlsconn_conn_peer_cert(judge->conn, 0) != NULL);

    /* One more connection would wait for this very question. */
    other = twin(judge->ctx, 0, 0, &fd);
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_handshake(other));
    end(other, fd);
    /* Another context has nothing to do with it. */
    ctx = tlsconn_ctx_new();
    other = twin(ctx, 0, 0, &fd);
    EXPECT(TLSCONN_E_CERT, tlsconn_conn_handshake(other));
    end(other, fd);
    tlsconn_ctx_unref(ctx);

    EXPECT(TLSCONN_OK, tlsconn_known_set(judge->ctx, "other.example", 1, tlsconn_question_cert(question, 0), 0));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(judge->ctx));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    EXPECT(TLSCONN_E_STALE, tlsconn_question_answer(question, TLSCONN_REJECT));
    /* The first answer wins: this one is too late. */
    return TLSCONN_REJECT;
}

/* Takes away its own place and its own context: both stay as long as it runs. */
static int goes_away(tlsconn_question *question, void *userdata)
{
    struct judge *judge = userdata;

    (void)question;
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(judge->ctx, NULL, NULL, NULL));
    tlsconn_ctx_unref(judge->ctx);
    CHECK(judge->destroyed == 0);
    return TLSCONN_ALLOW_ONCE;
}

static void callers(const char *pki)
{
    struct judge judge = { 0, 0, 0, NULL, NULL };
    struct judge gone = { 0, 0, 0, NULL, NULL };
    tlsconn_ctx *ctx = asking(pki, calls_back, &judge);

    judge.conn = connected(ctx, port, 0);
    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(judge.conn));
    CHECK(strcmp(tlsconn_conn_info(judge.conn, TLSCONN_INFO_TRUST), "answer") == 0);
    CHECK(judge.asked == 1);
    tlsconn_ctx_unref(ctx);
    /* The connection goes on with what it holds, and its validator with it. */
    CHECK(judge.destroyed == 0);
    CHECK(tlsconn_conn_write(judge.conn, "abc\n", 4, NULL) == TLSCONN_OK);
    tlsconn_conn_free(judge.conn);
    CHECK(judge.destroyed == 1);

    ctx = asking(pki, goes_away, &gone);
    gone.conn = connected(ctx, port, 0);
    /* The answer is judged under what holds when it comes: nobody is asked any more. */
    EXPECT(TLSCONN_E_CERT_UNKNOWN, tlsconn_conn_handshake(gone.conn));
    tlsconn_conn_free(gone.conn);
    CHECK(gone.destroyed == 1);
}

/* ---------- questions without a validator ---------- */

static void *answers_from_a_thread(void *userdata)
{
    EXPECT(TLSCONN_OK, tlsconn_question_answer(userdata, TLSCONN_ALLOW_ONCE));
    tlsconn_question_unref(userdata);
    return NULL;
}

static void shared(const char *pki)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_conn *one;
    tlsconn_conn *two;
    tlsconn_conn *three;
    int second;
    int third;
    tlsconn_question *question;
    pthread_t thread;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
    one = connected(ctx, port, TLSCONN_F_NONBLOCK);
    two = twin(ctx, 0, TLSCONN_F_NONBLOCK, &second);
    three = twin(ctx, 1, TLSCONN_F_NONBLOCK, &third);
    EXPECT(TLSCONN_WANT_ANSWER, drive(one));
    EXPECT(TLSCONN_WANT_ANSWER, drive(two));
    EXPECT(TLSCONN_WANT_ANSWER, drive(three));
    question = tlsconn_conn_question(one);
    CHECK(question && question == tlsconn_conn_question(two));
    CHECK(question == tlsconn_conn_question(three));
    CHECK(tlsconn_question_cert(question, 0) == tlsconn_question_cert(question, 0));

    /* One that goes takes nothing along. */
    tlsconn_conn_free(one);
    CHECK(tlsconn_conn_question(two) == question);
    tlsconn_conn_abort(three);
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_handshake(three));
    tlsconn_question_ref(question);
    CHECK(pthread_create(&thread, NULL, answers_from_a_thread, question) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(tlsconn_conn_question(two) == NULL);
    EXPECT(TLSCONN_OK, drive(two));
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_handshake(three));
    end(two, second);
    end(three, third);

    /* A question outlives connection and context, and what is none rejects. */
    one = connected(ctx, port, TLSCONN_F_NONBLOCK);
    two = twin(ctx, 0, TLSCONN_F_NONBLOCK, &second);
    EXPECT(TLSCONN_WANT_ANSWER, drive(one));
    EXPECT(TLSCONN_WANT_ANSWER, drive(two));
    question = tlsconn_question_ref(tlsconn_conn_question(one));
    tlsconn_conn_free(one);
    tlsconn_ctx_unref(ctx);
    EXPECT(TLSCONN_E_INVALID, tlsconn_question_answer(question, TLSCONN_ANSWER_LATER));
    EXPECT(TLSCONN_WANT_ANSWER, drive(two));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, 77));
    EXPECT(TLSCONN_E_REJECTED, drive(two));
    end(two, second);
    CHECK(strcmp(tlsconn_question_host(question), "127.0.0.1") == 0);
    CHECK(*tlsconn_question_text(question, TLSCONN_STYLE_JSON) == '{');
    EXPECT(TLSCONN_E_STALE, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    tlsconn_question_unref(question);
}

/* ---------- the proposal ---------- */

static int proposed_answer;
static int proposed_calls;

static int proposed(const char *hostname, const char *cert)
{
    CHECK(strcmp(hostname, "127.0.0.1") == 0);
    CHECK(strncmp(cert, "-----BEGIN CERTIFICATE-----", 27) == 0);
    proposed_calls++;
    return proposed_answer;
}

static void proposal(const char *pki)
{
    static const int rejects[] = { 0, 3, 100, -1, 42, INT_MAX, TLSCONN_ALLOW_ONCE, TLSCONN_ALLOW_ALWAYS,
                                   TLSCONN_ALLOW_SESSION, TLSCONN_ANSWER_LATER };
    const size_t refused = sizeof rejects / sizeof *rejects;
    tlsconn_ctx *ctx = tlsconn_ctx_default();
    char *ca = path_in(pki, "ca.pem");
    size_t i;

    CHECK(virConnectAddCertDataFile(VIR_CERT_CA_CERT, ca) == 0);
    CHECK(virConnectSetCertificateValidator(proposed) == 0);
    for (i = 0; i < refused; i++) {
        proposed_answer = rejects[i];
        EXPECT(TLSCONN_E_REJECTED, shake(ctx, port));
    }
    proposed_answer = 1; /* once */
    EXPECT(TLSCONN_OK, shake(ctx, port));
    EXPECT(TLSCONN_OK, shake(ctx, port));
    CHECK(proposed_calls == (int)refused + 2);
    proposed_answer = 2; /* permanently */
    EXPECT(TLSCONN_OK, shake(ctx, port));
    EXPECT(TLSCONN_OK, shake(ctx, port));
    CHECK(proposed_calls == (int)refused + 3);
    EXPECT(TLSCONN_OK, tlsconn_known_remove(ctx, "127.0.0.1", port));
    CHECK(virConnectSetCertificateValidator(NULL) == 0);
    EXPECT(TLSCONN_E_CERT_UNKNOWN, shake(ctx, port));
    CHECK(proposed_calls == (int)refused + 3);
    free(ca);
}

int main(int argc, char **argv)
{
    server running;

    if (argc != 2)
        return 2;
    running = start(argv[1], "server", "-tls1_3");
    port = running.port;
    twins[0] = start(argv[1], "server", "-tls1_3");
    twins[1] = start(argv[1], "server", "-tls1_3");
    answers(argv[1]);
    nobody(argv[1]);
    callers(argv[1]);
    shared(argv[1]);
    proposal(argv[1]);
    stop(&running);
    stop(&twins[0]);
    stop(&twins[1]);
    return result(argv[0]);
}
