/* Every code of failure, produced once. */
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "contract_effects.h"

#define ERRORS(X)                                                                                \
    X(TLSCONN_E_INVALID) X(TLSCONN_E_NOMEM) X(TLSCONN_E_STATE) X(TLSCONN_E_REENTRANT)            \
    X(TLSCONN_E_BUSY) X(TLSCONN_E_STALE) X(TLSCONN_E_FORKED) X(TLSCONN_E_NOT_FOUND)              \
    X(TLSCONN_E_CALLBACK)                                                                        \
    X(TLSCONN_E_IO) X(TLSCONN_E_RESOLVE) X(TLSCONN_E_CONNECT) X(TLSCONN_E_TIMEOUT)               \
    X(TLSCONN_E_CANCELLED) X(TLSCONN_E_TRUNCATED) X(TLSCONN_E_PEER_GONE) X(TLSCONN_E_FILE)       \
    X(TLSCONN_E_PERMISSION) X(TLSCONN_E_PARSE) X(TLSCONN_E_PASSPHRASE) X(TLSCONN_E_KEY_MISMATCH) \
    X(TLSCONN_E_NO_CA) X(TLSCONN_E_NO_KEY) X(TLSCONN_E_CRL_ROLLBACK) X(TLSCONN_E_TOO_BIG)        \
    X(TLSCONN_E_CERT) X(TLSCONN_E_CERT_REVOKED) X(TLSCONN_E_CERT_CHANGED)                        \
    X(TLSCONN_E_CERT_UNKNOWN) X(TLSCONN_E_CERT_DISTRUSTED) X(TLSCONN_E_REJECTED)                 \
    X(TLSCONN_E_NO_VALIDATOR) X(TLSCONN_E_ANSWER_TIMEOUT) X(TLSCONN_E_STORE)                     \
    X(TLSCONN_E_STORE_LOCKED) X(TLSCONN_E_PROTOCOL) X(TLSCONN_E_ALERT)                           \
    X(TLSCONN_E_PEER_REJECTED_US) X(TLSCONN_E_NO_CLIENT_CERT) X(TLSCONN_E_NOT_ALLOWED)           \
    X(TLSCONN_E_ALPN)

/* No failures, and two that cannot be produced: nobody knows a bug that is left, and platforms that
 * can do less than Linux are not tested. */
#define NO_FAILURES(X)                                                                      \
    X(TLSCONN_OK) X(TLSCONN_WANT_READ) X(TLSCONN_WANT_WRITE) X(TLSCONN_WANT_ANSWER)         \
    X(TLSCONN_EOF) X(TLSCONN_E_INTERNAL) X(TLSCONN_E_UNSUPPORTED)

CONSTANTS(error, tlsconn_code, ERRORS, NO_FAILURES)

/* The call fails with this code, and counts as one that produces it. */
#define FAILS(want, call) fails(__LINE__, #call, (want), (call))

static int fails(int line, const char *call, int want, int got)
{
    expect(__FILE__, line, call, want, got);
    produced_error(got);
    return got;
}

/* A resolver that knows nobody, in place of the system's: no test asks the network. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result_out)
{
    (void)node;
    (void)service;
    (void)hints;
    *result_out = NULL;
    return EAI_NONAME;
}

/* ---------- calls and objects ---------- */

/* Has had enough of known peers. */
static int breaks_off(const tlsconn_known *known, void *userdata)
{
    (void)known;
    (void)userdata;
    return -1;
}

static void calls(void)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_cert *cert = certificate(pki, "server.pem");
    struct rlimit limit;
    struct rlimit none;

    FAILS(TLSCONN_E_INVALID, tlsconn_ctx_reload(NULL));
    FAILS(TLSCONN_E_NOT_FOUND, tlsconn_known_remove(ctx, "localhost", 1));
    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "localhost", 1, cert, 0));
    FAILS(TLSCONN_E_CALLBACK, tlsconn_known_each(ctx, NULL, 0, breaks_off, NULL));
    tlsconn_cert_unref(cert);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = limit;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    FAILS(TLSCONN_E_NOMEM, add_file(ctx, TLSCONN_MAT_CA, pki, "ca.pem"));
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    tlsconn_ctx_unref(ctx);
}

/* Calls its own connection, which must not wait for it. */
static int calls_back(tlsconn_question *question, void *userdata)
{
    const struct both *both = userdata;

    (void)question;
    FAILS(TLSCONN_E_REENTRANT, tlsconn_conn_handshake(both->client));
    return TLSCONN_REJECT;
}

