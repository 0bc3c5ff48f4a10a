/* Every place for an answer is set on every return: to what is true then, and otherwise to the
 * nothing of its type, whatever else is wrong with the call. A test of the header's text knows
 * every place and looks for it here. */
#include "contract_both.h"

/* The call fails with this code, and this is what it leaves in the place, which is called here as
 * the function calls its parameter. */
#define LEAVES(function, place, nothing, code, call)              \
    do {                                                          \
        memset(&(place), 0x5a, sizeof(place));                    \
        EXPECT(code, function call);                              \
        CHECK((place) == (nothing));                              \
    } while (0)

/* The same for a function whose failure is NULL. */
#define LEAVES_NULL(function, place, nothing, call)               \
    do {                                                          \
        memset(&(place), 0x5a, sizeof(place));                    \
        CHECK(function call == NULL);                             \
        CHECK((place) == (nothing));                              \
    } while (0)

#define HUGE_LENGTH ((size_t)-1)

static void certificates(void)
{
    tlsconn_cert *cert = certificate(pki, "server.pem");
    tlsconn_cert *out;
    size_t len;

    LEAVES(tlsconn_cert_parse, out, NULL, TLSCONN_E_PARSE, ("x", 1, &out));
    LEAVES(tlsconn_cert_parse, out, NULL, TLSCONN_E_INVALID, (NULL, 1, &out));
    LEAVES(tlsconn_cert_parse, out, NULL, TLSCONN_E_INVALID, ("x", HUGE_LENGTH, &out));
    LEAVES_NULL(tlsconn_cert_der, len, 0, (NULL, &len));
    CHECK(tlsconn_cert_der(cert, &len) != NULL && len > 0);
    tlsconn_cert_unref(cert);
}

static void makers(void)
{
    tlsconn_ctx *ctx = a_server();
    tlsconn_ctx *bare = tlsconn_ctx_new();
    tlsconn_ctx *half = tlsconn_ctx_new();
    tlsconn_conn *out;
    int ends[2];

    EXPECT(TLSCONN_OK, add_file(half, TLSCONN_MAT_CERT, pki, "server.pem"));
    CHECK(pipe(ends) == 0);
    LEAVES(tlsconn_connect, out, NULL, TLSCONN_E_INVALID, (NULL, "h", 1, 0, &out));
    LEAVES(tlsconn_connect, out, NULL, TLSCONN_E_INVALID, (ctx, NULL, 1, 0, &out));
    LEAVES(tlsconn_connect, out, NULL, TLSCONN_E_INVALID, (ctx, "a b", 1, 0, &out));
    LEAVES(tlsconn_connect, out, NULL, TLSCONN_E_INVALID, (ctx, "h", 0, 0, &out));
    LEAVES(tlsconn_connect, out, NULL, TLSCONN_E_INVALID, (ctx, "h", 1, 2, &out));
    LEAVES(tlsconn_connect, out, NULL, TLSCONN_E_NO_KEY, (half, "h", 1, 0, &out));
    LEAVES(tlsconn_connect_fd, out, NULL, TLSCONN_E_INVALID, (NULL, 0, "h", 1, 0, &out));
    LEAVES(tlsconn_connect_fd, out, NULL, TLSCONN_E_INVALID, (ctx, -1, "h", 1, 0, &out));
    LEAVES(tlsconn_connect_fd, out, NULL, TLSCONN_E_INVALID, (ctx, ends[0], "h", 1, 0, &out));
    LEAVES(tlsconn_connect_fd, out, NULL, TLSCONN_E_INVALID, (ctx, ends[0], NULL, 1, 0, &out));
    LEAVES(tlsconn_connect_mem, out, NULL, TLSCONN_E_INVALID, (NULL, "h", 1, &out));
    LEAVES(tlsconn_connect_mem, out, NULL, TLSCONN_E_INVALID, (ctx, "", 1, &out));
    LEAVES(tlsconn_connect_mem, out, NULL, TLSCONN_E_NO_KEY, (half, "h", 1, &out));
    LEAVES(tlsconn_accept_fd, out, NULL, TLSCONN_E_INVALID, (NULL, 0, 0, &out));
    LEAVES(tlsconn_accept_fd, out, NULL, TLSCONN_E_INVALID, (ctx, -1, 0, &out));
    LEAVES(tlsconn_accept_fd, out, NULL, TLSCONN_E_INVALID, (ctx, ends[0], 0, &out));
    LEAVES(tlsconn_accept_fd, out, NULL, TLSCONN_E_INVALID, (ctx, ends[0], 2, &out));
    LEAVES(tlsconn_accept_mem, out, NULL, TLSCONN_E_INVALID, (NULL, &out));
    LEAVES(tlsconn_accept_mem, out, NULL, TLSCONN_E_NO_KEY, (bare, &out));
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    tlsconn_ctx_unref(half);
    tlsconn_ctx_unref(bare);
    tlsconn_ctx_unref(ctx);
}

