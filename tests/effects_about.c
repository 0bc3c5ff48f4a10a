/* What can be asked of connections, certificates and questions: every field and every style, each with
 * what it says here. */
#include "contract_effects.h"

#define INFOS(X)                                                                              \
    X(TLSCONN_INFO_VERSION) X(TLSCONN_INFO_CIPHER) X(TLSCONN_INFO_GROUP) X(TLSCONN_INFO_ALPN) \
    X(TLSCONN_INFO_SNI) X(TLSCONN_INFO_PEER_ADDRESS) X(TLSCONN_INFO_PEER_IDENTITY)            \
    X(TLSCONN_INFO_IDENTITY_SOURCE) X(TLSCONN_INFO_TRUST) X(TLSCONN_INFO_RESUMED)             \
    X(TLSCONN_INFO_CLIENT_CERT)
CONSTANTS(info, tlsconn_info, INFOS, NO_EXCEPTION)

#define FIELDS(X)                                                                             \
    X(TLSCONN_CERT_SUBJECT) X(TLSCONN_CERT_ISSUER) X(TLSCONN_CERT_CN) X(TLSCONN_CERT_SERIAL)  \
    X(TLSCONN_CERT_SHA256) X(TLSCONN_CERT_KEY_SHA256) X(TLSCONN_CERT_KEY)                     \
    X(TLSCONN_CERT_SIGNATURE) X(TLSCONN_CERT_NOT_BEFORE) X(TLSCONN_CERT_NOT_AFTER)            \
    X(TLSCONN_CERT_NAMES)
CONSTANTS(field, tlsconn_cert_field, FIELDS, NO_EXCEPTION)

#define STYLES(X)                                                                             \
    X(TLSCONN_STYLE_LINE) X(TLSCONN_STYLE_SUMMARY) X(TLSCONN_STYLE_FULL) X(TLSCONN_STYLE_JSON) \
    X(TLSCONN_STYLE_PEM)
CONSTANTS(style, tlsconn_style, STYLES, NO_EXCEPTION)

#define ANSWERS(X)                                                                            \
    X(TLSCONN_REJECT) X(TLSCONN_ALLOW_ONCE) X(TLSCONN_ALLOW_ALWAYS) X(TLSCONN_ALLOW_SESSION)
#define NO_ANSWER(X) X(TLSCONN_ANSWER_LATER)
CONSTANTS(answer, tlsconn_answer, ANSWERS, NO_ANSWER)

/* `said` begins so, or is so where it begins with `=`. */
static int fits(const char *said, const char *wanted)
{
    return *wanted == '=' ? strcmp(said, wanted + 1) == 0 : strncmp(said, wanted, strlen(wanted)) == 0;
}

static void connections(void)
{
    static const struct {
        int what;
        const char *client;
        const char *server;
    } infos[] = {
        { TLSCONN_INFO_VERSION, "=TLSv1.3", "=TLSv1.3" },
        { TLSCONN_INFO_CIPHER, "TLS_", "TLS_" },
        { TLSCONN_INFO_GROUP, "=X25519MLKEM768", "=X25519MLKEM768" },
        { TLSCONN_INFO_ALPN, "=h2", "=h2" },
        { TLSCONN_INFO_SNI, "=localhost", "=localhost" },
        { TLSCONN_INFO_PEER_ADDRESS, "=memory", "=memory" },
        { TLSCONN_INFO_PEER_IDENTITY, "=", "=client" },
        { TLSCONN_INFO_IDENTITY_SOURCE, "=", "=authority" },
        { TLSCONN_INFO_TRUST, "=authority", "=authority" },
        { TLSCONN_INFO_RESUMED, "=no", "=no" },
        { TLSCONN_INFO_CLIENT_CERT, "=sent", "=sent" },
    };
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    struct both both;
    size_t i;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(server, TLSCONN_OPT_ALPN, "h2"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_str(client, TLSCONN_OPT_ALPN, "h2"));
    both = meet(server, client);
    EXPECT(TLSCONN_OK, run(&both));
    for EACH(i, infos) {
        CHECK(fits(tlsconn_conn_info(both.client, infos[i].what), infos[i].client));
        CHECK(fits(tlsconn_conn_info(both.server, infos[i].what), infos[i].server));
        CHECK(!*tlsconn_conn_info(NULL, infos[i].what));
        produced_info(infos[i].what);
    }
    CHECK(!*tlsconn_conn_info(both.client, TLSCONN_INFO_VERSION - 1));
    CHECK(!*tlsconn_conn_info(both.client, TLSCONN_INFO_CLIENT_CERT + 1));
    CHECK(tlsconn_conn_peer_cert(both.client, 0) && !tlsconn_conn_peer_cert(both.client, 1));
    part(&both);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
}

