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
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <tlsconn.h>

enum { NOT_IMPLEMENTED = 89, MAX_LIST = 16 };
enum mode { BLOCK, NONBLOCK, MEM, MEM1 };

struct pair {
    const char *cert, *key;
    int must_match;
};

struct config {
    int port, ipv6, server, async, implicit, resume_count;
    uint64_t shim_id;
    struct pair pairs[MAX_LIST]; /* 0: the default; then those of -new-x509-credential */
    int n_pairs, n_schemes, groups_asked;
    char groups[128]; /* for TLSCONN_OPT_GROUPS */
    int min_version, max_version, no_tls12, no_tls13, expect_version;
    int require_client_cert, verify_peer, verify_fail, reverify;
    int writes_first, unfinished_write, shuts_down, check_close_notify;
    int no_ticket, expect_session_miss, handshake_twice, extra_handshake, export_secrets;
    int read_size, expect_group, expect_cipher, cipher_aes, cipher_no_aes;
    int expect_selected, has_expect_selected;
    int alpn_set, expect_alpn_set;
    char alpn[2048];
    const char *expect_alpn, *host, *expect_sni, *expect_peer_cert;
};

static struct config first, later;
static int blocking, own_fd;
static tlsconn_ctx *ctx;
static int yes(tlsconn_question *question);
static int logging, strict, ask_always, late;

static void not_implemented(const char *what)
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

static void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    fflush(NULL);
    _exit(1);
}

static void must(int rc, const char *call)
{
    if (rc == TLSCONN_OK)
        return;
    fprintf(stderr, "SETUP %s: %d %s\n", call, rc, tlsconn_error_message(tlsconn_last_error()));
    fflush(NULL);
    _exit(1);
}

/* ---- flags ---- */

static int in(const char *what, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(what, *list))
            return 1;
    return 0;
}

/* No effect here: they are about OpenSSL's interface, or what they ask for always holds. */
static const char *const harmless[] = {
    "decline-alpn", "enable-all-curves", "enable-ocsp-stapling", "no-ssl3", "no-tls1", "no-tls11",
    "permute-extensions", "renegotiate-ignore", "use-early-callback", "use-old-client-cert-callback",
    "use-custom-verify-callback", "expect-verify-result", "forbid-renegotiation-after-handshake",
    "use-ocsp-callback", "set-ocsp-in-callback", "enable-ed25519", NULL };

/* Expectations about things that the interface does not tell. The runner checks most of them itself. */
static const char *const unseen[] = {
    "expect-secure-renegotiation", "expect-no-session-id", "expect-session-id", "expect-hrr",
    "expect-no-hrr", "expect-ticket-renewal", "expect-no-session", "expect-extended-master-secret",
    "expect-tls13-downgrade", "enable-signed-cert-timestamps", "expect-no-offer-early-data", NULL };
static const char *const unseen_value[] = {
    "expect-peer-signature-algorithm", "expect-peer-verify-pref", "expect-advertised-alpn",
    "expect-ocsp-response", "expect-signed-cert-timestamps", "expect-certificate-types",
    "expect-client-ca-list", "expect-early-data-reason", "expect-total-renegotiations",
    "expect-msg-callback", "handshaker-path", "trust-cert", "expect-ticket-age-skew", NULL };

/* They narrow what is offered or accepted; the interface has no such knob, and the runner offers
 * only one choice in most of these tests. */
static const char *const narrowing_value[] = { "verify-prefs", "signing-prefs", NULL };

struct id { int number; const char *name; };

/* What TLSCONN_OPT_GROUPS takes. */
static const struct id named_groups[] = { { 23, "secp256r1" }, { 24, "secp384r1" }, { 29, "x25519" },
                                          { 4588, "X25519MLKEM768" }, { 0, NULL } };

static const char *name_of(const struct id *list, int number)
{
    while (list->name && list->number != number)
        list++;
    return list->name;
}

static void add_group(struct config *c, int number)
{
    const char *name = name_of(named_groups, number);

    c->groups_asked = 1;
    if (!name || strlen(c->groups) + strlen(name) + 2 > sizeof c->groups)
        return;
    if (*c->groups)
        strcat(c->groups, ",");
    strcat(c->groups, name);
}

static const char *value_of(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc)
        die("a flag lacks its value");
    return argv[++*i];
}

