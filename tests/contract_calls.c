/* Wrong calls: NULL in every place, numbers that are none, lengths that no object has. Each
 * gives the code of its text in the header, and leaves everything as it was. */
#include "contract.h"

#define HUGE_LENGTH ((size_t)-1)

/* Numbers that are in no list but answers, flags and results. */
static const int numbers[] = { -1, 0, 1, 5, 7, 15, 19, 25, 29, 33, 39, 43, 49, 55, 59, 64, 69, 73, 79, 85,
                               89, 101, 109, 121, 149, 156, 159, 162, 179, 183, 199, 206, 209, 227, 249, 253,
                               770, INT_MIN, INT_MAX };
#define EACH(i, list) ((i) = 0; (i) < sizeof(list) / sizeof *(list); (i)++)

static int ask(tlsconn_question *question, void *userdata)
{
    (void)question;
    (void)userdata;
    return TLSCONN_REJECT;
}

static void destroy(void *userdata)
{
    (void)userdata;
    CHECK(!"userdata that was refused is destroyed");
}

static int passphrase(const char *what, uint32_t attempt, char *buf, size_t size, void *userdata)
{
    (void)what;
    (void)attempt;
    (void)buf;
    (void)size;
    (void)userdata;
    return -1;
}

static int visit(const tlsconn_known *known, void *userdata)
{
    (void)known;
    (void)userdata;
    CHECK(!"nobody is known");
    return 0;
}

static int is_empty(const char *text)
{
    CHECK(text != NULL);
    return text && !*text;
}

static void nothing_and_nobody(void)
{
    CHECK(strcmp(tlsconn_version(), "") != 0);
    CHECK(tlsconn_last_error() != NULL);
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_OK);
    CHECK(is_empty(tlsconn_error_message(tlsconn_last_error())));
    CHECK(tlsconn_error_code(NULL) == TLSCONN_OK);
    CHECK(is_empty(tlsconn_error_message(NULL)));
    CHECK(is_empty(tlsconn_error_hint(NULL)));
    CHECK(tlsconn_error_problems(NULL) == 0);
    CHECK(strcmp(tlsconn_problem_name(TLSCONN_P_EXPIRED), "expired") == 0);
    CHECK(is_empty(tlsconn_problem_name(0)));
    CHECK(is_empty(tlsconn_problem_name(-1)));
    CHECK(is_empty(tlsconn_problem_name(3)));
    CHECK(is_empty(tlsconn_problem_name(0x8000)));
    CHECK(is_empty(tlsconn_problem_name(INT_MAX)));
    CHECK(is_empty(tlsconn_problem_name(INT_MIN)));

    tlsconn_ctx_unref(NULL);
    tlsconn_conn_free(NULL);
    tlsconn_conn_abort(NULL);
    tlsconn_cert_unref(NULL);
    tlsconn_question_unref(NULL);
    CHECK(tlsconn_ctx_ref(NULL) == NULL);
    CHECK(tlsconn_cert_ref(NULL) == NULL);
    CHECK(tlsconn_question_ref(NULL) == NULL);
    CHECK(tlsconn_ctx_default() != NULL && tlsconn_ctx_default() == tlsconn_ctx_default());
}

static void contexts(tlsconn_ctx *ctx, const char *pem)
{
    size_t len = strlen(pem);
    size_t i;

    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(NULL, TLSCONN_MAT_CA, pem, len));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(ctx, TLSCONN_MAT_CA, NULL, len));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(ctx, TLSCONN_MAT_CA, NULL, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(ctx, TLSCONN_MAT_CA, pem, HUGE_LENGTH));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(NULL, 0, NULL, HUGE_LENGTH));
    EXPECT(TLSCONN_E_PARSE, tlsconn_ctx_add(ctx, TLSCONN_MAT_CA, pem, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_file(NULL, TLSCONN_MAT_CA, "ca.pem"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, ""));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_dir(NULL, TLSCONN_MAT_CA, "/"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_dir(ctx, TLSCONN_MAT_CA, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_dir(ctx, TLSCONN_MAT_CA, ""));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_layout(NULL, TLSCONN_LAYOUT_TLSCONN, "/"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_QEMU, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, ""));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_system_roots(NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_file(NULL, "/tmp/known"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_file(ctx, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_file(ctx, ""));
    EXPECT(TLSCONN_E_INVALID, tlsconn_dir_rehash(NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_dir_rehash(""));
    EXPECT(TLSCONN_E_FILE, tlsconn_dir_rehash("/nowhere/at/all"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_reload(NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_dn(NULL, "CN=alice"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_dn(NULL, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_dn(ctx, ""));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_allow_dn(ctx, "CN=\xff"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_dn(ctx, "C=GB,O=*,CN=alic?"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_allow_dn(ctx, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_validator(NULL, ask, ctx, destroy));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_validator(NULL, NULL, NULL, NULL));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, NULL, ctx, destroy));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_passphrase(NULL, passphrase, ctx, destroy));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_passphrase(ctx, NULL, ctx, destroy));
    for EACH(i, numbers) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(ctx, numbers[i], pem, len));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_file(ctx, numbers[i], "/dev/null"));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_dir(ctx, numbers[i], "/"));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_layout(ctx, numbers[i], "/"));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_layout(ctx, numbers[i], NULL));
    }
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(ctx, TLSCONN_LAYOUT_TLSCONN, pem, len));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add(ctx, VIR_CERT_CLIENT_CERT, pem, len));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_add_layout(ctx, TLSCONN_MAT_CA, "/"));
}

