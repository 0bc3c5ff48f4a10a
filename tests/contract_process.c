/* What a process does to a connection: forks, signals, a peer that is gone. No call dies. */
#include <fcntl.h>
#include <sys/time.h>

#include "contract.h"

static int later(tlsconn_question *question, void *userdata)
{
    (void)question;
    (void)userdata;
    return TLSCONN_ANSWER_LATER;
}

/* A child of the parent's, with what both of them have. Its expectations are its exit code. */
static void in_a_child(tlsconn_conn *conn, tlsconn_conn *mem, tlsconn_question *question, tlsconn_ctx *ctx,
                       int port)
{
    char byte;
    size_t n;
    int fd;
    short events;
    int timeout_ms;

    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_handshake(conn));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_read(conn, &byte, 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_write(conn, "x", 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_shutdown(conn));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_set_verify_name(conn, "a"));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_poll(conn, &fd, &events, &timeout_ms));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_mem_input(mem, "x", 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_mem_output(mem, &byte, 1, &n));
    tlsconn_conn_abort(conn);
    tlsconn_conn_free(conn);
    tlsconn_conn_free(mem);
    EXPECT(TLSCONN_E_FORKED, tlsconn_question_answer(question, TLSCONN_ALLOW_ALWAYS));
    CHECK(*tlsconn_question_text(question, TLSCONN_STYLE_SUMMARY));
    tlsconn_question_unref(question);

    /* Contexts survive. */
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, NULL, NULL, NULL));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ALLOW));
    EXPECT(TLSCONN_OK, shake(ctx, port));
    tlsconn_ctx_unref(ctx);
}

static void forks(const char *pki)
{
    server first = start(pki, "server", "-tls1_3");
    server second = start(pki, "server", "-tls1_3");
    tlsconn_ctx *ctx = context(pki);
    tlsconn_conn *conn = connected(ctx, first.port, TLSCONN_F_NONBLOCK);
    tlsconn_conn *mem = NULL;
    tlsconn_question *question;
    struct pollfd waited = { -1, 0, 0 };
    int timeout_ms;
    int status = -1;
    pid_t child;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, later, NULL, NULL));
    EXPECT(TLSCONN_OK, tlsconn_connect_mem(ctx, "localhost", 1, &mem));
    EXPECT(TLSCONN_WANT_READ, tlsconn_conn_handshake(mem));
    EXPECT(TLSCONN_WANT_ANSWER, drive(conn));
    question = tlsconn_question_ref(tlsconn_conn_question(conn));
    EXPECT(TLSCONN_OK, tlsconn_conn_poll(conn, &waited.fd, &waited.events, &timeout_ms));
    fflush(stderr);
    child = fork();
    if (child == 0) {
        in_a_child(conn, mem, question, ctx, second.port);
        _exit(failures ? 1 : 0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    /* The parent's is as it was: nobody has woken, aborted or answered anything. */
    CHECK(poll(&waited, 1, 0) == 0);
    EXPECT(TLSCONN_WANT_ANSWER, tlsconn_conn_handshake(conn));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    CHECK(poll(&waited, 1, 0) == 1);
    EXPECT(TLSCONN_OK, drive(conn));
    tlsconn_question_unref(question);
    tlsconn_conn_free(conn);
    tlsconn_conn_free(mem);
    tlsconn_ctx_unref(ctx);
    stop(&first);
    stop(&second);
}

static void gone(const char *pki)
{
    server running = start(pki, "server", "-tls1_3");
    tlsconn_ctx *ctx = context(pki);
    tlsconn_conn *conn = connected(ctx, running.port, 0);
    struct sigaction action;
    char bytes[4096] = "";
    int code;
    int tries = 0;

    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(conn));
    stop(&running);
    /* The first bytes may still find room; SIGPIPE would end this process here. */
    while ((code = tlsconn_conn_write(conn, bytes, sizeof bytes, NULL)) == TLSCONN_OK && tries < 10000)
        tries++;
    CHECK(code == TLSCONN_E_IO);
    CHECK(tlsconn_error_code(tlsconn_conn_error(conn)) == TLSCONN_E_IO);
    EXPECT(TLSCONN_E_IO, tlsconn_conn_shutdown(conn));
    tlsconn_conn_free(conn);
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    EXPECT(TLSCONN_E_CONNECT, shake(ctx, running.port));
    tlsconn_ctx_unref(ctx);
}

