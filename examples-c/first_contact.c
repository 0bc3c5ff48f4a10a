/* Asks about a new server in its own words, on standard input.   usage: first_contact HOST PORT DIRECTORY */
#include <stdio.h>
#include <stdlib.h>
#include <tlsconn.h>

static void show(const tlsconn_cert *cert)
{
    printf("  subject  %s\n", tlsconn_cert_str(cert, TLSCONN_CERT_SUBJECT));
    printf("  names    %s\n", tlsconn_cert_str(cert, TLSCONN_CERT_NAMES));
    printf("  issuer   %s\n", tlsconn_cert_str(cert, TLSCONN_CERT_ISSUER));
    printf("  valid    %s to %s\n", tlsconn_cert_str(cert, TLSCONN_CERT_NOT_BEFORE),
           tlsconn_cert_str(cert, TLSCONN_CERT_NOT_AFTER));
    printf("  SHA-256  %s\n", tlsconn_cert_str(cert, TLSCONN_CERT_SHA256));
}

static int ask(tlsconn_question *question, void *userdata)
{
    int grown = tlsconn_question_situation(question) == TLSCONN_SITUATION_NEW_PROBLEM;
    unsigned long problems = tlsconn_question_problems(question);
    char line[16];

    (void)userdata;
    printf("%s %s, port %d. It shows this certificate:\n",
           grown ? "Something new is wrong with" : "You have not been at",
           tlsconn_question_host(question), tlsconn_question_port(question));
    show(tlsconn_question_cert(question, 0));
    for (unsigned long bit = 1; bit <= problems; bit <<= 1)
        if (problems & bit)
            printf("  problem  %s\n", tlsconn_problem_name((int)bit));
    printf("Talk to it [o]nce, %s%sor [n]ot at all? ",
           tlsconn_question_allows(question, TLSCONN_ALLOW_ALWAYS) ? "[a]lways, " : "",
           tlsconn_question_allows(question, TLSCONN_ALLOW_SESSION) ? "for this [s]ession only, " : "");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return TLSCONN_REJECT; /* end of input is not consent */
    switch (line[0]) {
    case 'o': return TLSCONN_ALLOW_ONCE;
    case 'a': return TLSCONN_ALLOW_ALWAYS;
    case 's': return TLSCONN_ALLOW_SESSION;
    default:  return TLSCONN_REJECT;
    }
}

/* Ask about untrusted servers too: trust on first use, as ssh does it. */
static int prepare(tlsconn_ctx *ctx, const char *directory)
{
    return tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, directory) == TLSCONN_OK
        && tlsconn_ctx_set_validator(ctx, ask, NULL, NULL) == TLSCONN_OK
        && tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_UNTRUSTED, TLSCONN_POLICY_ASK) == TLSCONN_OK;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s HOST PORT DIRECTORY\n", argv[0]);
        return 2;
    }
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn = NULL;
    int ok = prepare(ctx, argv[3])
          && tlsconn_connect(ctx, argv[1], atoi(argv[2]), 0, &conn) == TLSCONN_OK
          && tlsconn_conn_handshake(conn) == TLSCONN_OK;
    if (ok) {
        printf("%s: %s, %s\n", argv[1], tlsconn_conn_info(conn, TLSCONN_INFO_VERSION),
               tlsconn_conn_info(conn, TLSCONN_INFO_TRUST));
        ok = tlsconn_conn_shutdown(conn) == TLSCONN_OK;
    }
    if (!ok) {
        const tlsconn_error *error = tlsconn_last_error();
        fprintf(stderr, "%s: %s\n", argv[1], tlsconn_error_message(error));
        if (tlsconn_error_hint(error)[0] != '\0')
            fprintf(stderr, "%s\n", tlsconn_error_hint(error));
    }
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