static void options(tlsconn_ctx *ctx)
{
    static const int times[] = { TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS, TLSCONN_OPT_ANSWER_TIMEOUT_MS,
                                 TLSCONN_OPT_IO_TIMEOUT_MS };
    static const int lists[] = { TLSCONN_OPT_ON_NEW, TLSCONN_OPT_ON_CHANGED, TLSCONN_OPT_ON_RENEWED,
                                 TLSCONN_OPT_ON_UNTRUSTED, TLSCONN_OPT_ON_NEW_PROBLEM,
                                 TLSCONN_OPT_ON_CLIENT, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_OPT_IDENTITY_FROM,
                                 TLSCONN_OPT_SEND_CLIENT_CERT, TLSCONN_OPT_CRL_MODE, TLSCONN_OPT_PROFILE,
                                 TLSCONN_OPT_MIN_VERSION, TLSCONN_OPT_MAX_VERSION };
    static const int never_allow[] = { TLSCONN_OPT_ON_CHANGED, TLSCONN_OPT_ON_UNTRUSTED,
                                       TLSCONN_OPT_ON_NEW_PROBLEM, TLSCONN_OPT_ON_CLIENT };
    char protocol[257];
    size_t i;
    size_t j;

    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(NULL, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
    for EACH(i, numbers) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, numbers[i], TLSCONN_POLICY_ASK));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, numbers[i], "a"));
        for EACH(j, lists)
            EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, lists[j], numbers[i]));
    }
    for EACH(j, lists) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, lists[j], INT64_MAX));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, lists[j], INT64_MIN));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, lists[j], TLSCONN_MAT_CA));
        /* The right number, were it cut to 32 bits. */
        EXPECT(TLSCONN_E_INVALID,
               tlsconn_ctx_set_int(ctx, lists[j], ((int64_t)1 << 32) + TLSCONN_POLICY_ASK));
    }
    for EACH(j, never_allow)
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, never_allow[j], TLSCONN_POLICY_ALLOW));
    for EACH(j, times) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, times[j], 0));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, times[j], -2));
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, times[j], INT64_MIN));
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, times[j], INT64_MAX));
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, times[j], -1));
    }
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS, -1));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_RESUMPTION, 2));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_RESUMPTION, -1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CRL_GRACE_S, -1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_VERIFY_TIME, -2));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ALPN, 1));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_MIN_VERSION, TLSCONN_TLS_1_3));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_MAX_VERSION, TLSCONN_TLS_1_2));

    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(NULL, TLSCONN_OPT_ALPN, "http/1.1"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ON_NEW, "ask"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, ","));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, "a,,b"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, "h2, http/1.1"));
    memset(protocol, 'a', 256);
    protocol[256] = 0;
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, protocol));
    protocol[255] = 0;
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, protocol));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, ""));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_KEYLOG_FILE, "/nowhere/at/all"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_KEYLOG_FILE, ""));
}