/* Everything that fails alike: wrong pointers, and connections that are in no state for it. */
static void transfers(tlsconn_conn *conn, int code)
{
    char some[8];
    size_t n;
    size_t used;

    LEAVES(tlsconn_conn_read, n, 0, TLSCONN_E_INVALID, (NULL, some, sizeof some, &n));
    LEAVES(tlsconn_conn_read, n, 0, TLSCONN_E_INVALID, (conn, NULL, sizeof some, &n));
    LEAVES(tlsconn_conn_read, n, 0, TLSCONN_E_INVALID, (conn, some, HUGE_LENGTH, &n));
    LEAVES(tlsconn_conn_read, n, 0, code, (conn, some, sizeof some, &n));
    LEAVES(tlsconn_conn_write, n, 0, TLSCONN_E_INVALID, (NULL, some, sizeof some, &n));
    LEAVES(tlsconn_conn_write, n, 0, TLSCONN_E_INVALID, (conn, NULL, sizeof some, &n));
    LEAVES(tlsconn_conn_write, n, 0, TLSCONN_E_INVALID, (conn, some, HUGE_LENGTH, &n));
    LEAVES(tlsconn_conn_write, n, 0, code, (conn, some, sizeof some, &n));
    LEAVES(tlsconn_conn_mem_input, used, 0, TLSCONN_E_INVALID, (NULL, some, sizeof some, &used));
    LEAVES(tlsconn_conn_mem_input, used, 0, TLSCONN_E_INVALID, (conn, NULL, sizeof some, &used));
    LEAVES(tlsconn_conn_mem_input, used, 0, TLSCONN_E_INVALID, (conn, some, HUGE_LENGTH, &used));
    LEAVES(tlsconn_conn_mem_output, n, 0, TLSCONN_E_INVALID, (NULL, some, sizeof some, &n));
    LEAVES(tlsconn_conn_mem_output, n, 0, TLSCONN_E_INVALID, (conn, NULL, sizeof some, &n));
    LEAVES(tlsconn_conn_mem_output, n, 0, TLSCONN_E_INVALID, (conn, some, HUGE_LENGTH, &n));
}

static void polls(tlsconn_conn *conn, int code)
{
    int fd;
    short events;
    int timeout_ms;

    LEAVES(tlsconn_conn_poll, fd, -1, TLSCONN_E_INVALID, (NULL, &fd, &events, &timeout_ms));
    LEAVES(tlsconn_conn_poll, fd, -1, TLSCONN_E_INVALID, (conn, &fd, NULL, &timeout_ms));
    LEAVES(tlsconn_conn_poll, fd, -1, TLSCONN_E_INVALID, (conn, &fd, &events, NULL));
    LEAVES(tlsconn_conn_poll, events, 0, TLSCONN_E_INVALID, (NULL, &fd, &events, &timeout_ms));
    LEAVES(tlsconn_conn_poll, events, 0, TLSCONN_E_INVALID, (conn, &fd, &events, NULL));
    LEAVES(tlsconn_conn_poll, timeout_ms, 0, TLSCONN_E_INVALID, (NULL, &fd, &events, &timeout_ms));
    LEAVES(tlsconn_conn_poll, timeout_ms, 0, TLSCONN_E_INVALID, (conn, &fd, NULL, &timeout_ms));
    LEAVES(tlsconn_conn_poll, events, 0, code, (conn, NULL, &events, &timeout_ms));
    LEAVES(tlsconn_conn_poll, timeout_ms, 0, code, (conn, NULL, &events, &timeout_ms));
}

