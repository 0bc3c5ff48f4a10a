/* Names in hexadecimal, one on each line, become their hashes in OpenSSL, or `refused`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

static size_t bytes_of(const char *line, unsigned char *out)
{
    size_t count = 0;
    unsigned int byte;

    while (sscanf(line + 2 * count, "%2x", &byte) == 1)
        out[count++] = (unsigned char)byte;
    return count;
}

int main(void)
{
    static char line[1 << 16];
    static unsigned char der[1 << 15];

    while (fgets(line, sizeof line, stdin)) {
        size_t count = bytes_of(line, der);
        const unsigned char *end = der;
        X509_NAME *name = d2i_X509_NAME(NULL, &end, (long)count);

        if (name && end == der + count)
            printf("%08lx\n", X509_NAME_hash_ex(name, NULL, NULL, NULL));
        else
            puts("refused");
        X509_NAME_free(name);
        ERR_clear_error();
    }
    return ferror(stdin) ? EXIT_FAILURE : EXIT_SUCCESS;
}