static void making_connections(tlsconn_ctx *ctx)
{
    static const int ports[] = { 0, -1, 65536, INT_MAX, INT_MIN };
    static const char *const hosts[] = { "", "a\nb", "a b", "127.1", "[::1", "a:b", "-", ".", "\xff\xfe",
                                         "a\x1b[2Jb", "\xe2\x80\xae" "b" };
    /* A place to see that `*out` is NULL after a failure. */
    tlsconn_conn *const before = (tlsconn_conn *)&failures;
    tlsconn_conn *conn = before;
    int ends[2];
    size_t i;

    EXPECT(TLSCONN_E_INVALID, tlsconn_connect(ctx, "localhost", 1, 0, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect(NULL, NULL, 1, 0, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect(NULL, "localhost", 1, 0, &conn));
    CHECK(conn == NULL);
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect(ctx, NULL, 1, 0, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_mem(ctx, "localhost", 1, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_mem(NULL, "localhost", 1, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_mem(ctx, NULL, 1, &conn));
    for EACH(i, ports) {
        conn = before;
        EXPECT(TLSCONN_E_INVALID, tlsconn_connect(ctx, "localhost", ports[i], 0, &conn));
        CHECK(conn == NULL);
        conn = before;
        EXPECT(TLSCONN_E_INVALID, tlsconn_connect_mem(ctx, "localhost", ports[i], &conn));
        CHECK(conn == NULL);
    }
    for EACH(i, hosts) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_connect(ctx, hosts[i], 1, 0, &conn));
        CHECK(!strpbrk(tlsconn_error_message(tlsconn_last_error()), "\n\x1b"));
        EXPECT(TLSCONN_E_INVALID, tlsconn_connect_mem(ctx, hosts[i], 1, &conn));
    }
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect(ctx, "localhost", 1, 2, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect(ctx, "localhost", 1, 3, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect(ctx, "localhost", 1, UINT_MAX, &conn));

    CHECK(pipe(ends) == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, ends[0], "localhost", 1, 0, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(NULL, ends[0], "localhost", 1, 0, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, ends[0], NULL, 1, 0, &conn));
    conn = before;
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, ends[0], "localhost", 1, 0, &conn));
    CHECK(conn == NULL);
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, -1, "localhost", 1, 0, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, INT_MIN, "localhost", 1, 0, &conn));
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, INT_MAX, "localhost", 1, 0, &conn));
    close(ends[0]);
    close(ends[1]);
    EXPECT(TLSCONN_E_INVALID, tlsconn_connect_fd(ctx, ends[0], "localhost", 1, 0, &conn));
}