static void wire_to_list(char *out, size_t size, const char *wire)
{
    size_t used = 0, offset = 0, length = strlen(wire);
    out[0] = 0;
    while (offset < length) {
        size_t n = (unsigned char)wire[offset++];
        if (n == 0 || offset + n > length || used + n + 2 > size)
            not_implemented("this list of protocols");
        if (used)
            out[used++] = ',';
        for (size_t k = 0; k < n; k++) {
            if (wire[offset + k] == ',')
                not_implemented("a protocol with a comma");
            out[used++] = wire[offset + k];
        }
        out[used] = 0;
        offset += n;
    }
}

static int number(const char *text) { return (int)strtol(text, NULL, 10); }

static int flag(struct config *c, const char *name, int argc, char **argv, int *i, int apply)
{
    struct config spare;
    if (!apply) {
        spare = *c;
        c = &spare;
    }
#define SWITCH(text, field) if (!strcmp(name, text)) { c->field = 1; return 1; }
#define NUMBER(text, field) if (!strcmp(name, text)) { c->field = number(value_of(argc, argv, i)); return 1; }
#define STRING(text, field) if (!strcmp(name, text)) { c->field = value_of(argc, argv, i); return 1; }
    NUMBER("port", port)
    SWITCH("ipv6", ipv6)
    SWITCH("server", server)
    SWITCH("async", async)
    SWITCH("implicit-handshake", implicit)
    NUMBER("resume-count", resume_count)
    NUMBER("min-version", min_version)
    NUMBER("max-version", max_version)
    NUMBER("expect-version", expect_version)
    SWITCH("no-tls12", no_tls12)
    SWITCH("no-tls13", no_tls13)
    SWITCH("require-any-client-certificate", require_client_cert)
    SWITCH("verify-peer", verify_peer)
    SWITCH("verify-fail", verify_fail)
    SWITCH("reverify-on-resume", reverify)
    SWITCH("shim-writes-first", writes_first)
    SWITCH("read-with-unfinished-write", unfinished_write)
    SWITCH("shim-shuts-down", shuts_down)
    SWITCH("check-close-notify", check_close_notify)
    SWITCH("no-ticket", no_ticket)
    SWITCH("expect-session-miss", expect_session_miss)
    SWITCH("handshake-twice", handshake_twice)
    SWITCH("no-op-extra-handshake", extra_handshake)
    SWITCH("export-traffic-secrets", export_secrets)
    SWITCH("expect-cipher-aes", cipher_aes)
    SWITCH("expect-cipher-no-aes", cipher_no_aes)
    NUMBER("read-size", read_size)
    NUMBER("expect-curve-id", expect_group)
    NUMBER("expect-cipher", expect_cipher)
    STRING("expect-alpn", expect_alpn)
    STRING("host-name", host)
    STRING("expect-server-name", expect_sni)
    STRING("expect-peer-cert-file", expect_peer_cert)
    if (!strcmp(name, "shim-id")) {
        c->shim_id = strtoull(value_of(argc, argv, i), NULL, 10);
        return 1;
    }
    if (!strcmp(name, "new-x509-credential")) {
        if (c->n_pairs == 0)
            c->n_pairs = 1;
        if (c->n_pairs == MAX_LIST)
            not_implemented("so many credentials");
        c->n_pairs++;
        return 1;
    }
    if (!strcmp(name, "cert-file") || !strcmp(name, "key-file")) {
        const char *value = value_of(argc, argv, i);
        if (c->n_pairs == 0)
            c->n_pairs = 1;
        if (name[0] == 'c')
            c->pairs[c->n_pairs - 1].cert = value;
        else
            c->pairs[c->n_pairs - 1].key = value;
        return 1;
    }
    if (!strcmp(name, "must-match-issuer")) {
        c->pairs[c->n_pairs ? c->n_pairs - 1 : 0].must_match = 1;
        return 1;
    }
    if (!strcmp(name, "expect-selected-credential")) {
        c->expect_selected = number(value_of(argc, argv, i));
        c->has_expect_selected = 1;
        return 1;
    }
    if (!strcmp(name, "advertise-alpn")) {
        wire_to_list(c->alpn, sizeof c->alpn, value_of(argc, argv, i));
        c->alpn_set = 1;
        return 1;
    }
    if (!strcmp(name, "select-alpn")) {
        const char *value = value_of(argc, argv, i);
        if (strlen(value) >= sizeof c->alpn || strchr(value, ',') || !*value)
            not_implemented("this protocol");
        strcpy(c->alpn, value);
        c->alpn_set = 1;
        return 1;
    }
    if (!strcmp(name, "reject-alpn")) {
        strcpy(c->alpn, "invalid");
        c->alpn_set = 1;
        return 1;
    }
    if (!strcmp(name, "use-client-ca-list")) {
        const char *value = value_of(argc, argv, i);
        if (strcmp(value, "<EMPTY>") && strcmp(value, "<NULL>"))
            not_implemented("-use-client-ca-list with names");
        return 1;
    }
    if (in(name, harmless) || in(name, unseen))
        return 1;
    if (in(name, unseen_value)) {
        value_of(argc, argv, i);
        return 1;
    }
    if (!strcmp(name, "curves")) {
        add_group(c, number(value_of(argc, argv, i)));
        return 1;
    }
    if (in(name, narrowing_value)) {
        if (strict)
            not_implemented(name);
        int value = number(value_of(argc, argv, i));
        static const int known_schemes[] = { 0x0401, 0x0501, 0x0601, 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806,
                                             0x0807, 0 };
        const int *one = known_schemes;
        while (*one && *one != value)
            one++;
        if (!*one)
            not_implemented("a signature scheme");
        if (name[0] == 's' && apply && ++c->n_schemes > 1)
            not_implemented("a choice of signature schemes");
        return 1;
    }
    return 0;
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (name[0] != '-')
            not_implemented(name);
        name++;
        int at = i, known;
        if (!strncmp(name, "on-initial-", 11))
            known = flag(&first, name + 11, argc, argv, &at, 1);
        else if (!strncmp(name, "on-resume-", 10))
            known = flag(&later, name + 10, argc, argv, &at, 1);
        else if (!strncmp(name, "on-retry-", 9))
            known = flag(&later, name + 9, argc, argv, &at, 0);
        else {
            int same = i;
            known = flag(&first, name, argc, argv, &same, 1) && flag(&later, name, argc, argv, &at, 1);
        }
        if (!known)
            not_implemented(argv[i]);
        i = at;
    }
}