static void callbacks(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(client, calls_back, &both, NULL));
    both = meet(server, client);
    FAILS(TLSCONN_E_STATE, tlsconn_conn_shutdown(both.client));
    FAILS(TLSCONN_E_REJECTED, run_client(&both));
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void in_a_child(tlsconn_conn *conn)
{
    int status = -1;
    pid_t child;

    fflush(stderr);
    child = fork();
    if (child == 0)
        _exit(tlsconn_conn_handshake(conn) == TLSCONN_E_FORKED ? 0 : 1);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        produced_error(TLSCONN_E_FORKED);
}

/* ---------- questions ---------- */

/* Shakes hands up to the client's question; its time may be over as soon as that is told. */
static int up_to_the_question(const struct both *both)
{
    int code;

    do {
        (void)!tlsconn_conn_handshake(both->server);
        carry(both->server, both->client);
        code = tlsconn_conn_handshake(both->client);
    } while (carry(both->client, both->server) && code == TLSCONN_WANT_READ);
    return code;
}

static void questions(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    tlsconn_ctx *stranger = a_client("self");
    tlsconn_question *question;
    struct both both;
    size_t used;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
    both = meet(server, client);
    EXPECT(TLSCONN_WANT_ANSWER, run_client(&both));
    question = or_die(tlsconn_conn_question(both.client));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    FAILS(TLSCONN_E_STALE, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    EXPECT(TLSCONN_OK, run_client(&both));
    in_a_child(both.client);
    part(&both);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ANSWER_TIMEOUT_MS, 1));
    both = meet(server, client);
    EXPECT(TLSCONN_WANT_ANSWER, up_to_the_question(&both));
    FAILS(TLSCONN_E_ANSWER_TIMEOUT, after_its_time(both.client));
    part(&both);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_ON_CLIENT, TLSCONN_POLICY_ASK));
    both = meet(server, stranger);
    EXPECT(TLSCONN_WANT_ANSWER, run(&both));
    question = or_die(tlsconn_conn_question(both.server));
    EXPECT(TLSCONN_OK, tlsconn_conn_mem_input(both.server, "", 0, &used));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, TLSCONN_ALLOW_ONCE));
    FAILS(TLSCONN_E_PEER_GONE, tlsconn_conn_handshake(both.server));
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(stranger);
}

/* ---------- the network ---------- */

static tlsconn_conn *over(tlsconn_ctx *ctx, int fd, unsigned int flags)
{
    tlsconn_conn *conn = NULL;

    EXPECT(TLSCONN_OK, tlsconn_connect_fd(ctx, fd, "localhost", 1, flags, &conn));
    return or_die(conn);
}

/* A port of this machine where nobody listens, for it is taken; `fd` keeps it so. */
static int deaf_port(int *fd)
{
    struct sockaddr_in place;
    socklen_t size = sizeof place;

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(*fd >= 0 && bind(*fd, (struct sockaddr *)&place, sizeof place) == 0);
    CHECK(getsockname(*fd, (struct sockaddr *)&place, &size) == 0);
    return ntohs(place.sin_port);
}

static void network(void)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_conn *conn = NULL;
    int ends[2];
    int fd;

    FAILS(TLSCONN_E_CONNECT, shake(ctx, deaf_port(&fd)));
    CHECK(close(fd) == 0);
    EXPECT(TLSCONN_OK, tlsconn_connect(ctx, "nobody.example", 1, 0, &conn));
    FAILS(TLSCONN_E_RESOLVE, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    conn = over(ctx, ends[0], TLSCONN_F_NONBLOCK);
    tlsconn_conn_abort(conn);
    FAILS(TLSCONN_E_CANCELLED, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, 1));
    conn = over(ctx, ends[0], 0);
    FAILS(TLSCONN_E_TIMEOUT, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, -1));
    CHECK(shutdown(ends[0], SHUT_WR) == 0);
    conn = over(ctx, ends[0], 0);
    FAILS(TLSCONN_E_IO, tlsconn_conn_handshake(conn));
    tlsconn_conn_free(conn);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    tlsconn_ctx_unref(ctx);
}

static void *serves(void *userdata)
{
    (void)!tlsconn_conn_handshake(userdata);
    return NULL;
}

/* Two threads read, and nothing comes: one of them is told that the other does. */
struct reader {
    tlsconn_conn *conn;
    int told;
};

