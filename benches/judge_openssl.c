/* The same as judge_tlsconn.c with OpenSSL's X509_verify_cert(). */
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "measure.h"

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "%s: OpenSSL refused it\n", what);
        exit(1);
    }
}

static int judge(X509_STORE *store, X509 *leaf, STACK_OF(X509) *others, const char *host)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int good = ctx != NULL && X509_STORE_CTX_init(ctx, store, leaf, others) == 1 &&
               X509_STORE_CTX_set_default(ctx, "ssl_server") == 1 &&
               X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), host, 0) == 1 &&
               X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    return good;
}

/* Reads a chain from its text each time, as for a peer that has just sent it. */
static int judge_text(X509_STORE *store, const char *text, size_t len, const char *host)
{
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    STACK_OF(X509) *others = sk_X509_new_null();
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509 *one;
    while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        sk_X509_push(others, one);
    const int good = leaf != NULL && judge(store, leaf, others, host);
    sk_X509_pop_free(others, X509_free);
    X509_free(leaf);
    BIO_free(bio);
    return good;
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
    X509_STORE *store = X509_STORE_new();
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    check(X509_load_cert_file(lookup, argv[1], X509_FILETYPE_PEM) > 0, argv[1]);
    if (argc > 3) {
        check(X509_load_crl_file(lookup, argv[3], X509_FILETYPE_PEM) > 0, argv[3]);
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    }
    const double loaded = cpu_seconds();
    const double grown = heap_bytes() - heap;
    const double peaked = peak_kilobytes() - peak;
    check(judge_text(store, chain, len, "first.bench.example"), argv[2]);
    /* With a long list one judgement takes as long as a thousand without. */
    const int rounds = argc > 3 ? ROUNDS / 100 : ROUNDS;
    const double judging = cpu_seconds();
    for (int i = 0; i < rounds; i++) {
        char host[64];
        snprintf(host, sizeof host, "h%d.bench.example", i);
        check(judge_text(store, chain, len, host), host);
    }
    report(loaded - begin, grown, peaked, (cpu_seconds() - judging) * ROUNDS / rounds);
    X509_STORE_free(store);
    free(chain);
    return 0;
}