/* Over a socket the other end has an address. */
static void address(void)
{
    tlsconn_ctx *client = context(pki);
    tlsconn_conn *conn = NULL;
    struct sockaddr_in place;
    socklen_t size = sizeof place;
    char wanted[64];
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    int fd;

    memset(&place, 0, sizeof place);
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listening, (struct sockaddr *)&place, sizeof place) == 0 && listen(listening, 1) == 0);
    CHECK(getsockname(listening, (struct sockaddr *)&place, &size) == 0);
    fd = reach(ntohs(place.sin_port));
    EXPECT(TLSCONN_OK, tlsconn_connect_fd(client, fd, "localhost", 1, TLSCONN_F_NONBLOCK, &conn));
    EXPECT(TLSCONN_WANT_READ, tlsconn_conn_handshake(conn));
    snprintf(wanted, sizeof wanted, "127.0.0.1:%d", ntohs(place.sin_port));
    CHECK(says(conn, TLSCONN_INFO_PEER_ADDRESS, wanted));
    tlsconn_conn_free(conn);
    CHECK(close(fd) == 0 && close(listening) == 0);
    tlsconn_ctx_unref(client);
}

static int is_hexadecimal(const char *said, size_t pairs)
{
    return strlen(said) == pairs * 3 - 1 && strspn(said, "0123456789ABCDEFabcdef:") == strlen(said);
}

static void certificates(void)
{
    static const struct {
        int field;
        const char *wanted;
    } fields[] = {
        { TLSCONN_CERT_SUBJECT, "=CN=server" },
        { TLSCONN_CERT_ISSUER, "=CN=Contract CA" },
        { TLSCONN_CERT_CN, "=server" },
        { TLSCONN_CERT_SERIAL, "" },
        { TLSCONN_CERT_SHA256, "" },
        { TLSCONN_CERT_KEY_SHA256, "" },
        { TLSCONN_CERT_KEY, "EC" },
        { TLSCONN_CERT_SIGNATURE, "=ECDSA with SHA-256" },
        { TLSCONN_CERT_NOT_BEFORE, "20" },
        { TLSCONN_CERT_NOT_AFTER, "20" },
        { TLSCONN_CERT_NAMES, "=DNS:localhost, IP:127.0.0.1" },
    };
    tlsconn_cert *cert = certificate(pki, "server.pem");
    tlsconn_cert *renewed = certificate(pki, "renewed.pem");
    size_t i;

    for EACH(i, fields) {
        const char *said = tlsconn_cert_str(cert, fields[i].field);

        CHECK(*said && fits(said, fields[i].wanted));
        CHECK(!*tlsconn_cert_str(NULL, fields[i].field));
        produced_field(fields[i].field);
    }
    CHECK(!*tlsconn_cert_str(cert, TLSCONN_CERT_SUBJECT - 1) && !*tlsconn_cert_str(cert, TLSCONN_CERT_NAMES + 1));
    CHECK(is_hexadecimal(tlsconn_cert_str(cert, TLSCONN_CERT_SHA256), 32));
    CHECK(is_hexadecimal(tlsconn_cert_str(cert, TLSCONN_CERT_KEY_SHA256), 32));
    /* Another certificate, the same key. */
#define SAME(field) (strcmp(tlsconn_cert_str(cert, field), tlsconn_cert_str(renewed, field)) == 0)
    CHECK(!SAME(TLSCONN_CERT_SHA256) && !SAME(TLSCONN_CERT_SERIAL) && SAME(TLSCONN_CERT_KEY_SHA256));
    CHECK(strcmp(tlsconn_cert_str(cert, TLSCONN_CERT_NOT_BEFORE), tlsconn_cert_str(cert, TLSCONN_CERT_NOT_AFTER)) < 0);
    tlsconn_cert_unref(cert);
    tlsconn_cert_unref(renewed);
}

