/* Judges certificate chains of others' test suites, one JSON object on each line: see --help.
 * It uses nothing but tlsconn.h and the C library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runner_case.h"
#include "tlsconn.h"

/* Longer than any honest case. */
#define LONGEST_LINE ((size_t)64 << 20)
/* Where a peer is known that has no name to look at. */
#define NOWHERE "case.invalid"
#define NOWHERE_PORT 1

static const char help[] =
    "usage: case-runner [--profile strict|libvirt|pedantic] < CASES > VERDICTS\n"
    "\n"
    "Reads a case from each line, a JSON object in the form of x509-limbo, and writes for each\n"
    "\n"
    "  {\"id\":…,\"verdict\":\"SUCCESS\"|\"FAILURE\",\"problems\":[names],\"why\":…,\"us\":microseconds}\n"
    "\n"
    "us is the time from making the context for the case to giving it up: its authorities, lists\n"
    "and chain are read and judged in it. Reading the JSON is not. Each case has a context of its\n"
    "own, and nothing is remembered from one to the next.\n"
    "\n"
    "  id             names the case; the only member that must be there, with leaf and kind\n"
    "  kind           SERVER: the leaf is a server's; CLIENT: a client's\n"
    "  time           when it is judged, in seconds since 1970; null: now; before 1970: FAILURE\n"
    "  leaf, intermediates   PEM: the chain that is shown\n"
    "  peer_name      null: names are not looked at; kind DNS or IP: value is the host that the\n"
    "                 certificate must name; of another kind: FAILURE, as it cannot be checked\n"
    "  trusted        PEM: each is added as an authority by itself; see below\n"
    "  crls           PEM: each is added by itself, and revocation is required of the whole path;\n"
    "                 empty: revocation is not looked at\n"
    "  features       what the case says of `trusted`. Without a feature that begins with TRUSTED_\n"
    "                 all are authorities. TRUSTED_ANCHOR…: so they are. TRUSTED_LEAF…: the very\n"
    "                 leaf is believed, as a known peer, and none is an authority; with\n"
    "                 …REQUIRE_SELF_SIGNED only a leaf that names itself as its issuer.\n"
    "                 TRUSTED_ANCHOR_OR_LEAF, or a line without features: both\n"
    "  eku, key_usage, max_chain_depth   no demands that the library knows; `why` says so where\n"
    "                 they ask for something else than the usage that goes with `kind`\n"
    "\n"
    "What the library refuses to read is not there for it: `why` has a line for each, which begins\n"
    "with `-`. Then come the library's own lines. Other members are not looked at, the expected\n"
    "verdict among them. A line that is no case gets a line on stderr and no verdict.\n"
    "Ends with 0; with 1 where a line was no case; with 2 where it could not run.\n";

/* ---------- its judgement ---------- */

typedef struct {
    int decided; /* 0: the library could not run. */
    int accepted;
    uint32_t problems;
    text why;
} verdict;

static void must(int code)
{
    if (code < 0) {
        fprintf(stderr, "case-runner: %s\n", tlsconn_error_message(tlsconn_last_error()));
        exit(2);
    }
}

static void add_material(tlsconn_ctx *ctx, int material, const char *name, const json *list, test_case *one)
{
    int i;

    for (i = 0; list; list = list->next, i++) {
        char place[64];

        if (tlsconn_ctx_add(ctx, material, list->text, strlen(list->text)) == TLSCONN_OK)
            continue;
        snprintf(place, sizeof place, "%s[%d] is not taken: ", name, i);
        note(one, place, tlsconn_error_message(tlsconn_last_error()));
    }
}

static int same(const tlsconn_cert *one, const tlsconn_cert *other)
{
    size_t len;
    size_t other_len;
    const uint8_t *der = tlsconn_cert_der(one, &len);
    const uint8_t *other_der = tlsconn_cert_der(other, &other_len);

    return der && other_der && len == other_len && memcmp(der, other_der, len) == 0;
}

