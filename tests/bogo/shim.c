/* A shim for BoringSSL's BoGo runner, on tlsconn.h alone.
 *
 * Reads the runner's flags, dials it, and plays the echo game: what comes is sent back with every
 * byte inverted. What the C interface cannot express ends with status 89 ("not implemented").
 * Environment: SHIM_MODE=block|nonblock|ownfd|mem|mem1 (default: block; with -async: mem1),
 * SHIM_STRICT=1 (flags that only narrow what is offered are 89 instead of being ignored),
 * SHIM_ASK=1 (the validator answers "for this session"; without it, it makes the server known and
 * answers "once"), SHIM_LATE=n (answers come n milliseconds later, and what the peer sends meanwhile
 * is fed; not with block), SHIM_IMPLICIT=1 (no call of handshake), SHIM_READ=n (bytes per read),
 * SHIM_CONFIRM=n (TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS), SHIM_LOG=1 (say to stdout what happens; 2: show questions).
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim.h"

struct config first, later;
int blocking, own_fd, logging, strict, ask_always, late;
static tlsconn_ctx *ctx;

void not_implemented(const char *what)
{
    const char *log = getenv("SHIM_NYI");
    FILE *file = log ? fopen(log, "a") : NULL;
    if (file) {
        fprintf(file, "%s\n", what);
        fclose(file);
    }
    printf("not implemented: %s\n", what);
    fflush(stdout);
    _exit(NOT_IMPLEMENTED);
}

void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    fflush(NULL);
    _exit(1);
}

void must(int rc, const char *call)
{
    if (rc == TLSCONN_OK)
        return;
    fprintf(stderr, "SETUP %s: %d %s\n", call, rc, tlsconn_error_message(tlsconn_last_error()));
    fflush(NULL);
    _exit(1);
}

/* ---- the context ---- */

/* Makes the server known, so that it is judged again and admitted as known; the answer itself is then
 * for this connection only. (An answer that lasts is settled after the handshake, too late for the
 * session of TLS 1.2 to be kept.) Clients get an answer that lasts. */
int yes(tlsconn_question *question)
{
    if (ask_always || tlsconn_question_situation(question) == TLSCONN_SITUATION_CLIENT)
        return TLSCONN_ALLOW_SESSION;
    must(tlsconn_known_set(ctx, tlsconn_question_host(question), tlsconn_question_port(question),
                           tlsconn_question_cert(question, 0), tlsconn_question_problems(question)), "known");
    return TLSCONN_ALLOW_ONCE;
}

static int on_question(tlsconn_question *question, void *userdata)
{
    const struct config *c = *(const struct config **)userdata;
    if (logging)
        printf("asked, situation %d problems %x\n", tlsconn_question_situation(question),
               (unsigned)tlsconn_question_problems(question));
    if (logging > 1)
        printf("%s\n", tlsconn_question_text(question, TLSCONN_STYLE_FULL));
    if (c->async || (late && !blocking))
        return TLSCONN_ANSWER_LATER;
    return c->verify_fail ? TLSCONN_REJECT : yes(question);
}

