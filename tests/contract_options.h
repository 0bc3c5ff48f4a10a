/* What the tests of options share: all options, each of which one of the tests has to claim, and a
 * note of every value that was chosen. */
#ifndef CONTRACT_OPTIONS_H
#define CONTRACT_OPTIONS_H

#include "contract_effects.h"

#define POLICIES_OF_OPTIONS(X)                                                      \
    X(TLSCONN_OPT_ON_NEW) X(TLSCONN_OPT_ON_CHANGED) X(TLSCONN_OPT_ON_RENEWED)       \
    X(TLSCONN_OPT_ON_UNTRUSTED) X(TLSCONN_OPT_ON_NEW_PROBLEM) X(TLSCONN_OPT_ON_CLIENT)

#define JUDGING_OPTIONS(X)                                                          \
    X(TLSCONN_OPT_CLIENT_AUTH) X(TLSCONN_OPT_SEND_CLIENT_CERT)                      \
    X(TLSCONN_OPT_CRL_MODE) X(TLSCONN_OPT_CRL_GRACE_S) X(TLSCONN_OPT_PROFILE)       \
    X(TLSCONN_OPT_VERIFY_TIME) X(TLSCONN_OPT_IDENTITY_FROM) X(TLSCONN_OPT_DIR_AND_CA)  \
    X(TLSCONN_OPT_DIR_GROUP_WRITE)

#define SESSION_OPTIONS(X)                                                          \
    X(TLSCONN_OPT_MIN_VERSION) X(TLSCONN_OPT_MAX_VERSION)                           \
    X(TLSCONN_OPT_RESUMPTION) X(TLSCONN_OPT_TICKETS)                                \
    X(TLSCONN_OPT_TICKET_SECRET_FILE) X(TLSCONN_OPT_ALPN)                           \
    X(TLSCONN_OPT_GROUPS) X(TLSCONN_OPT_CIPHERS)                                    \
    X(TLSCONN_OPT_KEYLOG_FILE)

#define WAITING_OPTIONS(X)                                                          \
    X(TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS) X(TLSCONN_OPT_ANSWER_TIMEOUT_MS)            \
    X(TLSCONN_OPT_IO_TIMEOUT_MS) X(TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS)

/* An option, how its effect is seen, the values that must be chosen for that, and some of those
 * that are refused. A string option has no values, and refuses every number. */
struct option {
    int number;
    void (*effect)(void);
    const int *values;
    size_t count;
    const int64_t *wrong;
    size_t wrong_count;
};

#define OPTION(name, effect, values, wrong) \
    { name, effect, values, sizeof values / sizeof *values, wrong, sizeof wrong / sizeof *wrong }

#define STRING_OPTION(name, effect) { name, effect, NULL, 0, NULL, 0 }

static struct {
    int option;
    int64_t value;
} chosen[256];
static size_t choices;

/* Chooses a number, and takes note of it. */
static inline void choose(tlsconn_ctx *ctx, int option, int64_t value)
{
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, option, value));
    if (choices < sizeof chosen / sizeof *chosen) {
        chosen[choices].option = option;
        chosen[choices++].value = value;
    }
}

static inline int was_chosen(int option, int64_t value)
{
    size_t i;

    for (i = 0; i < choices; i++)
        if (chosen[i].option == option && chosen[i].value == value)
            return 1;
    return 0;
}

/* The option's effect is as its text says, with each of its values, and no other is taken. */
static inline void try_option(const struct option *option, void (*produced)(int))
{
    static const int64_t never[] = { INT64_MIN, -2 };
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    int before = failures;
    size_t i;

    for (i = 0; i < option->wrong_count; i++)
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, option->number, option->wrong[i]));
    for EACH(i, never)
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_int(ctx, option->number, never[i]));
    if (option->count > 0)
        EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_str(ctx, option->number, "1"));
    tlsconn_ctx_unref(ctx);
    option->effect();
    for (i = 0; i < option->count; i++)
        CHECK(was_chosen(option->number, option->values[i]));
    if (failures == before)
        produced(option->number);
    else
        fprintf(stderr, "option %d is not as its text says\n", option->number);
}

#endif
