/* The ready validator on a terminal: leaving it by a signal, its time, and whose turn it is where
 * several programs ask at once. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>

#include "contract.h"

static const char *pki;

/* ---------- a terminal, and programs that ask on it ---------- */

struct terminal {
    int user; /* what the user sees and types */
    char name[64];
    char seen[65536];
    size_t len;
};

static void open_terminal(struct terminal *at)
{
    memset(at, 0, sizeof *at);
    at->user = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(at->user >= 0 && grantpt(at->user) == 0 && unlockpt(at->user) == 0);
    snprintf(at->name, sizeof at->name, "%s", ptsname(at->user));
}

/* Waits until `text` was shown `times` times in all. */
static void until(struct terminal *at, const char *text, int times)
{
    for (;;) {
        struct pollfd waited = { at->user, POLLIN, 0 };
        const char *from = at->seen;
        int count = 0;
        ssize_t n;

        while ((from = strstr(from, text))) {
            from += strlen(text);
            count++;
        }
        if (count >= times)
            return;
        if (at->len == sizeof at->seen - 1 || poll(&waited, 1, 60000) != 1)
            break;
        n = read(at->user, at->seen + at->len, sizeof at->seen - 1 - at->len);
        if (n <= 0)
            break;
        at->len += (size_t)n;
        at->seen[at->len] = 0;
    }
    fprintf(stderr, "\"%s\" was not shown %d times:\n%s\n", text, times, at->seen);
    failures++;
}

static void type(const struct terminal *at, const char *text)
{
    CHECK(write(at->user, text, strlen(text)) == (ssize_t)strlen(text));
}

static volatile sig_atomic_t ran;
static tlsconn_conn *volatile to_abort;

static void handler(int number)
{
    (void)number;
    ran++;
    tlsconn_conn_abort(to_abort);
}

enum { HANDLED = 1, RESTARTED = 2, ABORTS = 4, IMPATIENT = 8 };

/* What a program asks on the terminal, and ends with: 0, or minus the code. */
static int asks(int port, const char *known, int how)
{
    tlsconn_ctx *ctx = context(pki);
    tlsconn_conn *conn;
    struct sigaction action;
    int code;

    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = how & RESTARTED ? SA_RESTART : 0;
    if (how & (HANDLED | ABORTS))
        CHECK(sigaction(SIGINT, &action, NULL) == 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, tlsconn_ask_terminal, NULL, NULL));
    if (known)
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(ctx, known));
    if (how & IMPATIENT)
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ANSWER_TIMEOUT_MS, 300));
    conn = connected(ctx, port, 0);
    if (how & ABORTS)
        to_abort = conn;
    code = tlsconn_conn_handshake(conn);
    if (how & HANDLED)
        CHECK(ran > 0);
    to_abort = NULL;
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(ctx);
    return failures ? 1 : -code;
}

