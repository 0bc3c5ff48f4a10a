/* What the contract tests share that wait as an event loop does. */
#ifndef CONTRACT_LOOP_H
#define CONTRACT_LOOP_H

#include "contract_both.h"

/* Longer than anything here takes; what takes longer never ends. */
#define FOR_EVER 20000

/* Waits as an event loop does. */
static inline void wait_for(tlsconn_conn *conn)
{
    struct pollfd place = { -1, 0, 0 };
    int timeout_ms = 0;

    EXPECT(TLSCONN_OK, tlsconn_conn_poll(conn, &place.fd, &place.events, &timeout_ms));
    CHECK(poll(&place, 1, timeout_ms < 0 ? FOR_EVER : timeout_ms) > 0 || timeout_ms >= 0);
}

/* Waits until something comes. */
static inline void wait_to_read(int fd)
{
    struct pollfd place = { fd, POLLIN, 0 };

    CHECK(poll(&place, 1, FOR_EVER) == 1);
}

static inline int has_output(int fd, int timeout_ms)
{
    struct pollfd place = { fd, POLLIN, 0 };

    return poll(&place, 1, timeout_ms) == 1;
}

#endif