static char *slurp(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    if (!file || !bytes)
        die("cannot read a file of the runner");
    *n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void add(tlsconn_ctx *ctx, int material, const char *path)
{
    size_t n;
    char *bytes = slurp(path, &n);
    must(tlsconn_ctx_add(ctx, material, bytes, n), path);
    free(bytes);
}

static void option(tlsconn_ctx *ctx, int name, int64_t value)
{
    must(tlsconn_ctx_set_int(ctx, name, value), "option");
}

static char keylog[] = "/tmp/bogo-keylog-XXXXXX";

static const struct config *current;

static void make_context(const struct config *c)
{
    const struct pair *only = &c->pairs[0];
    ctx = tlsconn_ctx_new();
    must(tlsconn_ctx_set_validator(ctx, on_question, &current, NULL), "validator");
    option(ctx, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK);
    option(ctx, TLSCONN_OPT_ON_UNTRUSTED, TLSCONN_POLICY_ASK);
    option(ctx, TLSCONN_OPT_ON_CHANGED, TLSCONN_POLICY_ASK);
    option(ctx, TLSCONN_OPT_ON_RENEWED, TLSCONN_POLICY_ASK);
    option(ctx, TLSCONN_OPT_ON_NEW_PROBLEM, TLSCONN_POLICY_ASK);
    option(ctx, TLSCONN_OPT_ON_CLIENT, TLSCONN_POLICY_ASK);
    option(ctx, TLSCONN_OPT_IDENTITY_FROM, TLSCONN_IDENTITY_SHA256);
    int low = TLSCONN_TLS_1_2, high = TLSCONN_TLS_1_3;
    if (c->min_version > low)
        low = c->min_version;
    if (c->max_version && c->max_version < high)
        high = c->max_version;
    if (c->no_tls12 && low < TLSCONN_TLS_1_3)
        low = TLSCONN_TLS_1_3;
    if (c->no_tls13 && high > TLSCONN_TLS_1_2)
        high = TLSCONN_TLS_1_2;
    if (high < TLSCONN_TLS_1_2 || low > TLSCONN_TLS_1_3 || low > high)
        not_implemented("these versions");
    option(ctx, TLSCONN_OPT_MIN_VERSION, low);
    option(ctx, TLSCONN_OPT_MAX_VERSION, high);
    if (c->alpn_set)
        must(tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, c->alpn), "ALPN");
    if (c->export_secrets) {
        int fd = mkstemp(keylog);
        if (fd >= 0)
            close(fd);
        must(tlsconn_ctx_set_str(ctx, TLSCONN_OPT_KEYLOG_FILE, keylog), "key log");
    }
    if (c->groups_asked && !*c->groups)
        not_implemented("a group");
    int chosen = tlsconn_ctx_set_str(ctx, TLSCONN_OPT_GROUPS, c->groups);
    if (chosen == TLSCONN_E_INVALID)
        not_implemented("these groups with these versions");
    must(chosen, "groups");
    if (!c->server && (c->no_ticket || later.no_ticket))
        not_implemented("a client without tickets");
    if (!c->server && !c->verify_peer && (c->verify_fail || later.verify_fail))
        not_implemented("a client that does not mind who the server is");
    if (c->server) {
        option(ctx, TLSCONN_OPT_TICKETS, !c->no_ticket);
        option(ctx, TLSCONN_OPT_CLIENT_AUTH,
               c->require_client_cert ? TLSCONN_CLIENT_AUTH_REQUIRED
               : c->verify_peer       ? TLSCONN_CLIENT_AUTH_OPTIONAL
                                      : TLSCONN_CLIENT_AUTH_NONE);
        for (int i = 1; i <= c->n_pairs && c->n_pairs > 1; i++) { /* the default comes last */
            if (i == c->n_pairs) {
                if (c->pairs[0].cert && c->pairs[0].key)
                    must(tlsconn_ctx_add_server_pair(ctx, NULL, c->pairs[0].cert, c->pairs[0].key), "pair");
                break;
            }
            if (c->pairs[i].must_match || !c->pairs[i].cert || !c->pairs[i].key)
                not_implemented("this kind of credential");
            must(tlsconn_ctx_add_server_pair(ctx, NULL, c->pairs[i].cert, c->pairs[i].key), "pair");
        }
    } else {
        if (c->n_pairs == 2 && !c->pairs[0].cert) /* one, by the newer flags */
            only = &c->pairs[1];
        else if (c->n_pairs > 1)
            not_implemented("more than one client certificate");
        option(ctx, TLSCONN_OPT_RESUMPTION, 1);
        if (getenv("SHIM_CONFIRM"))
            option(ctx, TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS, number(getenv("SHIM_CONFIRM")));
        option(ctx, TLSCONN_OPT_SEND_CLIENT_CERT,
               only->must_match ? TLSCONN_SEND_CERT_MATCHING : TLSCONN_SEND_CERT_ALWAYS);
    }
    if (c->server && c->n_pairs > 1)
        return;
    if (only->cert)
        add(ctx, TLSCONN_MAT_CERT, only->cert);
    if (only->key)
        add(ctx, TLSCONN_MAT_KEY, only->key);
}