static void connections(tlsconn_ctx *ctx)
{
    tlsconn_conn *mem = NULL;
    tlsconn_conn *blocking = NULL;
    char buf[8] = "";
    size_t n = 99;
    size_t i;
    int fd;
    short events;
    int timeout_ms;

    EXPECT(TLSCONN_OK, tlsconn_connect_mem(ctx, "localhost", 1, &mem));
    EXPECT(TLSCONN_OK, tlsconn_connect(ctx, "localhost", 1, 0, &blocking));

    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_set_verify_name(NULL, "a"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_set_verify_name(mem, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_set_verify_name(mem, ""));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_set_verify_name(mem, "a\nb"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_handshake(NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_read(NULL, buf, sizeof buf, &n));
    CHECK(n == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_read(mem, NULL, sizeof buf, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_read(mem, buf, HUGE_LENGTH, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_read(mem, buf, sizeof buf, NULL));
    n = 99;
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_write(NULL, buf, sizeof buf, &n));
    CHECK(n == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_write(mem, NULL, sizeof buf, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_write(mem, buf, HUGE_LENGTH, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_write(mem, buf, sizeof buf, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_shutdown(NULL));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_shutdown(mem));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_poll(NULL, &fd, &events, &timeout_ms));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_poll(mem, NULL, &events, &timeout_ms));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_poll(mem, &fd, NULL, &timeout_ms));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_poll(mem, &fd, &events, NULL));
    EXPECT(TLSCONN_OK, tlsconn_conn_poll(mem, &fd, &events, &timeout_ms));

    n = 99;
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_input(NULL, buf, 1, &n));
    CHECK(n == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_input(mem, NULL, 1, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_input(mem, buf, 1, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_input(mem, buf, HUGE_LENGTH, &n));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_mem_input(blocking, buf, 1, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_output(NULL, buf, 1, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_output(mem, NULL, 1, &n));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_output(mem, buf, 1, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_conn_mem_output(mem, buf, HUGE_LENGTH, &n));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_mem_output(blocking, buf, 1, &n));
    EXPECT(TLSCONN_OK, tlsconn_conn_mem_output(mem, buf, 0, &n));
    CHECK(n == 0);
    EXPECT(TLSCONN_OK, tlsconn_conn_mem_output(mem, buf, 5, &n));
    CHECK(n == 5 && buf[0] == 0x16);
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_set_verify_name(mem, "late.example"));

    CHECK(tlsconn_conn_question(NULL) == NULL && tlsconn_conn_question(mem) == NULL);
    CHECK(tlsconn_conn_error(NULL) != NULL);
    CHECK(tlsconn_error_code(tlsconn_conn_error(mem)) == TLSCONN_OK);
    CHECK(tlsconn_conn_peer_cert(NULL, 0) == NULL && tlsconn_conn_peer_cert(mem, 0) == NULL);
    CHECK(tlsconn_conn_peer_cert(mem, HUGE_LENGTH) == NULL);
    CHECK(is_empty(tlsconn_conn_info(NULL, TLSCONN_INFO_SNI)));
    for (fd = TLSCONN_INFO_VERSION; fd <= TLSCONN_INFO_CLIENT_CERT; fd++)
        CHECK(tlsconn_conn_info(mem, fd) != NULL && tlsconn_conn_info(blocking, fd) != NULL);
    for EACH(i, numbers)
        CHECK(is_empty(tlsconn_conn_info(mem, numbers[i])));

    /* What is no TLS ends the connection, and every later call says so again. */
    EXPECT(TLSCONN_OK, tlsconn_conn_mem_input(mem, "HTTP/1.0 400\r\n\r\n", 16, &n));
    EXPECT(TLSCONN_E_PROTOCOL, tlsconn_conn_handshake(mem));
    EXPECT(TLSCONN_E_PROTOCOL, tlsconn_conn_read(mem, buf, 1, &n));
    EXPECT(TLSCONN_E_PROTOCOL, tlsconn_conn_write(mem, buf, 1, &n));
    EXPECT(TLSCONN_E_PROTOCOL, tlsconn_conn_shutdown(mem));
    CHECK(tlsconn_error_code(tlsconn_conn_error(mem)) == TLSCONN_E_PROTOCOL);
    tlsconn_conn_abort(blocking);
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_handshake(blocking));
    tlsconn_conn_free(mem);
    tlsconn_conn_free(blocking);
}

static void questions(void)
{
    CHECK(tlsconn_question_situation(NULL) == 0);
    CHECK(tlsconn_question_problems(NULL) == 0);
    CHECK(is_empty(tlsconn_question_host(NULL)));
    CHECK(tlsconn_question_port(NULL) == 0);
    CHECK(tlsconn_question_cert(NULL, 0) == NULL);
    CHECK(tlsconn_question_previous(NULL) == NULL);
    CHECK(is_empty(tlsconn_question_text(NULL, TLSCONN_STYLE_FULL)));
    CHECK(tlsconn_question_allows(NULL, TLSCONN_REJECT) == 0);
    EXPECT(TLSCONN_E_INVALID, tlsconn_question_answer(NULL, TLSCONN_ALLOW_ALWAYS));
    CHECK(tlsconn_ask_terminal(NULL, NULL) == TLSCONN_REJECT);
}

