/* Loads authorities and, if given, revocation lists with libtlsconn, and judges a chain again
 * and again, each time for another host, so that no verdict is remembered.
 *
 * usage: judge_tlsconn AUTHORITIES CHAIN [LISTS]; the chain is for *.bench.example */
#include <tlsconn.h>

#include "measure.h"

static void check(int code, const char *what)
{
    if (code != TLSCONN_OK) {
        fprintf(stderr, "%s: %s\n", what, tlsconn_error_message(tlsconn_last_error()));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    size_t len;
    char *chain = slurp(argv[2], &len);
    const double peak = peak_kilobytes();
    const double heap = heap_bytes();
    const double begin = cpu_seconds();
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    check(tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, argv[1]), argv[1]);
    if (argc > 3)
        check(tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CRL, argv[3]), argv[3]);
    const double loaded = cpu_seconds();
    const double grown = heap_bytes() - heap;
    const double peaked = peak_kilobytes() - peak;
    /* The first judgement checks the signature of the list, once. */
    check(tlsconn_ctx_verify(ctx, TLSCONN_ROLE_SERVER, "first.bench.example", 0, chain, len, NULL, NULL),
          argv[2]);
    const double judging = cpu_seconds();
    for (int i = 0; i < ROUNDS; i++) {
        char host[64];
        snprintf(host, sizeof host, "h%d.bench.example", i);
        check(tlsconn_ctx_verify(ctx, TLSCONN_ROLE_SERVER, host, 0, chain, len, NULL, NULL), host);
    }
    report(loaded - begin, grown, peaked, cpu_seconds() - judging);
    tlsconn_ctx_unref(ctx);
    free(chain);
    return 0;
}