static void *reads(void *userdata)
{
    const struct reader *reader = userdata;
    char byte;
    size_t n;
    int code = tlsconn_conn_read(reader->conn, &byte, 1, &n);

    CHECK(write(reader->told, &code, sizeof code) == (ssize_t)sizeof code);
    return NULL;
}

static void two_readers(tlsconn_conn *from, tlsconn_conn *to)
{
    struct reader reader;
    pthread_t threads[2];
    int told[2];
    int code = 0;

    CHECK(pipe(told) == 0);
    reader.conn = to;
    reader.told = told[1];
    CHECK(pthread_create(&threads[0], NULL, reads, &reader) == 0);
    CHECK(pthread_create(&threads[1], NULL, reads, &reader) == 0);
    CHECK(read(told[0], &code, sizeof code) == (ssize_t)sizeof code);
    CHECK(code == TLSCONN_E_BUSY);
    produced_error(code);
    EXPECT(TLSCONN_OK, tlsconn_conn_write(from, "x", 1, NULL));
    CHECK(read(told[0], &code, sizeof code) == (ssize_t)sizeof code);
    CHECK(code == TLSCONN_OK);
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    CHECK(close(told[0]) == 0 && close(told[1]) == 0);
}

/* Both ends block, so the server shakes hands on a thread of its own. */
static void threads(int on_new)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    tlsconn_conn *accepted = NULL;
    tlsconn_conn *conn;
    pthread_t thread;
    int ends[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, on_new));
    EXPECT(TLSCONN_OK, tlsconn_accept_fd(server, ends[1], 0, &accepted));
    conn = over(client, ends[0], 0);
    CHECK(pthread_create(&thread, NULL, serves, accepted) == 0);
    if (on_new == TLSCONN_POLICY_ASK) {
        FAILS(TLSCONN_E_NO_VALIDATOR, tlsconn_conn_handshake(conn));
        CHECK(shutdown(ends[0], SHUT_RDWR) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    } else {
        EXPECT(TLSCONN_OK, tlsconn_conn_handshake(conn));
        CHECK(pthread_join(thread, NULL) == 0);
        two_readers(accepted, conn);
    }
    tlsconn_conn_free(conn);
    tlsconn_conn_free(accepted);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

/* ---------- material ---------- */

/* Puts the file NAME of the lab in the place of another. */
static void replace(const char *path, const char *name)
{
    size_t len;
    char *text = contents(pki, name, &len);
    char fresh[128];
    FILE *file;

    snprintf(fresh, sizeof fresh, "%s.lock", path);
    file = or_die(fopen(fresh, "wb"));
    CHECK(fwrite(text, 1, len, file) == len && fclose(file) == 0);
    CHECK(rename(fresh, path) == 0);
    free(text);
}

static void material(void)
{
    char directory[64];
    char *path = path_in(scratch(directory), "trusted.pem");
    char *empty = path_in(pki, "empty");
    tlsconn_ctx *ctx = context(pki);
    tlsconn_conn *conn = NULL;

    FAILS(TLSCONN_E_FILE, add_file(ctx, TLSCONN_MAT_CA, pki, "nowhere.pem"));
    FAILS(TLSCONN_E_PERMISSION, add_file(ctx, TLSCONN_MAT_KEY, pki, "open.key"));
    FAILS(TLSCONN_E_PARSE, add_file(ctx, TLSCONN_MAT_CA, pki, "binary.pem"));
    FAILS(TLSCONN_E_PASSPHRASE, add_file(ctx, TLSCONN_MAT_KEY, pki, "locked.key"));
    FAILS(TLSCONN_E_NO_CA, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_DOCKER, empty));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CERT, pki, "server.pem"));
    FAILS(TLSCONN_E_NO_KEY, tlsconn_connect_mem(ctx, "localhost", 1, &conn));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_KEY, pki, "second.key"));
    FAILS(TLSCONN_E_KEY_MISMATCH, tlsconn_connect_mem(ctx, "localhost", 1, &conn));
    tlsconn_ctx_unref(ctx);

    ctx = context(pki);
    replace(path, "revoked.pem");
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, directory, "trusted.pem"));
    replace(path, "crl.pem");
    FAILS(TLSCONN_E_CRL_ROLLBACK, tlsconn_ctx_reload(ctx));
    /* Mostly holes: it takes no room. */
    CHECK(truncate(path, (off_t)1 << 30) == 0);
    FAILS(TLSCONN_E_TOO_BIG, add_file(ctx, TLSCONN_MAT_CA, directory, "trusted.pem"));
    tlsconn_ctx_unref(ctx);
    free(path);
    free(empty);
    remove_scratch(directory);
}

