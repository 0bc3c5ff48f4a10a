/* A connection to the runner: dialled, driven as the mode says, and hung up. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim.h"

void send_all(struct peer *p, const unsigned char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(p->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return; /* the runner has hung up; reading will tell */
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void pump_out(struct peer *p)
{
    unsigned char out[4096];
    size_t n;
    if (p->mode < MEM)
        return;
    for (;;) {
        int rc = tlsconn_conn_mem_output(p->conn, out, p->mode == MEM1 ? 1 : sizeof out, &n);
        if (rc != TLSCONN_OK) {
            fprintf(stderr, "mem_output: %d\n", rc);
            die(":MEM_OUTPUT:");
        }
        if (n == 0)
            return;
        size_t now = n;
        if (p->one_byte_only == 2)
            now = 0;
        else if (p->one_byte_only == 1) {
            now = 1;
            p->one_byte_only = 2;
        }
        send_all(p, out, now);
        if (now < n) {
            p->kept = realloc(p->kept, p->n_kept + n - now);
            memcpy(p->kept + p->n_kept, out + now, n - now);
            p->n_kept += n - now;
        }
    }
}

void let_go(struct peer *p)
{
    if (!p->one_byte_only)
        return;
    p->one_byte_only = 0;
    send_all(p, p->kept, p->n_kept);
    p->n_kept = 0;
}

static void answer(struct peer *p)
{
    tlsconn_question *question = tlsconn_conn_question(p->conn);
    if (!question)
        die("there is no question though an answer is wanted");
    if (logging)
        printf("answering, situation %d problems %x\n", tlsconn_question_situation(question),
               (unsigned)tlsconn_question_problems(question));
    int rc = tlsconn_question_answer(question, p->reject ? TLSCONN_REJECT : yes(question));
    if (rc != TLSCONN_OK)
        fprintf(stderr, "question_answer: %d\n", rc);
}

/* Waits for what `rc` says. */
static void wait_for(struct peer *p, int rc)
{
    if (rc == TLSCONN_WANT_ANSWER) {
        if (late) { /* meanwhile more comes in */
            struct pollfd nothing = { -1, 0, 0 };
            poll(&nothing, 1, late);
            while (p->mode >= MEM) {
                size_t used = 0;
                if (p->at == p->have) {
                    ssize_t got = recv(p->fd, p->in, sizeof p->in, MSG_DONTWAIT);
                    if (got < 0)
                        break;
                    p->at = 0;
                    p->have = (size_t)got;
                    p->eof = got == 0;
                }
                int fed = tlsconn_conn_mem_input(p->conn, p->in + p->at, p->have - p->at, &used);
                p->at += used;
                if (logging)
                    printf("while asked: %d, took %zu\n", fed, used);
                if (fed != TLSCONN_OK || !used || p->eof)
                    break;
            }
        }
        answer(p);
        return;
    }
    if (p->mode == NONBLOCK) {
        int fd, timeout;
        short events;
        must(tlsconn_conn_poll(p->conn, own_fd ? NULL : &fd, &events, &timeout), "poll");
        struct pollfd one = { own_fd ? p->fd : fd, events, 0 };
        poll(&one, 1, timeout);
        return;
    }
    if (rc != TLSCONN_WANT_READ)
        die("a connection over memory wants to write");
    if (p->at == p->have && !p->eof) {
        ssize_t got;
        do
            got = recv(p->fd, p->in, sizeof p->in, 0);
        while (got < 0 && errno == EINTR);
        p->at = 0;
        p->have = got > 0 ? (size_t)got : 0;
        p->eof = got <= 0;
    }
    size_t used = 0, offer = p->have - p->at;
    if (p->mode == MEM1 && offer > 1)
        offer = 1;
    int fed = tlsconn_conn_mem_input(p->conn, p->in + p->at, offer, &used);
    if (fed != TLSCONN_OK && logging)
        printf("mem_input: %d\n", fed);
    if (fed == TLSCONN_OK && offer && !used)
        die("mem_input took nothing though the connection wants to read");
    p->at += used;
}

static int waits(int rc)
{
    return rc == TLSCONN_WANT_READ || rc == TLSCONN_WANT_WRITE || rc == TLSCONN_WANT_ANSWER;
}

int shake_hands(struct peer *p)
{
    for (;;) {
        int rc = tlsconn_conn_handshake(p->conn);
        pump_out(p);
        if (!waits(rc))
            return rc;
        wait_for(p, rc);
    }
}

int read_some(struct peer *p, void *buf, size_t size, size_t *n)
{
    for (;;) {
        int rc = tlsconn_conn_read(p->conn, buf, size, n);
        pump_out(p);
        if (!waits(rc))
            return rc;
        wait_for(p, rc);
    }
}

int write_all(struct peer *p, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size) {
        size_t n = 0;
        int rc = tlsconn_conn_write(p->conn, at, size, &n);
        pump_out(p);
        if (waits(rc)) {
            wait_for(p, rc);
            continue;
        }
        if (rc != TLSCONN_OK)
            return rc;
        at += n;
        size -= n;
    }
    if (p->mode == NONBLOCK) /* what waits leaves with any later call */
        for (int turn = 0; turn < 10000; turn++) {
            int fd, timeout;
            short events;
            must(tlsconn_conn_poll(p->conn, own_fd ? NULL : &fd, &events, &timeout), "poll");
            if (!(events & POLLOUT))
                break;
            struct pollfd one = { own_fd ? p->fd : fd, POLLOUT, 0 };
            poll(&one, 1, 1000);
            size_t none;
            char nothing;
            if (tlsconn_conn_read(p->conn, &nothing, 0, &none) < 0)
                break;
        }
    return TLSCONN_OK;
}

int say_goodbye(struct peer *p)
{
    for (;;) {
        int rc = tlsconn_conn_shutdown(p->conn);
        pump_out(p);
        if (!waits(rc))
            return rc;
        wait_for(p, rc);
    }
}

/* Half-closes and drains, so that the runner gets what was sent to it. */
void hang_up(struct peer *p)
{
    char sink[4096];
    shutdown(p->fd, SHUT_WR);
    for (;;) {
        struct pollfd one = { p->fd, POLLIN, 0 };
        if (poll(&one, 1, 8000) <= 0 || recv(p->fd, sink, sizeof sink, 0) <= 0)
            break;
    }
    close(p->fd);
}

void failed(struct peer *p, int rc, const char *where)
{
    const tlsconn_error *error = tlsconn_conn_error(p->conn);
    if (tlsconn_error_code(error) != rc)
        error = tlsconn_last_error();
    fprintf(stderr, "%s\n%s: %d: %s\n", translate(rc, error), where, rc, tlsconn_error_message(error));
    if (tlsconn_error_problems(error))
        fprintf(stderr, "problems %x\n", (unsigned)tlsconn_error_problems(error));
    pump_out(p);
    tlsconn_conn_free(p->conn);
    hang_up(p);
    fflush(NULL);
    _exit(1);
}

int dial(const struct config *c)
{
    struct sockaddr_in six4 = { 0 };
    struct sockaddr_in6 six = { 0 };
    int fd = socket(c->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), rc;
    if (c->ipv6) {
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        six.sin6_port = htons((uint16_t)c->port);
        rc = connect(fd, (struct sockaddr *)&six, sizeof six);
    } else {
        six4.sin_family = AF_INET;
        six4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        six4.sin_port = htons((uint16_t)c->port);
        rc = connect(fd, (struct sockaddr *)&six4, sizeof six4);
    }
    if (fd < 0 || rc < 0)
        die("cannot reach the runner");
    return fd;
}
