/* The runner's flags. */
#include <stdlib.h>
#include <string.h>

#include "shim.h"

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

/* What TLSCONN_OPT_GROUPS takes. */
static const struct id named_groups[] = { { 23, "secp256r1" }, { 24, "secp384r1" }, { 29, "x25519" },
                                          { 4588, "X25519MLKEM768" }, { 0, NULL } };

const char *name_of(const struct id *list, int number)
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

int number(const char *text) { return (int)strtol(text, NULL, 10); }

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

void parse(int argc, char **argv)
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