static void store(void)
{
    char directory[64];
    char *path = path_in(scratch(directory), "trusted.pem");
    char *lock = path_in(directory, "trusted.pem.lock");
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;
    int fd = open(lock, O_RDWR | O_CREAT, 0600);

    /* The answer is to be stored, another holds the store, and the connection goes on. */
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(client, path));
    CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0);
    both = meet(server, client);
    EXPECT(TLSCONN_WANT_ANSWER, run_client(&both));
    EXPECT(TLSCONN_OK, tlsconn_question_answer(tlsconn_conn_question(both.client), TLSCONN_ALLOW_ALWAYS));
    EXPECT(TLSCONN_OK, run_client(&both));
    CHECK(tlsconn_error_code(tlsconn_conn_error(both.client)) == TLSCONN_E_STORE_LOCKED);
    produced_error(tlsconn_error_code(tlsconn_conn_error(both.client)));
    part(&both);
    CHECK(close(fd) == 0);

    replace(path, "cut.pem");
    CHECK(chmod(path, 0600) == 0);
    FAILS(TLSCONN_E_STORE, tlsconn_ctx_set_known_file(client, path));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    free(path);
    free(lock);
    remove_scratch(directory);
}

/* ---------- peers ---------- */

static void judgement(void)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_cert *cert = certificate(pki, "server.pem");

    FAILS(TLSCONN_E_CERT, judged(ctx, TLSCONN_ROLE_SERVER, "other.example", 0, "server.pem", NULL));
    FAILS(TLSCONN_E_CERT_UNKNOWN, judged(ctx, TLSCONN_ROLE_CLIENT, NULL, 0, "self.pem", NULL));
    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "localhost", 1, cert, 0));
    FAILS(TLSCONN_E_CERT_CHANGED, judged(ctx, TLSCONN_ROLE_SERVER, "localhost", 1, "second.pem", NULL));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "revoked.pem"));
    FAILS(TLSCONN_E_CERT_REVOKED, judged(ctx, TLSCONN_ROLE_SERVER, "localhost", 0, "second.pem", NULL));
    EXPECT(TLSCONN_OK, tlsconn_known_distrust(ctx, cert, 1));
    FAILS(TLSCONN_E_CERT_DISTRUSTED, judged(ctx, TLSCONN_ROLE_SERVER, "localhost", 0, "server.pem", NULL));
    tlsconn_cert_unref(cert);
    tlsconn_ctx_unref(ctx);
}

static void clients(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *bare = a_client(NULL);
    struct both both = meet(server, bare);
    char byte;
    size_t n;

    FAILS(TLSCONN_E_NO_CLIENT_CERT, run(&both));
    FAILS(TLSCONN_E_PEER_REJECTED_US, tlsconn_conn_read(both.client, &byte, 1, &n));
    part(&both);
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_identity(server, "bob"));
    FAILS(TLSCONN_E_NOT_ALLOWED, comes(server, "client"));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(bare);
}

static void protocols(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both = meet(server, client);
    size_t used;

    EXPECT(TLSCONN_OK, tlsconn_conn_mem_input(both.client, "", 0, &used));
    FAILS(TLSCONN_E_TRUNCATED, tlsconn_conn_handshake(both.client));
    part(&both);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(server, TLSCONN_OPT_ALPN, "h2"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(client, TLSCONN_OPT_ALPN, "http/1.1"));
    both = meet(server, client);
    FAILS(TLSCONN_E_ALPN, run(&both));
    part(&both);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_MIN_VERSION, TLSCONN_TLS_1_3));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_MAX_VERSION, TLSCONN_TLS_1_2));
    both = meet(server, client);
    EXPECT(TLSCONN_E_ALERT, run_client(&both));
    FAILS(TLSCONN_E_PROTOCOL, tlsconn_conn_handshake(both.server));
    FAILS(TLSCONN_E_ALERT, tlsconn_conn_handshake(both.client));
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    calls();
    callbacks();
    questions();
    network();
    threads(TLSCONN_POLICY_ASK);
    threads(TLSCONN_POLICY_ALLOW);
    material();
    store();
    judgement();
    clients();
    protocols();
    every_error();
    return result(argv[0]);
}
