/* store_change FILE HOST PKI VERB: one change of a known file, for store_faults.py to disturb.
 *
 * VERB: add, again, remove, forget, mark or lift; or list, which prints what the file says now. The
 * last line of a change is "DONE n", the code that the library returned, with its message; it is
 * followed by what the same context says afterwards of the marked certificate. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlsconn.h>

static void caught(int number)
{
    (void)number;
}

static tlsconn_cert *certificate(const char *directory, const char *name)
{
    static char pem[16384];
    char path[1024];
    tlsconn_cert *cert = NULL;
    size_t length;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.pem", directory, name);
    file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    length = fread(pem, 1, sizeof pem, file);
    fclose(file);
    if (tlsconn_cert_parse(pem, length, &cert) != TLSCONN_OK) {
        fprintf(stderr, "%s: %s\n", path, tlsconn_error_message(tlsconn_last_error()));
        exit(2);
    }
    return cert;
}

static int print(const tlsconn_known *known, void *userdata)
{
    (void)userdata;
    if (known->distrusted)
        printf("distrusted\n");
    else
        printf("%s:%d %08x\n", known->host, known->port, (unsigned)known->accepted);
    return 0;
}

static int count_marks(const tlsconn_known *known, void *userdata)
{
    *(int *)userdata += known->distrusted;
    return 0;
}

static int change(tlsconn_ctx *ctx, const char *verb, const char *host, tlsconn_cert *known, tlsconn_cert *marked)
{
    int result = TLSCONN_E_INVALID;

    if (strcmp(verb, "add") == 0)
        result = tlsconn_known_set(ctx, host, 16514, known, 0);
    else if (strcmp(verb, "again") == 0)
        result = tlsconn_known_set(ctx, host, 16514, known, TLSCONN_P_SELF_SIGNED);
    else if (strcmp(verb, "remove") == 0)
        result = tlsconn_known_remove(ctx, host, 16514);
    else if (strcmp(verb, "forget") == 0)
        result = tlsconn_known_remove_cert(ctx, known);
    else if (strcmp(verb, "mark") == 0)
        result = tlsconn_known_distrust(ctx, marked, 1);
    else if (strcmp(verb, "lift") == 0)
        result = tlsconn_known_distrust(ctx, marked, 0);
    else
        fprintf(stderr, "no such change: %s\n", verb);
    return result;
}

int main(int argc, char **argv)
{
    struct sigaction handler;
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_cert *known, *marked;
    int result, marks = 0;

    if (argc != 5) {
        fprintf(stderr, "usage: %s FILE HOST PKI VERB\n", argv[0]);
        return 2;
    }
    known = certificate(argv[3], "server");
    marked = certificate(argv[3], "client");
    /* A signal interrupts, and does nothing else. A file that may not grow is an error, no end. */
    memset(&handler, 0, sizeof handler);
    handler.sa_handler = caught;
    if (sigaction(SIGUSR1, &handler, NULL) != 0 || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        return 2;
    /* What is printed comes in one call, at the end. */
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    result = tlsconn_ctx_set_known_file(ctx, argv[1]);
    if (result == TLSCONN_OK) {
        if (strcmp(argv[4], "list") == 0) {
            result = tlsconn_known_each(ctx, NULL, 0, print, NULL);
        } else {
            /* From here on it is disturbed. */
            signal(SIGUSR2, SIG_IGN);
            result = change(ctx, argv[4], argv[2], known, marked);
            printf("DONE %d %s\n", result, result < 0 ? tlsconn_error_message(tlsconn_last_error()) : "");
            signal(SIGUSR2, SIG_DFL);
            if (tlsconn_known_each(ctx, NULL, 0, count_marks, &marks) == TLSCONN_OK)
                printf("MARKS %d\n", marks);
        }
    }
    if (result < 0)
        fprintf(stderr, "%s\n", tlsconn_error_message(tlsconn_last_error()));
    tlsconn_cert_unref(known);
    tlsconn_cert_unref(marked);
    tlsconn_ctx_unref(ctx);
    return result == TLSCONN_OK ? 0 : 1;
}