static size_t lines(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* A text in each style, of a certificate or of a question. */
static void styles(const char *(*text)(const void *, int), const void *object)
{
    CHECK(*text(object, TLSCONN_STYLE_LINE) && lines(text(object, TLSCONN_STYLE_LINE)) <= 1);
    CHECK(lines(text(object, TLSCONN_STYLE_SUMMARY)) > 1);
    CHECK(strlen(text(object, TLSCONN_STYLE_FULL)) > strlen(text(object, TLSCONN_STYLE_SUMMARY)));
    CHECK(text(object, TLSCONN_STYLE_JSON)[0] == '{');
    CHECK(strstr(text(object, TLSCONN_STYLE_PEM), "-----BEGIN CERTIFICATE-----"));
    CHECK(!*text(object, TLSCONN_STYLE_LINE - 1) && !*text(object, TLSCONN_STYLE_PEM + 1));
    CHECK(!*text(NULL, TLSCONN_STYLE_LINE));
}

static const char *of_certificate(const void *cert, int style)
{
    produced_style(style < TLSCONN_STYLE_LINE || style > TLSCONN_STYLE_PEM ? TLSCONN_STYLE_LINE : style);
    return tlsconn_cert_text(cert, style);
}

static const char *of_question(const void *question, int style)
{
    return tlsconn_question_text(question, style);
}

/* What each answer comes to, for the connection that waits and for the next. */
static void answers(int answer, int with_file, int code, int next)
{
    char directory[64];
    char *path = path_in(scratch(directory), "trusted.pem");
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    tlsconn_question *question;
    struct both both;
    FILE *file;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK));
    if (with_file)
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(client, path));
    both = meet(server, client);
    EXPECT(TLSCONN_WANT_ANSWER, run_client(&both));
    question = or_die(tlsconn_conn_question(both.client));
    CHECK(tlsconn_question_allows(question, TLSCONN_REJECT) && tlsconn_question_allows(question, TLSCONN_ALLOW_ONCE));
    CHECK(tlsconn_question_allows(question, TLSCONN_ALLOW_ALWAYS) == with_file);
    CHECK(tlsconn_question_allows(question, TLSCONN_ALLOW_SESSION));
    CHECK(!tlsconn_question_allows(question, TLSCONN_ANSWER_LATER) && !tlsconn_question_allows(question, -1));
    styles(of_question, question);
    EXPECT(TLSCONN_OK, tlsconn_question_answer(question, answer));
    CHECK(run_client(&both) == code);
    part(&both);
    both = meet(server, client);
    CHECK(run_client(&both) == next);
    CHECK(says(both.client, TLSCONN_INFO_TRUST, next == TLSCONN_OK ? "known" : ""));
    part(&both);
    file = fopen(path, "r");
    CHECK((file != NULL) == (with_file && answer == TLSCONN_ALLOW_ALWAYS));
    if (file)
        fclose(file);
    produced_answer(answer);
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    free(path);
    remove_scratch(directory);
}

static void questions(void)
{
    int with_file;

    for (with_file = 0; with_file < 2; with_file++) {
        answers(TLSCONN_REJECT, with_file, TLSCONN_E_REJECTED, TLSCONN_WANT_ANSWER);
        answers(TLSCONN_ALLOW_ONCE, with_file, TLSCONN_OK, TLSCONN_WANT_ANSWER);
        answers(TLSCONN_ALLOW_SESSION, with_file, TLSCONN_OK, TLSCONN_OK);
        answers(TLSCONN_ALLOW_ALWAYS, with_file, TLSCONN_OK, TLSCONN_OK);
    }
}

int main(int argc, char **argv)
{
    tlsconn_cert *cert;

    if (argc != 2)
        return 2;
    pki = argv[1];
    connections();
    address();
    certificates();
    cert = certificate(pki, "server.pem");
    styles(of_certificate, cert);
    tlsconn_cert_unref(cert);
    questions();
    every_info();
    every_field();
    every_style();
    every_answer();
    return result(argv[0]);
}