/* ---- what the runner wants to be checked ---- */

static const struct id groups[] = { { 23, "secp256r1" }, { 24, "secp384r1" }, { 25, "secp521r1" },
                                    { 29, "x25519" }, { 4588, "X25519MLKEM768" }, { 0, NULL } };
static const struct id suites[] = {
    { 0x1301, "TLS_AES_128_GCM_SHA256" }, { 0x1302, "TLS_AES_256_GCM_SHA384" },
    { 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
    { 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
    { 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
    { 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
    { 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
    { 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
    { 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" }, { 0, NULL } };

static void expect(const char *what, const char *wanted, const char *got)
{
    if (strcmp(wanted, got)) {
        fprintf(stderr, "CHECK %s: wanted '%s', got '%s'\n", what, wanted, got);
        fflush(NULL);
        _exit(1);
    }
}

static void expect_id(const char *what, const struct id *list, int wanted, const char *got)
{
    const char *name = name_of(list, wanted);

    if (!name)
        not_implemented(what);
    expect(what, name, got);
}

static void check(struct peer *p, const struct config *c, int resumed)
{
    const tlsconn_conn *conn = p->conn;
    if (c->expect_version)
        expect("version", c->expect_version == 0x0304 ? "TLSv1.3" : c->expect_version == 0x0303 ? "TLSv1.2" : "?",
               tlsconn_conn_info(conn, TLSCONN_INFO_VERSION));
    expect("resumed", resumed && !c->expect_session_miss ? "yes" : "no", tlsconn_conn_info(conn, TLSCONN_INFO_RESUMED));
    if (c->expect_alpn)
        expect("ALPN", c->expect_alpn, tlsconn_conn_info(conn, TLSCONN_INFO_ALPN));
    if (c->expect_sni)
        expect("SNI", c->expect_sni, tlsconn_conn_info(conn, TLSCONN_INFO_SNI));
    if (c->expect_group && *tlsconn_conn_info(conn, TLSCONN_INFO_GROUP))
        expect_id("group", groups, c->expect_group, tlsconn_conn_info(conn, TLSCONN_INFO_GROUP));
    if (c->expect_cipher)
        expect_id("suite", suites, c->expect_cipher, tlsconn_conn_info(conn, TLSCONN_INFO_CIPHER));
    if (c->cipher_aes || c->cipher_no_aes)
        expect("AES first", c->cipher_aes ? "yes" : "no",
               strstr(tlsconn_conn_info(conn, TLSCONN_INFO_CIPHER), "AES") ? "yes" : "no");
    if (!*tlsconn_conn_info(conn, TLSCONN_INFO_TRUST))
        die("CHECK nobody says why the peer was admitted");
    if (c->has_expect_selected && !c->server)
        expect("own certificate", c->expect_selected >= -1 ? "sent" : "?", tlsconn_conn_info(conn, TLSCONN_INFO_CLIENT_CERT));
    if (c->expect_peer_cert) {
        size_t n, length, shown;
        char *bytes = slurp(c->expect_peer_cert, &n);
        tlsconn_cert *wanted;
        must(tlsconn_cert_parse(bytes, n, &wanted), "expected certificate");
        const uint8_t *der = tlsconn_cert_der(wanted, &length);
        const uint8_t *theirs = tlsconn_cert_der(tlsconn_conn_peer_cert(conn, 0), &shown);
        if (!theirs || shown != length || memcmp(der, theirs, length))
            die("CHECK the peer's certificate is not the expected one");
        tlsconn_cert_unref(wanted);
        free(bytes);
    }
}

static size_t logged_secret(const char *label, unsigned char *out)
{
    char line[512];
    size_t n = 0;
    FILE *file = fopen(keylog, "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, label, strlen(label)) && line[strlen(label)] == ' ') {
            const char *hex = strrchr(line, ' ') + 1;
            for (n = 0; hex[2 * n] && hex[2 * n] != '\n'; n++) {
                unsigned byte;
                sscanf(hex + 2 * n, "%2x", &byte);
                out[n] = (unsigned char)byte;
            }
        }
    if (file)
        fclose(file);
    return n;
}

/* ---- one connection ---- */

static tlsconn_cert *seen; /* what the peer of the first connection showed */

static void converse(const struct config *c, int round, enum mode mode)
{
    struct peer peer = { 0 }, *p = &peer;
    unsigned char *buf = malloc(65536);
    size_t n, size = c->read_size > 0 && c->read_size <= 65536 ? (size_t)c->read_size : 512;
    int rc, done = 0;
    p->mode = mode;
    p->reject = c->verify_fail;
    p->fd = dial(c);
    unsigned char id[8];
    for (int i = 0; i < 8; i++)
        id[i] = (unsigned char)(c->shim_id >> (8 * i));
    send_all(p, id, 8);

    unsigned flags = mode == NONBLOCK ? TLSCONN_F_NONBLOCK : 0;
    const char *host = c->host ? c->host : "127.0.0.1";
    if (c->server)
        rc = mode >= MEM ? tlsconn_accept_mem(ctx, &p->conn) : tlsconn_accept_fd(ctx, p->fd, flags, &p->conn);
    else
        rc = mode >= MEM ? tlsconn_connect_mem(ctx, host, 443, &p->conn)
                         : tlsconn_connect_fd(ctx, p->fd, host, 443, flags, &p->conn);
    must(rc, "connection");

    if (!c->implicit) {
        rc = shake_hands(p);
        if (rc != TLSCONN_OK)
            failed(p, rc, "handshake");
        done = 1;
        check(p, c, round > 0);
        if (c->handshake_twice && (rc = shake_hands(p)) != TLSCONN_OK)
            failed(p, rc, "second handshake");
        if (c->extra_handshake && tlsconn_conn_handshake(p->conn) != TLSCONN_OK)
            die("a further handshake was no no-op");
        if (!seen && tlsconn_conn_peer_cert(p->conn, 0))
            seen = tlsconn_cert_ref(tlsconn_conn_peer_cert(p->conn, 0));
    }
    if (c->export_secrets) {
        unsigned char theirs[64], ours[64], length[2];
        size_t a = logged_secret(c->server ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0", theirs);
        size_t b = logged_secret(c->server ? "SERVER_TRAFFIC_SECRET_0" : "CLIENT_TRAFFIC_SECRET_0", ours);
        if (!a || a != b)
            die("no secrets in the key log");
        length[0] = (unsigned char)a;
        length[1] = 0;
        if ((rc = write_all(p, length, 2)) || (rc = write_all(p, theirs, a)) || (rc = write_all(p, ours, b)))
            failed(p, rc, "write");
    }
    if (c->unfinished_write) {
        p->one_byte_only = 1;
        if ((rc = write_all(p, "hello", 5)) != TLSCONN_OK)
            failed(p, rc, "unfinished write");
    } else if (c->writes_first && (rc = write_all(p, "hello", 5)) != TLSCONN_OK)
        failed(p, rc, "first write");

    if (c->shuts_down) {
        rc = done ? TLSCONN_OK : shake_hands(p);
        if (rc != TLSCONN_OK)
            failed(p, rc, "handshake");
        rc = say_goodbye(p);
        if (rc != TLSCONN_OK)
            failed(p, rc, "shutdown");
    }
    for (;;) {
        if (c->extra_handshake && done && (rc = tlsconn_conn_handshake(p->conn)) != TLSCONN_OK)
            failed(p, rc, "a further handshake");
        rc = read_some(p, buf, size, &n);
        if (!done && (rc >= 0 || *tlsconn_conn_info(p->conn, TLSCONN_INFO_TRUST))) {
            done = 1;
            check(p, c, round > 0);
            if (!seen && tlsconn_conn_peer_cert(p->conn, 0))
                seen = tlsconn_cert_ref(tlsconn_conn_peer_cert(p->conn, 0));
        }
        if (rc == TLSCONN_EOF)
            break;
        if (rc == TLSCONN_E_TRUNCATED && done) {
            if (c->check_close_notify) {
                fprintf(stderr, ":CLOSE_WITHOUT_CLOSE_NOTIFY:\n");
                failed(p, rc, "read");
            }
            break;
        }
        if (rc != TLSCONN_OK)
            failed(p, rc, "read");
        if (n == 0)
            die("a read gave nothing and no end");
        if (c->shuts_down)
            continue;
        let_go(p);
        for (size_t i = 0; i < n; i++)
            buf[i] ^= 0xff;
        if ((rc = write_all(p, buf, n)) != TLSCONN_OK)
            failed(p, rc, "write");
    }
    let_go(p);
    if (!c->shuts_down) {
        int bye = say_goodbye(p);
        if (bye != TLSCONN_OK && logging)
            printf("shutdown: %d\n", bye);
    }
    if (logging)
        printf("done: %s %s resumed=%s trust=%s\n", tlsconn_conn_info(p->conn, TLSCONN_INFO_VERSION),
               tlsconn_conn_info(p->conn, TLSCONN_INFO_CIPHER), tlsconn_conn_info(p->conn, TLSCONN_INFO_RESUMED),
               tlsconn_conn_info(p->conn, TLSCONN_INFO_TRUST));
    tlsconn_conn_free(p->conn);
    hang_up(p);
    free(buf);
    free(p->kept);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    logging = getenv("SHIM_LOG") ? number(getenv("SHIM_LOG")) : 0;
    strict = getenv("SHIM_STRICT") != NULL;
    ask_always = getenv("SHIM_ASK") != NULL;
    late = getenv("SHIM_LATE") ? number(getenv("SHIM_LATE")) : 0;
    if (argc > 1 && !strcmp(argv[1], "-is-handshaker-supported")) {
        puts("No");
        return 0;
    }
    parse(argc, argv);
    enum mode mode = first.async ? MEM1 : BLOCK;
    const char *wish = getenv("SHIM_MODE");
    if (wish && *wish)
        mode = !strcmp(wish, "nonblock") ? NONBLOCK : !strcmp(wish, "mem") ? MEM : !strcmp(wish, "mem1") ? MEM1 : BLOCK;
    own_fd = wish && !strcmp(wish, "ownfd");
    if (own_fd)
        mode = NONBLOCK;
    if (getenv("SHIM_IMPLICIT"))
        first.implicit = later.implicit = 1;
    if (getenv("SHIM_READ"))
        first.read_size = later.read_size = number(getenv("SHIM_READ"));
    if (first.unfinished_write || later.unfinished_write)
        mode = mode == MEM1 ? MEM1 : MEM;
    blocking = mode == BLOCK;
    if (mode == BLOCK)
        first.async = later.async = 0; /* a blocking connection has nobody who answers later */
    current = &first;
    make_context(&first);
    for (int i = 0; i <= first.resume_count; i++) {
        const struct config *c = i ? &later : &first;
        current = c;
        if (i) {
            if (c->server && c->no_ticket != first.no_ticket)
                option(ctx, TLSCONN_OPT_TICKETS, !c->no_ticket);
            if (c->verify_fail && c->reverify && !first.verify_fail && seen)
                must(tlsconn_known_distrust(ctx, seen, 1), "distrust");
            if (strcmp(c->alpn, first.alpn))
                must(tlsconn_ctx_set_str(ctx, TLSCONN_OPT_ALPN, c->alpn), "ALPN");
        }
        converse(c, i, mode);
    }
    tlsconn_cert_unref(seen);
    tlsconn_ctx_unref(ctx);
    if (first.export_secrets)
        unlink(keylog);
    fflush(NULL);
    return 0;
}
