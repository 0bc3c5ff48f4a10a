/* A server of OpenSSL's that is stopped, and whose output we are slow to take: what was written before
 * tlsconn_conn_shutdown() said TLSCONN_OK arrives, though the connection is freed at once. */
#include "contract_loop.h"

/* How often each case is tried. */
#ifndef TIMES
#define TIMES 10
#endif
/* What no line of s_server's own has in it. */
#define MARK 0xfe

static server start_slow(const char *version, int *input)
{
    server made;
    int ends[2], back[2];

    CHECK(pipe(ends) == 0 && pipe(back) == 0);
    made.pid = fork();
    if (made.pid == 0) {
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        if (chdir(pki) == 0 && dup2(ends[1], 1) == 1 && dup2(back[0], 0) == 0 && freopen("/dev/null", "w", stderr)) {
            close(ends[0]);
            close(back[1]);
            execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key",
                   "server.key", version, (char *)NULL);
        }
        _exit(127);
    }
    close(ends[1]);
    close(back[0]);
    made.output = ends[0];
    made.port = port_of(ends[0]);
    *input = back[1]; /* its end would end the server */
    return made;
}

/* Takes a little of what the server prints; how many marks there were. */
static size_t take(int output)
{
    unsigned char bytes[4096];
    ssize_t i, count = read(output, bytes, sizeof bytes);
    size_t marks = 0;

    for (i = 0; i < count; i++)
        marks += bytes[i] == MARK;
    CHECK(count > 0);
    return marks;
}

/* Shakes hands; the server is stopped before it hears our last words. */
static void shake_late(tlsconn_conn *conn, const server *running)
{
    int code;

    while ((code = tlsconn_conn_handshake(conn)) > 0) {
        CHECK(kill(running->pid, SIGCONT) == 0);
        wait_for(conn);
        CHECK(kill(running->pid, SIGSTOP) == 0);
    }
    CHECK(code == TLSCONN_OK);
}

/* It is woken once: a write that a signal interrupts is not written again by it. */
static void go_on(const server *running, int *is_stopped)
{
    if (*is_stopped)
        CHECK(kill(running->pid, SIGCONT) == 0);
    *is_stopped = 0;
}

static void at_a_real_server(const char *version, int late)
{
    static unsigned char marks[1000000];
    tlsconn_ctx *ctx = context(pki);
    int input;
    server running = start_slow(version, &input);
    int i;

    memset(marks, MARK, sizeof marks);
    for (i = 0; i < TIMES; i++) {
        tlsconn_conn *conn = connected(ctx, running.port, TLSCONN_F_NONBLOCK);
        size_t heard = 0, at = 0, n;
        int is_stopped = late;
        int code;

        if (late)
            shake_late(conn, &running);
        else
            EXPECT(TLSCONN_OK, drive(conn));
        while (at < sizeof marks && (code = tlsconn_conn_write(conn, marks + at, sizeof marks - at, &n)) >= 0) {
            at += n;
            if (code > 0 && has_output(running.output, 0))
                heard += take(running.output);
            else if (code > 0)
                go_on(&running, &is_stopped);
        }
        code = tlsconn_conn_shutdown(conn);
        go_on(&running, &is_stopped);
        for (; code > 0; code = tlsconn_conn_shutdown(conn)) {
            if (has_output(running.output, 0))
                heard += take(running.output);
            else
                wait_for(conn);
        }
        CHECK(code == TLSCONN_OK);
        tlsconn_conn_free(conn);
        while (heard < sizeof marks && has_output(running.output, FOR_EVER))
            heard += take(running.output);
        CHECK(heard == sizeof marks);
    }
    stop(&running);
    close(input);
    tlsconn_ctx_unref(ctx);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    at_a_real_server("-tls1_2", 0);
    at_a_real_server("-tls1_2", 1);
    at_a_real_server("-tls1_3", 0);
    at_a_real_server("-tls1_3", 1);
    return result(argv[0]);
}
