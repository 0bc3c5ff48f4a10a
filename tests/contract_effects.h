/* What the tests of effects share: lists of the header's constants, each of which a test has to
 * produce. A `switch` over the list has no default, so that a constant which is missing there does
 * not compile (-Wswitch); one that was never produced fails at the end of the run. */
#ifndef CONTRACT_EFFECTS_H
#define CONTRACT_EFFECTS_H

#include "contract_both.h"

struct constant {
    int number;
    int produced;
    const char *name;
};

#define CONSTANT_ROW(name) { name, 0, #name },
#define CONSTANT_CASE(name) case name:
#define CONSTANT_NUMBER(name) name,

/* Defines `produced_NAME(number)` and `every_NAME()` for the enum TYPE: LIST is what has to be
 * produced, and EXCEPT what need not be. */
#define CONSTANTS(NAME, TYPE, LIST, EXCEPT)                                     \
    static struct constant NAME##_list[] = { LIST(CONSTANT_ROW) };              \
    static inline void produced_##NAME(int number)                              \
    {                                                                           \
        size_t i;                                                               \
        switch ((TYPE)number) {                                                 \
            LIST(CONSTANT_CASE)                                                 \
            for EACH(i, NAME##_list)                                            \
                NAME##_list[i].produced += NAME##_list[i].number == number;     \
            break;                                                              \
            EXCEPT(CONSTANT_CASE)                                               \
            break;                                                              \
        }                                                                       \
    }                                                                           \
    static inline void every_##NAME(void)                                      \
    {                                                                           \
        every_one_was_produced(NAME##_list, sizeof NAME##_list / sizeof *NAME##_list); \
    }

#define NO_EXCEPTION(X)

static inline void every_one_was_produced(const struct constant *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (!list[i].produced) {
            fprintf(stderr, "%s was never produced\n", list[i].name);
            failures++;
        }
    }
}

/* What one chain of PEM in a file comes to. */
static inline int judged(tlsconn_ctx *ctx, int role, const char *host, int port, const char *name, uint32_t *problems)
{
    size_t len;
    char *chain = contents(pki, name, &len);
    int code = tlsconn_ctx_verify(ctx, role, host, port, chain, len, problems, NULL);

    free(chain);
    return code;
}

/* Shakes hands until the client has something to say that is final, or a question is open. */
static inline int run_client(const struct both *both)
{
    int code;
    int moved;

    do {
        (void)!tlsconn_conn_handshake(both->server);
        code = tlsconn_conn_handshake(both->client);
        moved = carry(both->server, both->client);
        moved |= carry(both->client, both->server);
    } while (moved);
    return code;
}

/* Makes the call again once the time is over that the connection says. */
static inline int after_its_time(tlsconn_conn *conn)
{
    struct pollfd waited = { -1, 0, 0 };
    int timeout_ms = -1;
    int code;

    while ((code = tlsconn_conn_handshake(conn)) > 0) {
        EXPECT(TLSCONN_OK, tlsconn_conn_poll(conn, &waited.fd, &waited.events, &timeout_ms));
        if (poll(&waited, 1, timeout_ms) < 0 && errno != EINTR)
            break;
    }
    return code;
}

#endif
