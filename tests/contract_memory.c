/* Who owns what, and how long it lives: references, borrowed strings, errors of threads. */
#include <pthread.h>

#include "contract.h"

static pthread_barrier_t both;

/* Each thread has a last error of its own; success does not clear it, the next failure ends it. */
static void *fails(void *wanted)
{
    const int *code = wanted;
    tlsconn_cert *cert;
    const tlsconn_error *error;

    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_OK);
    if (*code == TLSCONN_E_PARSE)
        EXPECT(TLSCONN_E_PARSE, tlsconn_cert_parse("x", 1, &cert));
    else
        EXPECT(TLSCONN_E_INVALID, tlsconn_conn_handshake(NULL));
    error = tlsconn_last_error();
    pthread_barrier_wait(&both);
    CHECK(tlsconn_last_error() == error);
    CHECK(tlsconn_error_code(error) == *code);
    CHECK(*tlsconn_error_message(error));
    tlsconn_cert_unref(NULL);
    tlsconn_ctx_unref(tlsconn_ctx_new());
    CHECK(tlsconn_last_error() == error && *tlsconn_error_message(error));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_reload(NULL));
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_INVALID);
    return NULL;
}

static void errors_of_threads(void)
{
    static const int codes[] = { TLSCONN_E_PARSE, TLSCONN_E_INVALID };
    pthread_t threads[2];
    size_t i;

    CHECK(pthread_barrier_init(&both, NULL, 2) == 0);
    for (i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, fails, (void *)&codes[i]) == 0);
    for (i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(pthread_barrier_destroy(&both) == 0);
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_OK);
}

static tlsconn_cert *kept;
static tlsconn_question *kept_question;

static int keep(const tlsconn_known *known, void *userdata)
{
    (void)userdata;
    kept = tlsconn_cert_ref(known->cert);
    return 1;
}

static int keep_question(tlsconn_question *question, void *userdata)
{
    (void)userdata;
    kept_question = tlsconn_question_ref(question);
    return TLSCONN_ALLOW_ONCE;
}

static void references(const char *pki, int port)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_cert *cert = certificate(pki, "server.pem");
    tlsconn_conn *conn;
    const tlsconn_error *error;
    const char *info;
    char *subject;
    size_t n;
    char byte;

    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "kept.example", 1, cert, 0));
    EXPECT(1, tlsconn_known_each(ctx, NULL, 0, keep, NULL));
    subject = or_die(strdup(tlsconn_cert_str(cert, TLSCONN_CERT_SUBJECT)));
    CHECK(tlsconn_cert_ref(cert) == cert);
    tlsconn_cert_unref(cert);
    tlsconn_cert_unref(cert);
    CHECK(strcmp(tlsconn_cert_str(kept, TLSCONN_CERT_SUBJECT), subject) == 0);
    CHECK(tlsconn_cert_str(kept, TLSCONN_CERT_CN) == tlsconn_cert_str(kept, TLSCONN_CERT_CN));
    free(subject);

    /* A connection needs nobody else to hold its context. */
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, keep_question, NULL, NULL));
    conn = connected(ctx, port, 0);
    CHECK(tlsconn_ctx_ref(ctx) == ctx);
    tlsconn_ctx_unref(ctx);
    tlsconn_ctx_unref(ctx);
    CHECK(!*tlsconn_conn_info(conn, TLSCONN_INFO_VERSION));
    EXPECT(TLSCONN_OK, tlsconn_conn_handshake(conn));
    info = tlsconn_conn_info(conn, TLSCONN_INFO_VERSION);
    CHECK(strcmp(info, "TLSv1.2") == 0);
    CHECK(tlsconn_conn_peer_cert(conn, 0) == tlsconn_conn_peer_cert(conn, 0));
    EXPECT(TLSCONN_OK, tlsconn_conn_write(conn, "", 0, NULL));
    EXPECT(TLSCONN_OK, tlsconn_conn_read(conn, &byte, 0, &n));
    EXPECT(TLSCONN_OK, tlsconn_conn_write(conn, "cba\n", 4, &n));
    CHECK(n == 4);
    EXPECT(TLSCONN_OK, tlsconn_conn_read(conn, &byte, 1, &n));
    CHECK(n == 1 && byte == 'a');
    EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(conn));
    EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(conn));
    EXPECT(TLSCONN_E_STATE, tlsconn_conn_write(conn, "x", 1, &n));
    CHECK(n == 0);
    CHECK(strcmp(info, "TLSv1.2") == 0);
    tlsconn_conn_abort(conn);
    EXPECT(TLSCONN_E_CANCELLED, tlsconn_conn_read(conn, &byte, 1, &n));
    error = tlsconn_conn_error(conn);
    CHECK(error == tlsconn_conn_error(conn));
    tlsconn_conn_free(conn);

    CHECK(strcmp(tlsconn_question_host(kept_question), "127.0.0.1") == 0);
    CHECK(*tlsconn_cert_text(tlsconn_question_cert(kept_question, 0), TLSCONN_STYLE_PEM) == '-');
    tlsconn_question_unref(kept_question);
    CHECK(*tlsconn_cert_text(kept, TLSCONN_STYLE_FULL));
    tlsconn_cert_unref(kept);
}

int main(int argc, char **argv)
{
    server running;

    if (argc != 2)
        return 2;
    errors_of_threads();
    running = start(argv[1], "server", "-tls1_2");
    references(argv[1], running.port);
    stop(&running);
    return result(argv[0]);
}
