/* A process is forked again and again while other threads are inside the library: nothing hangs in
 * a child, what survives a fork works there, and what does not says so. */
#include <pthread.h>

#include "contract_both.h"

enum { CHILDREN = 40, SECONDS = 60 };

static tlsconn_ctx *serving;
static tlsconn_ctx *calling;
static char *chain;
static size_t chain_len;
/* Used by a thread the whole time. */
static struct both in_use;

static int verified(void)
{
    uint32_t problems;
    const char *why;

    return tlsconn_ctx_verify(calling, TLSCONN_ROLE_SERVER, "localhost", 1, chain, chain_len, &problems, &why);
}

static void *verifies(void *unused)
{
    for (;;)
        EXPECT(TLSCONN_OK, verified());
    return unused;
}

static void *changes(void *unused)
{
    for (;;) {
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(calling, TLSCONN_OPT_CRL_GRACE_S, 0));
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(serving, TLSCONN_OPT_CRL_GRACE_S, 0));
    }
    return unused;
}

static void *remembers(void *cert)
{
    for (;;)
        EXPECT(TLSCONN_OK, tlsconn_known_set(calling, "other.example", 1, cert, 0));
    return NULL;
}

static int met(void)
{
    struct both both = meet(serving, calling);
    int code = run(&both);

    part(&both);
    return code;
}

static void *meets(void *unused)
{
    for (;;)
        EXPECT(TLSCONN_OK, met());
    return unused;
}

static void *talks(void *unused)
{
    static char bytes[8192];
    size_t n;

    for (;;) {
        EXPECT(TLSCONN_OK, tlsconn_conn_write(in_use.client, bytes, sizeof bytes, &n));
        carry(in_use.client, in_use.server);
        while (tlsconn_conn_read(in_use.server, bytes, sizeof bytes, &n) == TLSCONN_OK)
            ;
        tlsconn_conn_error(in_use.client);
        tlsconn_conn_info(in_use.server, TLSCONN_INFO_CIPHER);
    }
    return unused;
}

/* A connection of the parent's: every call has an answer, and none waits for a thread that is gone. */
static void no_connection(tlsconn_conn *conn)
{
    char byte;
    size_t n;

    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_handshake(conn));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_read(conn, &byte, 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_write(conn, "x", 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_mem_output(conn, &byte, 1, &n));
    EXPECT(TLSCONN_E_FORKED, tlsconn_conn_recheck(conn));
    CHECK(tlsconn_error_code(tlsconn_conn_error(conn)) == TLSCONN_E_FORKED);
    CHECK(!tlsconn_conn_question(conn) && !tlsconn_conn_peer_cert(conn, 0));
    CHECK(says(conn, TLSCONN_INFO_CIPHER, "") && says(conn, TLSCONN_INFO_SNI, ""));
    CHECK(says(conn, TLSCONN_INFO_PEER_ADDRESS, "") && says(conn, TLSCONN_INFO_TRUST, ""));
    tlsconn_conn_abort(conn);
    tlsconn_conn_free(conn);
}

static void in_a_child(tlsconn_cert *cert)
{
    pid_t grandchild;
    int status = -1;

    alarm(SECONDS);
    no_connection(in_use.client);
    no_connection(in_use.server);
    EXPECT(TLSCONN_OK, verified());
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(calling, TLSCONN_OPT_CRL_GRACE_S, 1));
    EXPECT(TLSCONN_OK, tlsconn_known_set(calling, "other.example", 1, cert, 0));
    EXPECT(TLSCONN_OK, met());
    grandchild = fork();
    if (grandchild == 0) {
        alarm(SECONDS);
        EXPECT(TLSCONN_OK, met());
        _exit(failures ? 1 : 0);
    }
    CHECK(waitpid(grandchild, &status, 0) == grandchild);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    tlsconn_ctx_unref(calling);
    tlsconn_ctx_unref(serving);
}

int main(int argc, char **argv)
{
    void *(*const work[])(void *) = { verifies, changes, remembers, meets, talks };
    pthread_t thread;
    char directory[64];
    char *file;
    tlsconn_cert *cert;
    size_t i;
    int round;
    int hung = 0;

    if (argc != 2)
        return 2;
    pki = argv[1];
    chain = contents(pki, "server.pem", &chain_len);
    cert = certificate(pki, "server.pem");
    serving = a_server();
    calling = a_client("client");
    file = path_in(scratch(directory), "trusted.pem");
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(calling, file));
    in_use = meet(serving, calling);
    EXPECT(TLSCONN_OK, run(&in_use));
    for EACH(i, work)
        CHECK(pthread_create(&thread, NULL, work[i], cert) == 0);
    for (round = 0; round < CHILDREN; round++) {
        struct pollfd nothing = { -1, 0, 0 };
        int status = -1;
        pid_t child;

        poll(&nothing, 1, round % 7); /* so that the threads are somewhere else each time */
        fflush(stderr);
        child = fork();
        if (child == 0) {
            in_a_child(cert);
            _exit(failures ? 1 : 0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        hung += WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    CHECK(hung == 0);
    hung = result(argv[0]);
    fflush(stderr);
    /* The threads go on until the end, and what they say of a file that is gone is no failure. */
    close(STDERR_FILENO);
    unlink(file);
    _exit(hung);
}