/* ---- words of the library, in those of BoringSSL ---- */

struct word { const char *ours, *theirs; };

/* The first that fits counts. What does not occur here broke a rule that BoringSSL has no name for. */
static const struct word protocol[] = {
    { "can verify no signature of ours", ":INCOMPATIBLE:" },
    { "in common", ":INCOMPATIBLE:" },
    { " at most, and ", ":INCOMPATIBLE:" },
    { "speaks no version of TLS", ":INCOMPATIBLE:" },
    { "extended master secret", ":INCOMPATIBLE:" },
    { "raw public keys", ":INCOMPATIBLE:" },
    { "which TLS 1.3 needs", ":INCOMPATIBLE:" },
    { ", which TLS needs", ":INCOMPATIBLE:" },
    { "does not go without compression", ":INCOMPATIBLE:" },
    { "lacks something", ":INCOMPATIBLE:" },
    { "points of elliptic curves in their plain form", ":ERROR_PARSING_EXTENSION:" },
    { "by an extension that nobody knows", ":UNEXPECTED_EXTENSION:" },
    { "asked for a certificate after the handshake", ":UNEXPECTED_MESSAGE:" },
    { "of another kind than comes at this point", ":UNEXPECTED_MESSAGE:" },
    { "change_cipher_spec that does not come", ":PEER_MISBEHAVIOUR:" },
    { "that does not come at this point", ":UNEXPECTED_MESSAGE:" },
    { "does not decrypt", ":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:" },
    { "a record of more than", ":DATA_LENGTH_TOO_LONG:" },
    { "does not fit the handshake", ":WRONG_SIGNATURE_TYPE:" },
    { "key that TLS cannot use", ":WRONG_SIGNATURE_TYPE:" },
    { "psk_key_exchange_modes", ":MISSING_EXTENSION:" },
    { "more early data than", ":TOO_MUCH_READ_EARLY_DATA:" },
    { "in a way that it was not offered", ":WRONG_SIGNATURE_TYPE:" },
    { "certificate in a way that was not offered", ":UNKNOWN_CERT_COMPRESSION_ALG:" },
    { "certificate in a way that cannot be undone", ":CERT_DECOMPRESSION_FAILED:" },
    { "one way to compress certificates twice", ":ERROR_PARSING_EXTENSION:" },
    { "cipher suite that was not offered", ":WRONG_CIPHER_RETURNED:" },
    { "too many warning alerts", ":TOO_MANY_WARNING_ALERTS:" },
    { "too many key updates", ":TOO_MANY_KEY_UPDATES:" },
    { "too many empty records", ":TOO_MANY_EMPTY_FRAGMENTS:" },
    { "took over the session of another", ":SERVER_ECHOED_INVALID_SESSION_ID:" },
    { "encrypted first message (ECH) that was not sent", ":UNEXPECTED_EXTENSION:" },
    { "key exchange group that was not offered", ":WRONG_CURVE:" },
    { "malformed share of the key exchange", ":BAD_ECPOINT:" },
    { "a record into the middle of a message", ":UNEXPECTED_MESSAGE:" },
    { "its keys in the middle of a message", ":EXCESS_HANDSHAKE_DATA:" },
    { "sent an alert", ":BAD_ALERT:" },
    { "malformed change_cipher_spec", ":BAD_CHANGE_CIPHER_SPEC:" },
    { "an empty ticket", ":DECODE_ERROR:" },
    { "an empty list", ":DECODE_ERROR:" },
    { "an empty value", ":ILLEGAL_EMPTY_VALUE:" },
    { "malformed key update", ":BAD_HANDSHAKE_MSG:" },
    { "that ends too early", ":BAD_HANDSHAKE_MSG:" },
    { "something behind its end", ":BAD_HANDSHAKE_MSG:" },
    { "(HelloRetryRequest) too late", ":BAD_HANDSHAKE_MSG:" },
    { "offers no kind of signature", ":BAD_HANDSHAKE_MSG:" },
    { "compresses its records", ":BAD_HANDSHAKE_MSG:" },
    { "malformed request for a certificate", ":BAD_HANDSHAKE_MSG:" },
    { "malformed parameters for the key exchange", ":BAD_HANDSHAKE_MSG:" },
    { "no parameters for the key exchange", ":BAD_HANDSHAKE_MSG:" },
    { "a kind that TLS does not have", ":GARBAGE:" },
    { "something that is not TLS", ":GARBAGE:" },
    { "does not speak TLS", ":GARBAGE:" },
    { "an empty record where none", ":GARBAGE:" },
    { "a version that TLS does not have", ":GARBAGE:" },
    { "longer than the limit", ":GARBAGE:" },
    { "of a kind that cannot come now", ":GARBAGE:" },
    { "sent extension ", ":DUPLICATE_EXTENSION:" },
    { "an extension that does not belong there", ":UNEXPECTED_EXTENSION:" },
    { "pre_shared_key, which must be the last", ":PRE_SHARED_KEY_MUST_BE_LAST:" },
    { "sent a message that", ":CORRUPT_MESSAGE:" },
    { "asked for more than one server name", ":CORRUPT_MESSAGE:" },
    { "a revocation status of an unknown kind", ":CORRUPT_MESSAGE:" },
    { "a key exchange that is not supported", ":CORRUPT_MESSAGE:" },
    { NULL, ":PEER_MISBEHAVIOUR:" } };

