/* Sends requests to a hostmanager: the one on the command line, or each line of the standard input.
   usage: hostmanager-client HOST:PORT --cert FILE --key FILE [--ca FILE] [--known FILE] [REQUEST...]
   The server needs a certificate of the CA; without --ca the user is asked on the terminal. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tlsconn.h>

/* What is to be sent, and what has come back so far. */
struct talk {
    char up[16384];
    size_t at, end;
    int all;                      /* the input has ended */
    unsigned long asked, answered;
    int refused;                  /* one reply was an error */
    int inside;                   /* in the middle of a line of a reply */
    int unended;                  /* in the middle of a request */
};

static const char *reason; /* where we know better than the library why it failed */

static int fail(const char *why)
{
    reason = why;
    return 0;
}

/* Every request ends with a newline, the last one too. */
static void ask(struct talk *talk, size_t n)
{
    for (size_t i = talk->end; i < talk->end + n; i++)
        talk->asked += talk->up[i] == '\n';
    if (n > 0)
        talk->unended = talk->up[talk->end + n - 1] != '\n';
    talk->end += n;
    if (talk->all && talk->unended) {
        talk->up[talk->end++] = '\n';
        talk->asked++;
        talk->unended = 0;
    }
}

/* Standard input has data, or has ended. */
static int read_requests(struct talk *talk)
{
    ssize_t n = read(0, talk->up, sizeof talk->up - 1);

    if (n < 0)
        return errno == EINTR || fail(strerror(errno));
    talk->at = talk->end = 0;
    talk->all = n == 0;
    ask(talk, (size_t)n);
    return 1;
}

static int request_of(struct talk *talk, int argc, char **argv)
{
    size_t len = 0;

    for (int i = 0; i < argc; i++) {
        size_t word = strlen(argv[i]);
        if (strchr(argv[i], '\n') || word > sizeof talk->up - 2 - len)
            return fail("this is no request, which is one line");
        memcpy(talk->up + len, argv[i], word);
        len += word;
        talk->up[len++] = i + 1 < argc ? ' ' : '\n';
    }
    talk->all = argc > 0;
    ask(talk, len);
    return 1;
}

/* A reply is any number of lines that begin with +, then one that does not. */
static int show(struct talk *talk, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!talk->inside && bytes[i] != '+') {
            talk->answered++;
            talk->refused |= bytes[i] != 'o';
        }
        talk->inside = bytes[i] != '\n';
    }
    return (fwrite(bytes, 1, n, stdout) == n && fflush(stdout) == 0) || fail(strerror(errno));
}

/* 1 when the server has closed the connection, 0 on failure, -1 when there is something to wait for. */
static int turn(tlsconn_conn *conn, struct talk *talk)
{
    char reply[16384];
    size_t n = 0;
    int result = tlsconn_conn_handshake(conn);

    if (result != TLSCONN_OK) /* a read might finish it, and wait for the reply to nothing */
        return result < TLSCONN_OK ? 0 : -1;
    while (result == TLSCONN_OK && talk->at < talk->end) {
        result = tlsconn_conn_write(conn, talk->up + talk->at, talk->end - talk->at, &n);
        talk->at += n;
    }
    if (result == TLSCONN_OK && talk->all)
        result = tlsconn_conn_shutdown(conn);
    while (result >= TLSCONN_OK && (result = tlsconn_conn_read(conn, reply, sizeof reply, &n)) == TLSCONN_OK)
        if (!show(talk, reply, n))
            return 0;
    return result == TLSCONN_EOF ? 1 : result > TLSCONN_OK ? -1 : 0;
}

static int converse(tlsconn_conn *conn, struct talk *talk)
{
    for (;;) {
        struct pollfd list[2] = { { -1, 0, 0 }, { -1, POLLIN, 0 } };
        int timeout_ms = -1;
        int result = turn(conn, talk);
        if (result >= 0)
            return result && (talk->answered == talk->asked || fail("the server left requests without a reply"));
        if (tlsconn_conn_poll(conn, &list[0].fd, &list[0].events, &timeout_ms) != TLSCONN_OK)
            return 0;
        if (talk->at == talk->end && !talk->all)
            list[1].fd = 0;
        if (poll(list, 2, timeout_ms) < 0) {
            if (errno != EINTR)
                return fail(strerror(errno));
        } else if (list[1].revents && !read_requests(talk))
            return 0;
    }
}

/* With a CA nobody is asked; without one the user is, and the answer is stored. */
static int use_material(tlsconn_ctx *ctx, int argc, char **argv)
{
    static const struct option KNOWN[] = {
        { "cert", required_argument, NULL, TLSCONN_MAT_CERT }, { "key", required_argument, NULL, TLSCONN_MAT_KEY },
        { "ca", required_argument, NULL, TLSCONN_MAT_CA }, { "known", required_argument, NULL, 'n' },
        { NULL, 0, NULL, 0 }
    };
    int which, result = TLSCONN_OK, authority = 0;

    while (result == TLSCONN_OK && (which = getopt_long(argc, argv, "+", KNOWN, NULL)) != -1) {
        if (which == '?')
            return fail("unknown option");
        authority |= which == TLSCONN_MAT_CA;
        result = which == 'n' ? tlsconn_ctx_set_known_file(ctx, optarg) : tlsconn_ctx_add_file(ctx, which, optarg);
    }
    if (result == TLSCONN_OK && !authority)
        result = tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_UNTRUSTED, TLSCONN_POLICY_ASK);
    if (result == TLSCONN_OK && !authority)
        result = tlsconn_ctx_set_validator(ctx, tlsconn_ask_terminal, NULL, NULL);
    return result == TLSCONN_OK;
}

int main(int argc, char **argv)
{
    static struct talk talk;
    char *colon = argc > 1 ? strrchr(argv[1], ':') : NULL;

    if (!colon) {
        fprintf(stderr, "usage: %s HOST:PORT --cert FILE --key FILE [--ca FILE] [--known FILE] [REQUEST...]\n",
                argv[0]);
        return 2;
    }
    *colon = '\0';
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn = NULL;
    int ok = use_material(ctx, argc - 1, argv + 1)
          && request_of(&talk, argc - 1 - optind, argv + 1 + optind)
          && tlsconn_connect(ctx, argv[1], atoi(colon + 1), TLSCONN_F_NONBLOCK, &conn) == TLSCONN_OK
          && converse(conn, &talk);
    if (!ok)
        fprintf(stderr, "%s: %s\n", argv[1], reason ? reason : tlsconn_error_message(tlsconn_last_error()));
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
    return ok && !talk.refused ? EXIT_SUCCESS : EXIT_FAILURE;
}