/* What a child may not do with its parent's connection. */
static void in_a_child(tlsconn_conn *conn)
{
    char some[8];
    size_t n;
    size_t used;
    int fd;
    short events;
    int timeout_ms;

    LEAVES(tlsconn_conn_read, n, 0, TLSCONN_E_FORKED, (conn, some, sizeof some, &n));
    LEAVES(tlsconn_conn_write, n, 0, TLSCONN_E_FORKED, (conn, some, sizeof some, &n));
    LEAVES(tlsconn_conn_mem_input, used, 0, TLSCONN_E_FORKED, (conn, some, sizeof some, &used));
    LEAVES(tlsconn_conn_mem_output, n, 0, TLSCONN_E_FORKED, (conn, some, sizeof some, &n));
    LEAVES(tlsconn_conn_poll, fd, -1, TLSCONN_E_FORKED, (conn, &fd, &events, &timeout_ms));
    LEAVES(tlsconn_conn_poll, events, 0, TLSCONN_E_FORKED, (conn, &fd, &events, &timeout_ms));
    LEAVES(tlsconn_conn_poll, timeout_ms, 0, TLSCONN_E_FORKED, (conn, &fd, &events, &timeout_ms));
}

/* Uses the connection that it is asked about. */
static int calls_back(tlsconn_question *question, void *userdata)
{
    const struct both *both = userdata;
    char some[8];
    size_t n;
    size_t used;

    (void)question;
    LEAVES(tlsconn_conn_read, n, 0, TLSCONN_E_REENTRANT, (both->client, some, sizeof some, &n));
    LEAVES(tlsconn_conn_write, n, 0, TLSCONN_E_REENTRANT, (both->client, some, sizeof some, &n));
    LEAVES(tlsconn_conn_mem_input, used, 0, TLSCONN_E_REENTRANT, (both->client, some, sizeof some, &used));
    LEAVES(tlsconn_conn_mem_output, n, 0, TLSCONN_E_REENTRANT, (both->client, some, sizeof some, &n));
    return TLSCONN_ALLOW_ONCE;
}

static void connections(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;
    tlsconn_conn *other = NULL;
    int ends[2];
    char some[8];
    size_t n;
    size_t used;
    int status = -1;
    pid_t child;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(client, calls_back, &both, NULL));
    both = meet(server, client);
    transfers(both.client, TLSCONN_WANT_READ);
    polls(both.client, TLSCONN_E_STATE);
    EXPECT(TLSCONN_OK, run(&both));
    part(&both);

    /* Over a descriptor, where nothing is carried by hand. */
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(client, ends[0], "localhost", 1, TLSCONN_F_NONBLOCK, &other));
    LEAVES(tlsconn_conn_mem_input, used, 0, TLSCONN_E_STATE, (other, some, sizeof some, &used));
    LEAVES(tlsconn_conn_mem_output, n, 0, TLSCONN_E_STATE, (other, some, sizeof some, &n));
    fflush(stderr);
    child = fork();
    if (child == 0) {
        failures = 0;
        in_a_child(other);
        fflush(stderr);
        _exit(failures ? 1 : 0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    tlsconn_conn_abort(other);
    LEAVES(tlsconn_conn_read, n, 0, TLSCONN_E_CANCELLED, (other, some, sizeof some, &n));
    LEAVES(tlsconn_conn_write, n, 0, TLSCONN_E_CANCELLED, (other, some, sizeof some, &n));
    tlsconn_conn_free(other);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

static void verdicts(void)
{
    tlsconn_ctx *ctx = context(pki);
    size_t len;
    char *chain = contents(pki, "strange.pem", &len);
    const int server = TLSCONN_ROLE_SERVER;
    uint32_t problems;
    const char *why;

    LEAVES(tlsconn_ctx_verify, problems, 0, TLSCONN_E_INVALID, (NULL, server, "h", 1, chain, len, &problems, &why));
    LEAVES(tlsconn_ctx_verify, problems, 0, TLSCONN_E_INVALID, (ctx, 0, "h", 1, chain, len, &problems, &why));
    LEAVES(tlsconn_ctx_verify, problems, 0, TLSCONN_E_INVALID, (ctx, server, "a b", 1, chain, len, &problems, NULL));
    LEAVES(tlsconn_ctx_verify, problems, 0, TLSCONN_E_INVALID, (ctx, server, "h", 1, NULL, len, &problems, &why));
    LEAVES(tlsconn_ctx_verify, problems, 0, TLSCONN_E_PARSE, (ctx, server, "h", 1, "x", 1, &problems, &why));
    CHECK(why && !*why);
    why = NULL;
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_verify(NULL, server, "h", 1, chain, len, NULL, &why));
    CHECK(why && !*why);
    /* One that was judged is told, refused or not. */
    problems = 0;
    EXPECT(TLSCONN_E_CERT, tlsconn_ctx_verify(ctx, server, "localhost", 1, chain, len, &problems, &why));
    CHECK(problems != 0 && *why);
    free(chain);
    tlsconn_ctx_unref(ctx);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    certificates();
    makers();
    connections();
    verdicts();
    return result(argv[0]);
}
