/* Verifies a certificate chain without a connection: before it is installed, or from a file that
 * somebody sent. A revocation list is optional.
 *
 * usage: judge AUTHORITY.pem CHAIN.pem HOST [LIST.pem] */
#include <stdio.h>
#include <stdlib.h>
#include <tlsconn.h>

static int complain(const char *about)
{
    fprintf(stderr, "%s: %s\n", about, tlsconn_error_message(tlsconn_last_error()));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static char chain[65536];
    if (argc < 4) {
        fprintf(stderr, "usage: %s AUTHORITY.pem CHAIN.pem HOST [LIST.pem]\n", argv[0]);
        return 2;
    }
    FILE *file = fopen(argv[2], "rb");
    if (file == NULL) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    size_t len = fread(chain, 1, sizeof chain, file);
    fclose(file);

    tlsconn_ctx *ctx = tlsconn_ctx_new();
    uint32_t problems = 0;
    const char *why = "";
    int code = tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, argv[1]);
    if (code == TLSCONN_OK && argc > 4)
        code = tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CRL, argv[4]);
    if (code != TLSCONN_OK) {
        tlsconn_ctx_unref(ctx);
        return complain("the material");
    }
    code = tlsconn_ctx_verify(ctx, TLSCONN_ROLE_SERVER, argv[3], 0, chain, len, &problems, &why);
    tlsconn_ctx_unref(ctx);
    fputs(why, stdout); /* belongs to this thread, not to the context */
    for (int bit = 0; bit < 31; bit++)
        if (problems >> bit & 1)
            printf("problem: %s\n", tlsconn_problem_name(1 << bit));
    if (code != TLSCONN_OK)
        return complain(argv[2]);
    printf("%s would be admitted\n", argv[3]);
    return EXIT_SUCCESS;
}
