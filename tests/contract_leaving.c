/* Callbacks that never return. A jump loses what the call held, and nothing stays locked; a thread
 * that ends in one ends the process. */
#include <pthread.h>
#include <setjmp.h>
#include <sys/resource.h>

#include "contract_effects.h"

static jmp_buf out;
static int called;

/* What is lost here must not be counted as a leak: the process is ended from outside, where no
 * checker of memory sees it. */
static int in_a_child(void (*test)(void))
{
    int ends[2];
    int status = -1;
    unsigned char found = 0;
    pid_t child;

    fflush(stderr);
    CHECK(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        failures = 0;
        test();
        found = failures ? 1 : 2;
        CHECK(write(ends[1], &found, 1) == 1);
        for (;;)
            pause();
    }
    CHECK(close(ends[1]) == 0);
    if (read(ends[0], &found, 1) == 1)
        CHECK(kill(child, SIGKILL) == 0);
    CHECK(close(ends[0]) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(found != 1);
    return status;
}

static void child_is_well(void (*test)(void))
{
    int status = in_a_child(test);

    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---------- jumps ---------- */

static int jumps_once(tlsconn_question *question, void *userdata)
{
    (void)question;
    (void)userdata;
    if (called++ == 0)
        longjmp(out, 1);
    return TLSCONN_ALLOW_ONCE;
}

static void out_of_a_validator(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both left = meet(server, client);
    struct both other = meet(server, client);
    char byte;
    size_t n;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(client, jumps_once, NULL, NULL));
    if (setjmp(out) == 0) {
        run_client(&left);
        CHECK(!"a validator that jumps returns");
    }
    CHECK(called == 1);
    /* To this connection it is as if the validator were still running, */
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_handshake(left.client));
    EXPECT(TLSCONN_E_REENTRANT, tlsconn_conn_read(left.client, &byte, 1, &n));
    /* and another one that has the same question waits. */
    EXPECT(TLSCONN_WANT_ANSWER, run_client(&other));
    CHECK(tlsconn_conn_question(other.client) == tlsconn_conn_question(left.client));
    CHECK(called == 1);
    /* Once it is freed, the other one asks. */
    tlsconn_conn_free(left.client);
    EXPECT(TLSCONN_OK, run_client(&other));
    CHECK(called == 2);
    part(&other);
    other = meet(server, client);
    EXPECT(TLSCONN_OK, run_client(&other));
    CHECK(called == 3);
    part(&other);
    tlsconn_conn_free(left.server);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ALLOW));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(client));
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(server);
}

static int listening;

static void *sees_the_end(void *userdata)
{
    int fd = accept(listening, NULL, NULL);
    tlsconn_conn *conn = NULL;

    EXPECT(TLSCONN_OK, tlsconn_accept_fd(userdata, fd, 0, &conn));
    CHECK(tlsconn_conn_handshake(conn) < 0);
    tlsconn_conn_free(conn);
    CHECK(close(fd) == 0);
    return NULL;
}

/* The socket that the library has dialled is closed, although the call that used it never ends. */
static void out_of_a_blocking_call(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    tlsconn_conn *conn;
    struct sockaddr_in place;
    socklen_t length = sizeof place;
    pthread_t thread;

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listening, (struct sockaddr *)&place, sizeof place) == 0 && listen(listening, 1) == 0);
    CHECK(getsockname(listening, (struct sockaddr *)&place, &length) == 0);
    CHECK(pthread_create(&thread, NULL, sees_the_end, server) == 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(client, jumps_once, NULL, NULL));
    conn = connected(client, ntohs(place.sin_port), 0);
    if (setjmp(out) == 0) {
        (void)!tlsconn_conn_handshake(conn);
        CHECK(!"a validator that jumps returns");
    }
    tlsconn_conn_free(conn);
    CHECK(pthread_join(thread, NULL) == 0);
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(server);
}

static int passphrase_jumps(const char *what, uint32_t attempt, char *buf, size_t size, void *userdata)
{
    (void)what;
    (void)attempt;
    (void)userdata;
    if (called++ == 0)
        longjmp(out, 1);
    CHECK(size >= 5);
    memcpy(buf, "right", 5);
    return 5;
}

static int visit_jumps(const tlsconn_known *known, void *userdata)
{
    (void)known;
    (void)userdata;
    longjmp(out, 1);
}

static void destroy_jumps(void *userdata)
{
    (void)userdata;
    longjmp(out, 1);
}

static void out_of_the_others(void)
{
    char text[64];
    char *known = path_in(scratch(text), "trusted.pem");
    tlsconn_ctx *ctx = context(pki);
    tlsconn_cert *cert = certificate(pki, "server.pem");

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_passphrase(ctx, passphrase_jumps, NULL, NULL));
    if (setjmp(out) == 0) {
        (void)!add_file(ctx, TLSCONN_MAT_KEY, pki, "locked.key");
        CHECK(!"a passphrase function that jumps returns");
    }
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_KEY, pki, "locked.key"));
    CHECK(called == 2);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(ctx, known));
    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "one.example", 1, cert, 0));
    if (setjmp(out) == 0) {
        tlsconn_known_each(ctx, NULL, 0, visit_jumps, NULL);
        CHECK(!"a visitor that jumps returns");
    }
    EXPECT(TLSCONN_OK, tlsconn_known_remove(ctx, "one.example", 1));

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, jumps_once, ctx, destroy_jumps));
    if (setjmp(out) == 0) {
        (void)!tlsconn_ctx_set_validator(ctx, NULL, NULL, NULL);
        CHECK(!"a destroy function that jumps returns");
    }
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, jumps_once, NULL, NULL));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(ctx));
    tlsconn_ctx_unref(ctx);
    tlsconn_cert_unref(cert);
    remove_scratch(text);
}

/* ---------- ends of threads ---------- */

static int ends_its_thread(tlsconn_question *question, void *userdata)
{
    (void)question;
    (void)userdata;
    pthread_exit(NULL);
}

static void *never_ends(void *userdata)
{
    run_client(userdata);
    return NULL;
}

static void the_end_of_a_thread(void)
{
    struct rlimit none = { 0, 0 };
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both = meet(server, client);
    pthread_t thread;

    CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(client, ends_its_thread, NULL, NULL));
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    CHECK(pthread_create(&thread, NULL, never_ends, &both) == 0);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    int status;

    if (argc != 2)
        return 2;
    pki = argv[1];
    child_is_well(out_of_a_validator);
    child_is_well(out_of_a_blocking_call);
    child_is_well(out_of_the_others);
    status = in_a_child(the_end_of_a_thread);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return result(argv[0]);
}
