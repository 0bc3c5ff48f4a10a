/* A loop that never blocks, and a dialog on another thread.   usage: answer_later HOST PORT DIRECTORY */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <tlsconn.h>

/* The dialog: all it gets is the question, and it can take as long as it likes. */
static void *dialog(void *userdata)
{
    tlsconn_question *question = userdata;
    char line[16];
    int answer = TLSCONN_REJECT;

    printf("%s\nAllow it [o]nce, [a]lways, or [n]ot at all? ",
           tlsconn_question_text(question, TLSCONN_STYLE_SUMMARY));
    fflush(stdout);
    if (fgets(line, sizeof line, stdin))
        answer = line[0] == 'o' ? TLSCONN_ALLOW_ONCE : line[0] == 'a' ? TLSCONN_ALLOW_ALWAYS : answer;
    if (tlsconn_question_answer(question, answer) != TLSCONN_OK)
        fprintf(stderr, "%s\n", tlsconn_error_message(tlsconn_last_error()));
    tlsconn_question_unref(question);
    return NULL;
}

/* A real application has more descriptors in its loop. */
static int wait_for(tlsconn_conn *conn)
{
    struct pollfd wanted = { -1, 0, 0 };
    int timeout_ms;

    return tlsconn_conn_poll(conn, &wanted.fd, &wanted.events, &timeout_ms) == TLSCONN_OK
        && (poll(&wanted, 1, timeout_ms) >= 0 || errno == EINTR);
}

static int talk(tlsconn_conn *conn, const char *host)
{
    pthread_t thread;
    tlsconn_question *asked = NULL; /* the question of the last dialog: there may be another */
    const char *reason = NULL;      /* where we know better than the library why it failed */
    int result = TLSCONN_OK;

    while (!reason && (result = tlsconn_conn_handshake(conn)) > 0) {
        tlsconn_question *question = result == TLSCONN_WANT_ANSWER ? tlsconn_conn_question(conn) : NULL;
        if (question && question != asked) {
            if (asked)
                pthread_join(thread, NULL); /* answered, or there would be no other */
            tlsconn_question_unref(asked);
            asked = tlsconn_question_ref(question);
            if (pthread_create(&thread, NULL, dialog, tlsconn_question_ref(question)) != 0) {
                tlsconn_question_unref(question); /* the dialog that did not start */
                tlsconn_question_unref(asked);
                asked = NULL;
                reason = "no thread for the dialog";
            }
        }
        if (!reason && !wait_for(conn))
            reason = "waiting for the connection failed";
    }
    int ok = !reason && result == TLSCONN_OK;
    if (asked && ok)
        pthread_join(thread, NULL);
    else if (asked)
        pthread_detach(thread); /* the user may never answer */
    tlsconn_question_unref(asked);
    if (ok)
        printf("%s\n", tlsconn_conn_info(conn, TLSCONN_INFO_TRUST));
    else
        fprintf(stderr, "%s: %s\n", host, reason ? reason : tlsconn_error_message(tlsconn_last_error()));
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s HOST PORT DIRECTORY\n", argv[0]);
        return 2;
    }
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn = NULL;
    int ok = tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, argv[3]) == TLSCONN_OK
          && tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_NEW, TLSCONN_POLICY_ASK) == TLSCONN_OK
          && tlsconn_connect(ctx, argv[1], atoi(argv[2]), TLSCONN_F_NONBLOCK, &conn) == TLSCONN_OK;
    if (ok)
        ok = talk(conn, argv[1]);
    else
        fprintf(stderr, "%s: %s\n", argv[1], tlsconn_error_message(tlsconn_last_error()));
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
