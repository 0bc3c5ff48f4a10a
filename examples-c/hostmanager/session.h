/* A client: its connection, what it has sent that is no request yet, and what it has not read.
   No call waits, and none sends a reply before session_confirm() was told what became of the
   changes. */
#ifndef SESSION_H
#define SESSION_H

#include <stdint.h>
#include <tlsconn.h>

#include "buffer.h"
#include "store.h"

struct session {
    int fd;
    tlsconn_conn *conn;
    char *input;             /* SESSION_INPUT bytes, or NULL while nothing waits */
    size_t input_len;
    struct buffer output;
    size_t confirmed;        /* where in `output` the replies begin that wait for the commit */
    unsigned unconfirmed;    /* and how many they are */
    int admitted, ended;     /* the client has said that it sends no more */
    int cut;                 /* send what is left, then hang up; what comes is not looked at */
    int hung_up;             /* has sent everything, and waits for the client to end as well */
    int gone;                /* to be freed */
    int turn;                /* the loop: this one has been called in this round */
    int64_t stalled;         /* when it last got on, while something of it waits */

    /* for the loop: what to wait for, until when (-1: for ever), in milliseconds of `now` */
    short events;
    int64_t deadline;
};

/* `fd` becomes the session's. NULL on failure; it is closed then. */
struct session *session_new(tlsconn_ctx *ctx, int fd, int64_t now);
void session_free(struct session *session);

/* Shake hands, read, and answer into the buffer what came. */
void session_receive(struct session *session, struct store *store, int64_t now);

/* What was answered is done, or else it did not happen. */
void session_confirm(struct session *session, int done);

/* Send, and say what to wait for. `patience` is how long a client may take to go on. */
void session_send(struct session *session, int64_t now, int64_t patience);

#endif
