/* The three functions of the 2007 proposal, word for word.   usage: proposal CA TRUSTED HOST PORT */
#include <stdio.h>
#include <stdlib.h>
#include <tlsconn.h>

static int validate(const char *hostname, const char *cert)
{
    char line[16];

    printf("%s is new here. It shows this certificate:\n%s", hostname, cert);
    printf("0 rejects it, 1 allows it once, 2 allows it permanently: ");
    fflush(stdout);
    return fgets(line, sizeof line, stdin) ? atoi(line) : 0;
}

/* No context in sight: the three functions fill the default one. */
static int prepare(const char *authority, const char *trusted)
{
    return virConnectAddCertDataFile(VIR_CERT_CA_CERT, authority) == 0
        && virConnectAddCertDataFile(VIR_CERT_TRUSTED_SERVER, trusted) == 0
        && virConnectSetCertificateValidator(validate) == 0;
}

int main(int argc, char **argv)
{
    tlsconn_conn *conn = NULL;
    char reply[4096];
    size_t n = 0;

    if (argc != 5) {
        fprintf(stderr, "usage: %s CA TRUSTED HOST PORT\n", argv[0]);
        return 2;
    }
    int ok = prepare(argv[1], argv[2])
          && tlsconn_connect(tlsconn_ctx_default(), argv[3], atoi(argv[4]), 0, &conn) == TLSCONN_OK
          && tlsconn_conn_write(conn, "hello\n", 6, NULL) == TLSCONN_OK
          && tlsconn_conn_read(conn, reply, sizeof reply, &n) >= TLSCONN_OK; /* or TLSCONN_EOF: that was all */
    if (!ok)
        fprintf(stderr, "%s: %s\n", argv[3], tlsconn_error_message(tlsconn_last_error()));
    fwrite(reply, 1, n, stdout);
    tlsconn_conn_free(conn);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