/* A program that has closed its standard streams: what it prints must not go to the peer. */
static void without_streams(const char *pki)
{
    server running = start(pki, "server", "-tls1_3");
    int status = -1;
    pid_t child;

    fflush(stderr);
    child = fork();
    if (child == 0) {
        tlsconn_ctx *ctx = context(pki);
        tlsconn_conn *conn = connected(ctx, running.port, TLSCONN_F_NONBLOCK);
        int wrong = failures;
        int fd;

        for (fd = 0; fd < 3; fd++)
            close(fd);
        wrong |= drive(conn) != TLSCONN_OK;
        for (fd = 0; fd < 3; fd++)
            wrong |= fcntl(fd, F_GETFD) != -1;
        _exit(wrong ? 1 : 0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    stop(&running);
}

/* ---------- signals ---------- */

static volatile sig_atomic_t ticks;
static tlsconn_conn *volatile to_abort;

static void tick(int number)
{
    (void)number;
    ticks++;
    tlsconn_conn_abort(to_abort);
}

/* A signal after `first` microseconds and, unless it is 0, each `next` after that. */
static void signals(long first, long next)
{
    struct sigaction action;
    struct itimerval timer = { { 0, 0 }, { 0, 0 } };

    memset(&action, 0, sizeof action);
    action.sa_handler = tick; /* without SA_RESTART: every call is interrupted */
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    timer.it_value.tv_usec = first;
    timer.it_interval.tv_usec = next;
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void interrupted(const char *pki)
{
    server running = start(pki, "server", "-tls1_3");
    tlsconn_ctx *ctx = context(pki);
    int round;

    signals(1000, 1000);
    for (round = 0; round < 20 || (ticks < 50 && round < 2000); round++) {
        tlsconn_conn *conn = connected(ctx, running.port, 0);
        char line[16];
        size_t n = 0;
        size_t got = 0;

        EXPECT(TLSCONN_OK, tlsconn_conn_write(conn, "abc\n", 4, NULL));
        while (got < 4 && tlsconn_conn_read(conn, line + got, sizeof line - got, &n) == TLSCONN_OK)
            got += n;
        CHECK(got == 4 && memcmp(line, "cba\n", 4) == 0);
        EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(conn));
        tlsconn_conn_free(conn);
    }
    signals(0, 0);
    CHECK(ticks >= 50);
    tlsconn_ctx_unref(ctx);
    stop(&running);
}

/* A server that takes the connection and never says a word. */
static void aborted(void)
{
    struct sockaddr_in place;
    socklen_t size = sizeof place;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn;

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listening, (struct sockaddr *)&place, size) == 0 && listen(listening, 1) == 0);
    CHECK(getsockname(listening, (struct sockaddr *)&place, &size) == 0);
    conn = connected(ctx, ntohs(place.sin_port), 0);
    to_abort = conn;
    signals(200000, 0);
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_handshake(conn));
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_handshake(conn));
    CHECK(tlsconn_error_code(tlsconn_conn_error(conn)) == TLSCONN_E_CANCELLED);
    signals(0, 0);
    to_abort = NULL;
    tlsconn_conn_free(conn);

    /* One that was never begun, and one that is over. */
    conn = connected(ctx, ntohs(place.sin_port), 0);
    tlsconn_conn_abort(conn);
    tlsconn_conn_abort(conn);
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 1));
    EXPECT(TLSCONN_E_TIMEOUT, shake(ctx, ntohs(place.sin_port)));
    tlsconn_ctx_unref(ctx);
    close(listening);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    forks(argv[1]);
    gone(argv[1]);
    without_streams(argv[1]);
    interrupted(argv[1]);
    aborted();
    return result(argv[0]);
}