/* Whether the very leaf is among the trusted, and may be believed as such. */
static int leaf_is_trusted(const test_case *one, const tlsconn_cert *leaf)
{
    const json *item;
    int found = 0;

    for (item = one->trusted; item && !found; item = item->next) {
        tlsconn_cert *cert = NULL;

        if (tlsconn_cert_parse(item->text, strlen(item->text), &cert) == TLSCONN_OK)
            found = same(leaf, cert);
        tlsconn_cert_unref(cert);
    }
    if (found && one->self_signed
        && !is(tlsconn_cert_str(leaf, TLSCONN_CERT_SUBJECT), tlsconn_cert_str(leaf, TLSCONN_CERT_ISSUER)))
        found = 0;
    return found;
}

/* Makes the leaf a known peer where the case wants that; 1 where it is one now. */
static int know_leaf(tlsconn_ctx *ctx, test_case *one)
{
    tlsconn_cert *leaf = NULL;
    text entry = { NULL, 0, 0 };
    const char *host = one->host ? one->host : NOWHERE;
    int known = 0;

    if (tlsconn_cert_parse(one->leaf, strlen(one->leaf), &leaf) == TLSCONN_OK && leaf_is_trusted(one, leaf)) {
        add(&entry, strchr(host, ':') ? "Host: [" : "Host: ");
        add(&entry, host);
        add(&entry, strchr(host, ':') ? "]:" : ":");
        add_number(&entry, NOWHERE_PORT);
        add(&entry, "\nSHA256: ");
        add(&entry, tlsconn_cert_str(leaf, TLSCONN_CERT_SHA256));
        if (!one->host) {
            add(&entry, "\nAccepted: ");
            add(&entry, tlsconn_problem_name(TLSCONN_P_NAME_MISMATCH));
        }
        add(&entry, one->role == TLSCONN_ROLE_CLIENT ? "\nRole: client\n" : "\n");
        add(&entry, one->leaf);
        known = tlsconn_ctx_add(ctx, TLSCONN_MAT_TRUSTED_PEER, entry.bytes, entry.len) == TLSCONN_OK;
        if (!known)
            note(one, "the leaf is not taken as a known peer: ", tlsconn_error_message(tlsconn_last_error()));
    }
    tlsconn_cert_unref(leaf);
    free(entry.bytes);
    return known;
}

static void add_chain(text *chain, const test_case *one)
{
    const json *item;

    add(chain, one->leaf);
    for (item = one->intermediates; item; item = item->next) {
        add(chain, "\n");
        add(chain, item->text);
    }
}

static void verify(tlsconn_ctx *ctx, test_case *one, verdict *found)
{
    text chain = { NULL, 0, 0 };
    const char *why = "";
    int known = one->known && know_leaf(ctx, one);
    const char *host = known && !one->host ? NOWHERE : one->host;
    int code;

    add_chain(&chain, one);
    code = tlsconn_ctx_verify(ctx, one->role, host, known ? NOWHERE_PORT : 0, chain.bytes, chain.len,
                              &found->problems, &why);
    if (known && !one->host) {
        found->problems &= ~(uint32_t)TLSCONN_P_NAME_MISMATCH;
        note(one, "the leaf is believed as a known peer: its names are not looked at, whatever is said of them", "");
    }
    found->accepted = code == TLSCONN_OK;
    found->decided = code == TLSCONN_OK || (code <= TLSCONN_E_CERT && code >= TLSCONN_E_CERT_DISTRUSTED)
                  || code == TLSCONN_E_PARSE || code == TLSCONN_E_INVALID;
    if (code < 0 && !*why)
        note(one, tlsconn_error_message(tlsconn_last_error()), "");
    add(&found->why, one->notes.len ? one->notes.bytes : "");
    add(&found->why, why);
    free(chain.bytes);
}

