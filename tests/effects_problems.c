/* Every problem of a certificate, produced once, and nothing beside it but what belongs to it. */
#include <time.h>

#include "contract_effects.h"

#define SERVER TLSCONN_ROLE_SERVER
#define DAY 86400

#define PROBLEMS(X)                                                                               \
    X(TLSCONN_P_UNKNOWN_ISSUER) X(TLSCONN_P_SELF_SIGNED) X(TLSCONN_P_NAME_MISMATCH)               \
    X(TLSCONN_P_NO_SAN) X(TLSCONN_P_EXPIRED) X(TLSCONN_P_NOT_YET_VALID) X(TLSCONN_P_WRONG_PURPOSE) \
    X(TLSCONN_P_CA_AS_LEAF) X(TLSCONN_P_WEAK_KEY) X(TLSCONN_P_WEAK_SIGNATURE)                     \
    X(TLSCONN_P_OLD_VERSION) X(TLSCONN_P_CONSTRAINT) X(TLSCONN_P_CRL_MISSING)                     \
    X(TLSCONN_P_CRL_EXPIRED) X(TLSCONN_P_FORM) X(TLSCONN_P_REVOKED) X(TLSCONN_P_BAD_SIGNATURE)    \
    X(TLSCONN_P_BAD_ENCODING) X(TLSCONN_P_DISTRUSTED)

CONSTANTS(problem, tlsconn_problem, PROBLEMS, NO_EXCEPTION)

/* The problems are these and no others: as the call gives them, and as its error does. */
#define HAS(want, code, ctx, role, host, chain) has(__LINE__, want, code, ctx, role, host, chain)

static void has(int line, uint32_t want, int code, tlsconn_ctx *ctx, int role, const char *host, const char *chain)
{
    uint32_t problems = 0;
    uint32_t bit;

    expect(__FILE__, line, chain, code, judged(ctx, role, host, 0, chain, &problems));
    if (problems != want || tlsconn_error_problems(tlsconn_last_error()) != want) {
        fprintf(stderr, "%s:%d: %s has the problems 0x%lx, not 0x%lx\n", __FILE__, line, chain,
                (unsigned long)problems, (unsigned long)want);
        failures++;
        return;
    }
    for (bit = 1; bit; bit <<= 1)
        if (problems & bit) {
            CHECK(*tlsconn_problem_name((int)bit));
            produced_problem((int)bit);
        }
}

static void at(tlsconn_ctx *ctx, int64_t seconds)
{
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_VERIFY_TIME, (int64_t)time(NULL) + seconds));
}

static void who_vouches(void)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_ctx *nobody = tlsconn_ctx_new();

    HAS(TLSCONN_P_UNKNOWN_ISSUER, TLSCONN_E_CERT, nobody, SERVER, "localhost", "server.pem");
    HAS(TLSCONN_P_SELF_SIGNED | TLSCONN_P_UNKNOWN_ISSUER, TLSCONN_E_CERT, ctx, SERVER, "localhost", "self.pem");
    HAS(TLSCONN_P_BAD_SIGNATURE | TLSCONN_P_UNKNOWN_ISSUER, TLSCONN_E_CERT, ctx, SERVER, "localhost", "forged.pem");
    tlsconn_ctx_unref(nobody);
    tlsconn_ctx_unref(ctx);
}

static void what_it_says(void)
{
    tlsconn_ctx *ctx = context(pki);

    HAS(TLSCONN_P_NAME_MISMATCH, TLSCONN_E_CERT, ctx, SERVER, "other.example", "server.pem");
    HAS(TLSCONN_P_NO_SAN, TLSCONN_E_CERT, ctx, SERVER, "server", "nameless.pem");
    HAS(TLSCONN_P_WRONG_PURPOSE, TLSCONN_E_CERT, ctx, TLSCONN_ROLE_CLIENT, NULL, "server.pem");
    HAS(TLSCONN_P_CA_AS_LEAF | TLSCONN_P_WRONG_PURPOSE, TLSCONN_E_CERT, ctx, SERVER, NULL, "ca.pem");
    HAS(TLSCONN_P_WEAK_KEY, TLSCONN_E_CERT, ctx, SERVER, "localhost", "short.pem");
    /* A signature that cannot be counted on leads to nobody. */
    HAS(TLSCONN_P_WEAK_SIGNATURE | TLSCONN_P_UNKNOWN_ISSUER, TLSCONN_E_CERT, ctx, SERVER, "localhost", "sha1.pem");
    HAS(TLSCONN_P_OLD_VERSION, TLSCONN_E_CERT, ctx, SERVER, NULL, "first.pem");
    HAS(TLSCONN_P_CONSTRAINT, TLSCONN_E_CERT, ctx, SERVER, "localhost", "strange.pem");
    HAS(TLSCONN_P_BAD_ENCODING, TLSCONN_E_CERT, ctx, SERVER, "localhost", "garbage.pem");
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_PROFILE, TLSCONN_PROFILE_PEDANTIC));
    HAS(TLSCONN_P_FORM, TLSCONN_E_CERT, ctx, SERVER, "localhost", "server.pem");
    tlsconn_ctx_unref(ctx);
}

static void when_it_is(void)
{
    tlsconn_ctx *ctx = context(pki);

    at(ctx, 25 * DAY);
    HAS(TLSCONN_P_EXPIRED, TLSCONN_E_CERT, ctx, SERVER, "localhost", "server.pem");
    at(ctx, -DAY);
    HAS(TLSCONN_P_NOT_YET_VALID, TLSCONN_E_CERT, ctx, SERVER, "localhost", "server.pem");
    tlsconn_ctx_unref(ctx);
}

static void what_lists_say(void)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_cert *cert = certificate(pki, "server.pem");

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_CRL_MODE, TLSCONN_CRL_REQUIRED));
    HAS(TLSCONN_P_CRL_MISSING, TLSCONN_E_CERT, ctx, SERVER, "localhost", "server.pem");
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "brief.pem"));
    at(ctx, DAY);
    HAS(TLSCONN_P_CRL_EXPIRED, TLSCONN_E_CERT, ctx, SERVER, "localhost", "server.pem");
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "revoked.pem"));
    HAS(TLSCONN_P_REVOKED, TLSCONN_E_CERT_REVOKED, ctx, SERVER, "localhost", "second.pem");
    EXPECT(TLSCONN_OK, tlsconn_known_distrust(ctx, cert, 1));
    HAS(TLSCONN_P_DISTRUSTED, TLSCONN_E_CERT_DISTRUSTED, ctx, SERVER, "localhost", "server.pem");
    tlsconn_cert_unref(cert);
    tlsconn_ctx_unref(ctx);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    who_vouches();
    what_it_says();
    when_it_is();
    what_lists_say();
    every_problem();
    return result(argv[0]);
}