static const char *look_up(const struct word *list, const char *text)
{
    for (; list->ours; list++)
        if (strstr(text, list->ours))
            return list->theirs;
    return list->theirs;
}

static const char *translate(int code, const tlsconn_error *error)
{
    const char *text = tlsconn_error_message(error);
    const char *found = strstr(text, "TLS alert ");
    switch (code) {
    case TLSCONN_E_PROTOCOL:
        return look_up(protocol, text);
    case TLSCONN_E_ALERT:
    case TLSCONN_E_PEER_REJECTED_US:
        switch (found ? number(found + 10) : 0) {
        case 10: return ":BAD_ALERT:";
        case 22: return ":TLSV1_ALERT_RECORD_OVERFLOW:";
        case 30: return ":SSLV3_ALERT_DECOMPRESSION_FAILURE:";
        case 40: return ":HANDSHAKE_FAILURE:";
        case 70: return ":WRONG_VERSION:";
        case 80: return ":PEER_ALERT_INTERNAL_ERROR:";
        default: return ":ALERT:";
        }
    case TLSCONN_E_ALPN:
        return ":NO_APPLICATION_PROTOCOL:";
    case TLSCONN_E_NO_CLIENT_CERT:
        return ":NO_CERTS:";
    case TLSCONN_E_REJECTED:
    case TLSCONN_E_CERT_DISTRUSTED:
    case TLSCONN_E_CERT_UNKNOWN:
        return ":CERTIFICATE_VERIFY_FAILED:";
    case TLSCONN_E_CERT:
        if (tlsconn_error_problems(error) & TLSCONN_P_BAD_SIGNATURE)
            return ":BAD_SIGNATURE:";
        if (tlsconn_error_problems(error) & TLSCONN_P_BAD_ENCODING)
            return ":CANNOT_PARSE_LEAF_CERT:";
        return ":BAD_CERT:";
    case TLSCONN_E_TRUNCATED:
        return ":EOF:";
    default:
        return ":OTHER:";
    }
}