/* A program of its own session at the terminal, with as many programs that ask as there are ports. */
static pid_t session(const struct terminal *at, const int *ports, int count, const char *known, int how)
{
    pid_t leader;

    fflush(stderr);
    leader = fork();
    if (leader != 0)
        return leader;
    alarm(120);
    failures = 0; /* An exit code is about this program alone. */
    setsid();
    if (open(at->name, O_RDWR) < 0)
        _exit(99);
    if (count == 1)
        _exit(asks(ports[0], known, how));
    while (count-- > 0)
        if (fork() == 0)
            _exit(asks(ports[count], known, how));
    for (;;) {
        int status = 0;

        if (wait(&status) < 0)
            _exit(0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
    }
}

/* What the session ended with: 0 or a code. */
static int ended(pid_t leader)
{
    int status = -1;

    CHECK(waitpid(leader, &status, 0) == leader);
    CHECK(WIFEXITED(status));
    return WIFEXITED(status) ? (signed char)-WEXITSTATUS(status) : 1;
}

static void interrupted(int port)
{
    static const struct {
        int how;
        int code;
    } cases[] = {
        { HANDLED, TLSCONN_E_REJECTED },
        { HANDLED | RESTARTED, TLSCONN_E_REJECTED },
        { HANDLED | ABORTS, TLSCONN_E_CANCELLED },
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct terminal at;
        pid_t leader;

        open_terminal(&at);
        leader = session(&at, &port, 1, NULL, cases[i].how);
        until(&at, "eject", 1);
        until(&at, "? ", 1);
        type(&at, "\003");
        /* An exit code has eight bits. */
        CHECK(ended(leader) == (signed char)cases[i].code);
        close(at.user);
    }
}

static void late(int port)
{
    struct terminal at;

    open_terminal(&at);
    CHECK(ended(session(&at, &port, 1, NULL, IMPATIENT)) == (signed char)TLSCONN_E_ANSWER_TIMEOUT);
    close(at.user);
}

/* The last question on the screen names the port, and it is the one that is answered. */
static int asked_last(const struct terminal *at)
{
    const char *line = at->seen;
    const char *last = NULL;
    const char *colon;

    while ((line = strstr(line, "127.0.0.1:"))) {
        if (strstr(line, "eject"))
            last = line;
        line++;
    }
    colon = last ? strchr(last, ':') : NULL;
    return colon ? atoi(colon + 1) : 0;
}

static int holds(const char *file, int port)
{
    char wanted[64];
    char text[65536];
    FILE *opened = fopen(file, "r");
    size_t n = opened ? fread(text, 1, sizeof text - 1, opened) : 0;

    text[n] = 0;
    if (opened)
        fclose(opened);
    snprintf(wanted, sizeof wanted, "Host: 127.0.0.1:%d\n", port);
    return strstr(text, wanted) != NULL;
}

/* Two programs, two servers: each answer is for the question that is on the screen. */
static void two_servers(const int *ports)
{
    struct terminal at;
    char directory[64];
    char *known = path_in(scratch(directory), "trusted.pem");
    pid_t leader;
    int first;
    int second;

    open_terminal(&at);
    leader = session(&at, ports, 2, known, 0);
    until(&at, "]lways? ", 1);
    first = asked_last(&at);
    CHECK(first == ports[0] || first == ports[1]);
    type(&at, "a\n");
    until(&at, "]lways? ", 2);
    second = asked_last(&at);
    CHECK(second == ports[0] + ports[1] - first);
    CHECK(holds(known, first) && !holds(known, second));
    type(&at, "r\n");
    CHECK(ended(leader) == (signed char)TLSCONN_E_REJECTED);
    CHECK(!holds(known, second));
    /* A program that makes one connection has no session. */
    CHECK(!strstr(at.seen, "[s]ession"));
    close(at.user);
    free(known);
    remove_scratch(directory);
}

/* Three programs, one server: whoever comes second finds the answer stored and does not ask. */
static void one_server(int port)
{
    const int ports[] = { port, port, port };
    struct terminal at;
    char directory[64];
    char *known = path_in(scratch(directory), "trusted.pem");
    pid_t leader;

    open_terminal(&at);
    leader = session(&at, ports, 3, known, 0);
    until(&at, "]lways? ", 1);
    type(&at, "a\n");
    CHECK(ended(leader) == TLSCONN_OK);
    CHECK(holds(known, port));
    close(at.user);
    free(known);
    remove_scratch(directory);
}

int main(int argc, char **argv)
{
    server first;
    server second;
    int ports[2];

    if (argc != 2)
        return 2;
    pki = argv[1];
    first = start(pki, "server", "-tls1_3");
    second = start(pki, "server", "-tls1_3");
    ports[0] = first.port;
    ports[1] = second.port;
    interrupted(first.port);
    late(first.port);
    two_servers(ports);
    one_server(first.port);
    stop(&first);
    stop(&second);
    return result(argv[0]);
}