static void judge(int profile, test_case *one, verdict *found)
{
    tlsconn_ctx *ctx = tlsconn_ctx_new();

    must(tlsconn_ctx_set_int(ctx, TLSCONN_OPT_PROFILE, profile));
    must(tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CRL_MODE, one->crls ? TLSCONN_CRL_REQUIRED : TLSCONN_CRL_OFF));
    /* A client of a case need not have a common name. */
    must(tlsconn_ctx_set_int(ctx, TLSCONN_OPT_IDENTITY_FROM, TLSCONN_IDENTITY_SHA256));
    if (one->has_time && one->time >= 0)
        must(tlsconn_ctx_set_int(ctx, TLSCONN_OPT_VERIFY_TIME, one->time));
    if (one->anchors)
        add_material(ctx, TLSCONN_MAT_CA, "trusted", one->trusted, one);
    add_material(ctx, TLSCONN_MAT_CRL, "crls", one->crls, one);
    if (one->refused) {
        add(&found->why, one->notes.bytes);
        found->decided = 1;
    } else {
        verify(ctx, one, found);
    }
    tlsconn_ctx_unref(ctx);
}

/* ---------- what is written ---------- */

static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c == '\n')
            fputs("\\n", stdout);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_verdict(const char *id, const verdict *found, long us)
{
    const char *comma = "";
    int bit;

    fputs("{\"id\":", stdout);
    print_string(id);
    printf(",\"verdict\":\"%s\",\"problems\":[", found->accepted ? "SUCCESS" : "FAILURE");
    for (bit = 0; bit < 31; bit++) {
        if (found->problems >> bit & 1) {
            fputs(comma, stdout);
            print_string(tlsconn_problem_name(1 << bit));
            comma = ",";
        }
    }
    fputs("],\"why\":", stdout);
    print_string(found->why.bytes);
    printf(",\"us\":%ld}\n", us);
}

static long microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

/* What is wrong with the line; NULL: it got its verdict. */
static const char *run_line(int profile, char *line, size_t len)
{
    test_case one;
    verdict found;
    const char *problem = NULL;
    json *value;

    memset(&one, 0, sizeof one);
    memset(&found, 0, sizeof found);
    value = json_read(line, len, &problem);
    if (value)
        problem = read_case(value, &one);
    if (!problem) {
        long start = microseconds();

        judge(profile, &one, &found);
        if (found.decided)
            print_verdict(one.id, &found, microseconds() - start);
        else
            problem = "the library could not judge it";
    }
    free(one.notes.bytes);
    free(found.why.bytes);
    free(value);
    return problem;
}

static int run(int profile)
{
    char *line = NULL;
    size_t room = 0;
    long number = 0;
    int result = 0;
    ssize_t len;

    while ((len = getline(&line, &room, stdin)) >= 0) {
        const char *problem;

        number++;
        if (len > 0 && line[len - 1] == '\n')
            line[--len] = 0;
        problem = (size_t)len > LONGEST_LINE ? "it is too long" : run_line(profile, line, (size_t)len);
        if (problem) {
            fprintf(stderr, "case-runner: line %ld is no case: %s\n", number, problem);
            result = 1;
        }
    }
    free(line);
    if (ferror(stdin) || fflush(stdout) != 0 || ferror(stdout)) {
        perror("case-runner");
        return 2;
    }
    return result;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int profile;
    } profiles[] = { { "strict", TLSCONN_PROFILE_STRICT },
                     { "libvirt", TLSCONN_PROFILE_LIBVIRT },
                     { "pedantic", TLSCONN_PROFILE_PEDANTIC } };
    size_t i;

    if (argc == 1)
        return run(TLSCONN_PROFILE_STRICT);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--profile") == 0)
        for (i = 0; i < sizeof profiles / sizeof *profiles; i++)
            if (strcmp(argv[2], profiles[i].name) == 0)
                return run(profiles[i].profile);
    fputs(help, stderr);
    return 2;
}