/* ---- a connection to the runner ---- */

struct peer {
    int fd;
    enum mode mode;
    tlsconn_conn *conn;
    unsigned char in[16384];
    size_t have, at;
    int eof;
    int one_byte_only; /* of what is written now, one byte leaves; the rest waits */
    unsigned char *kept;
    size_t n_kept;
    int reject;
};

static void send_all(struct peer *p, const unsigned char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(p->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return; /* the runner has hung up; reading will tell */
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void pump_out(struct peer *p)
{
    unsigned char out[4096];
    size_t n;
    if (p->mode < MEM)
        return;
    for (;;) {
        int rc = tlsconn_conn_mem_output(p->conn, out, p->mode == MEM1 ? 1 : sizeof out, &n);
        if (rc != TLSCONN_OK) {
            fprintf(stderr, "mem_output: %d\n", rc);
            die(":MEM_OUTPUT:");
        }
        if (n == 0)
            return;
        size_t now = n;
        if (p->one_byte_only == 2)
            now = 0;
        else if (p->one_byte_only == 1) {
            now = 1;
            p->one_byte_only = 2;
        }
        send_all(p, out, now);
        if (now < n) {
            p->kept = realloc(p->kept, p->n_kept + n - now);
            memcpy(p->kept + p->n_kept, out + now, n - now);
            p->n_kept += n - now;
        }
    }
}

static void let_go(struct peer *p)
{
    if (!p->one_byte_only)
        return;
    p->one_byte_only = 0;
    send_all(p, p->kept, p->n_kept);
    p->n_kept = 0;
}

static void answer(struct peer *p)
{
    tlsconn_question *question = tlsconn_conn_question(p->conn);
    if (!question)
        die("there is no question though an answer is wanted");
    if (logging)
        printf("answering, situation %d problems %x\n", tlsconn_question_situation(question),
               (unsigned)tlsconn_question_problems(question));
    int rc = tlsconn_question_answer(question, p->reject ? TLSCONN_REJECT : yes(question));
    if (rc != TLSCONN_OK)
        fprintf(stderr, "question_answer: %d\n", rc);
}

/* Waits for what `rc` says. */
static void wait_for(struct peer *p, int rc)
{
    if (rc == TLSCONN_WANT_ANSWER) {
        if (late) { /* meanwhile more comes in */
            struct pollfd nothing = { -1, 0, 0 };
            poll(&nothing, 1, late);
            while (p->mode >= MEM) {
                size_t used = 0;
                if (p->at == p->have) {
                    ssize_t got = recv(p->fd, p->in, sizeof p->in, MSG_DONTWAIT);
                    if (got < 0)
                        break;
                    p->at = 0;
                    p->have = (size_t)got;
                    p->eof = got == 0;
                }
                int fed = tlsconn_conn_mem_input(p->conn, p->in + p->at, p->have - p->at, &used);
                p->at += used;
                if (logging)
                    printf("while asked: %d, took %zu\n", fed, used);
                if (fed != TLSCONN_OK || !used || p->eof)
                    break;
            }
        }
        answer(p);
        return;
    }
    if (p->mode == NONBLOCK) {
        int fd, timeout;
        short events;
        must(tlsconn_conn_poll(p->conn, own_fd ? NULL : &fd, &events, &timeout), "poll");
        struct pollfd one = { own_fd ? p->fd : fd, events, 0 };
        poll(&one, 1, timeout);
        return;
    }
    if (rc != TLSCONN_WANT_READ)
        die("a connection over memory wants to write");
    if (p->at == p->have && !p->eof) {
        ssize_t got;
        do
            got = recv(p->fd, p->in, sizeof p->in, 0);
        while (got < 0 && errno == EINTR);
        p->at = 0;
        p->have = got > 0 ? (size_t)got : 0;
        p->eof = got <= 0;
    }
    size_t used = 0, offer = p->have - p->at;
    if (p->mode == MEM1 && offer > 1)
        offer = 1;
    int fed = tlsconn_conn_mem_input(p->conn, p->in + p->at, offer, &used);
    if (fed != TLSCONN_OK && logging)
        printf("mem_input: %d\n", fed);
    if (fed == TLSCONN_OK && offer && !used)
        die("mem_input took nothing though the connection wants to read");
    p->at += used;
}

static int waits(int rc)
{
    return rc == TLSCONN_WANT_READ || rc == TLSCONN_WANT_WRITE || rc == TLSCONN_WANT_ANSWER;
}

static int shake_hands(struct peer *p)
{
    for (;;) {
        int rc = tlsconn_conn_handshake(p->conn);
        pump_out(p);
        if (!waits(rc))
            return rc;
        wait_for(p, rc);
    }
}

static int read_some(struct peer *p, void *buf, size_t size, size_t *n)
{
    for (;;) {
        int rc = tlsconn_conn_read(p->conn, buf, size, n);
        pump_out(p);
        if (!waits(rc))
            return rc;
        wait_for(p, rc);
    }
}

static int write_all(struct peer *p, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size) {
        size_t n = 0;
        int rc = tlsconn_conn_write(p->conn, at, size, &n);
        pump_out(p);
        if (waits(rc)) {
            wait_for(p, rc);
            continue;
        }
        if (rc != TLSCONN_OK)
            return rc;
        at += n;
        size -= n;
    }
    if (p->mode == NONBLOCK) /* what waits leaves with any later call */
        for (int turn = 0; turn < 10000; turn++) {
            int fd, timeout;
            short events;
            must(tlsconn_conn_poll(p->conn, own_fd ? NULL : &fd, &events, &timeout), "poll");
            if (!(events & POLLOUT))
                break;
            struct pollfd one = { own_fd ? p->fd : fd, POLLOUT, 0 };
            poll(&one, 1, 1000);
            size_t none;
            char nothing;
            if (tlsconn_conn_read(p->conn, &nothing, 0, &none) < 0)
                break;
        }
    return TLSCONN_OK;
}

static int say_goodbye(struct peer *p)
{
    for (;;) {
        int rc = tlsconn_conn_shutdown(p->conn);
        pump_out(p);
        if (!waits(rc))
            return rc;
        wait_for(p, rc);
    }
}

/* Half-closes and drains, so that the runner gets what was sent to it. */
static void hang_up(struct peer *p)
{
    char sink[4096];
    shutdown(p->fd, SHUT_WR);
    for (;;) {
        struct pollfd one = { p->fd, POLLIN, 0 };
        if (poll(&one, 1, 8000) <= 0 || recv(p->fd, sink, sizeof sink, 0) <= 0)
            break;
    }
    close(p->fd);
}

static void failed(struct peer *p, int rc, const char *where)
{
    const tlsconn_error *error = tlsconn_conn_error(p->conn);
    if (tlsconn_error_code(error) != rc)
        error = tlsconn_last_error();
    fprintf(stderr, "%s\n%s: %d: %s\n", translate(rc, error), where, rc, tlsconn_error_message(error));
    if (tlsconn_error_problems(error))
        fprintf(stderr, "problems %x\n", (unsigned)tlsconn_error_problems(error));
    pump_out(p);
    tlsconn_conn_free(p->conn);
    hang_up(p);
    fflush(NULL);
    _exit(1);
}

static int dial(const struct config *c)
{
    struct sockaddr_in six4 = { 0 };
    struct sockaddr_in6 six = { 0 };
    int fd = socket(c->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), rc;
    if (c->ipv6) {
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        six.sin6_port = htons((uint16_t)c->port);
        rc = connect(fd, (struct sockaddr *)&six, sizeof six);
    } else {
        six4.sin_family = AF_INET;
        six4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        six4.sin_port = htons((uint16_t)c->port);
        rc = connect(fd, (struct sockaddr *)&six4, sizeof six4);
    }
    if (fd < 0 || rc < 0)
        die("cannot reach the runner");
    return fd;
}

/* ---- the context ---- */

/* Makes the server known, so that it is judged again and admitted as known; the answer itself is then
 * for this connection only. (An answer that lasts is settled after the handshake, too late for the
 * session of TLS 1.2 to be kept.) Clients get an answer that lasts. */
static int yes(tlsconn_question *question)
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
                                    { 29, "X25519" }, { 4588, "X25519MLKEM768" }, { 0, NULL } };
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