static void known_servers(tlsconn_ctx *ctx, tlsconn_cert *cert)
{
    static const uint32_t never[] = { TLSCONN_P_REVOKED, TLSCONN_P_BAD_SIGNATURE, TLSCONN_P_BAD_ENCODING,
                                      TLSCONN_P_DISTRUSTED, 0x8000, 0x80000000U, 0xffffffffU };
    static const int ports[] = { 0, -1, 65536, INT_MAX, INT_MIN };
    size_t i;

    EXPECT(TLSCONN_E_INVALID, tlsconn_known_set(NULL, "a", 1, cert, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_set(ctx, NULL, 1, cert, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_set(ctx, "a", 1, NULL, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_set(ctx, "", 1, cert, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_set(ctx, "a\nHost: b:1", 1, cert, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_remove(NULL, "a", 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_remove(ctx, NULL, 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_remove(ctx, "a\nb", 1));
    EXPECT(TLSCONN_E_NOT_FOUND, tlsconn_known_remove(ctx, "a", 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_distrust(NULL, cert, 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_distrust(ctx, NULL, 1));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_distrust(ctx, cert, 2));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_distrust(ctx, cert, -1));
    EXPECT(TLSCONN_E_NOT_FOUND, tlsconn_known_distrust(ctx, cert, 0));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_each(NULL, NULL, 0, visit, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_each(ctx, NULL, 0, NULL, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_each(ctx, "a b", 0, visit, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_each(ctx, "a", -1, visit, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_known_each(ctx, "a", 65536, visit, NULL));
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, "a", 0, visit, NULL));
    for EACH(i, never)
        EXPECT(TLSCONN_E_INVALID, tlsconn_known_set(ctx, "a", 1, cert, never[i]));
    for EACH(i, ports) {
        EXPECT(TLSCONN_E_INVALID, tlsconn_known_set(ctx, "a", ports[i], cert, 0));
        EXPECT(TLSCONN_E_INVALID, tlsconn_known_remove(ctx, "a", ports[i]));
    }
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, NULL, 0, visit, NULL));
}

static void certificates(tlsconn_cert *cert)
{
    tlsconn_cert *const before = (tlsconn_cert *)&failures;
    tlsconn_cert *out = before;
    size_t len = 99;
    size_t i;
    int field;

    EXPECT(TLSCONN_E_INVALID, tlsconn_cert_parse(NULL, 1, &out));
    CHECK(out == NULL);
    EXPECT(TLSCONN_E_INVALID, tlsconn_cert_parse("x", 1, NULL));
    EXPECT(TLSCONN_E_INVALID, tlsconn_cert_parse("x", HUGE_LENGTH, &out));
    EXPECT(TLSCONN_E_PARSE, tlsconn_cert_parse("x", 0, &out));
    out = before;
    EXPECT(TLSCONN_E_PARSE, tlsconn_cert_parse("\x30\x82\xff\xff", 4, &out));
    CHECK(out == NULL);
    CHECK(is_empty(tlsconn_cert_str(NULL, TLSCONN_CERT_CN)));
    CHECK(is_empty(tlsconn_cert_text(NULL, TLSCONN_STYLE_LINE)));
    CHECK(tlsconn_cert_der(NULL, &len) == NULL && len == 0);
    CHECK(tlsconn_cert_der(NULL, NULL) == NULL);
    CHECK(tlsconn_cert_der(cert, NULL) != NULL);
    for (field = TLSCONN_CERT_SUBJECT; field <= TLSCONN_CERT_NAMES; field++)
        CHECK(!is_empty(tlsconn_cert_str(cert, field)));
    for (field = TLSCONN_STYLE_LINE; field <= TLSCONN_STYLE_PEM; field++)
        CHECK(!is_empty(tlsconn_cert_text(cert, field)));
    for EACH(i, numbers) {
        CHECK(is_empty(tlsconn_cert_str(cert, numbers[i])));
        CHECK(is_empty(tlsconn_cert_text(cert, numbers[i])));
    }
}

static void proposal(void)
{
    static const int kinds[] = { -1, 5, 10, 14, INT_MAX, INT_MIN };
    size_t i;

    CHECK(virConnectAddCertData(VIR_CERT_CA_CERT, NULL) == -1);
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_INVALID);
    CHECK(virConnectAddCertData(VIR_CERT_CA_CERT, "") == -1);
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_PARSE);
    CHECK(virConnectAddCertDataFile(VIR_CERT_CA_CERT, NULL) == -1);
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_INVALID);
    CHECK(virConnectAddCertDataFile(VIR_CERT_TRUSTED_SERVER, "/nowhere/at/all") == -1);
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_STORE);
    for EACH(i, kinds) {
        CHECK(virConnectAddCertData(kinds[i], "x") == -1);
        CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_INVALID);
        CHECK(virConnectAddCertDataFile(kinds[i], "/dev/null") == -1);
        CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_INVALID);
    }
    CHECK(virConnectSetCertificateValidator(NULL) == 0);
}

int main(int argc, char **argv)
{
    tlsconn_ctx *ctx;
    tlsconn_cert *cert;
    char *pem;
    size_t len;

    if (argc != 2)
        return 2;
    nothing_and_nobody();
    ctx = tlsconn_ctx_new();
    cert = certificate(argv[1], "server.pem");
    pem = contents(argv[1], "ca.pem", &len);
    contexts(ctx, pem);
    options(ctx);
    making_connections(ctx);
    connections(ctx);
    questions();
    known_servers(ctx, cert);
    certificates(cert);
    proposal();
    free(pem);
    tlsconn_cert_unref(cert);
    tlsconn_ctx_unref(ctx);
    return result(argv[0]);
}
