/* What the parts of the shim share. */
#ifndef SHIM_H
#define SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <tlsconn.h>

enum { NOT_IMPLEMENTED = 89, MAX_LIST = 16 };
enum mode { BLOCK, NONBLOCK, MEM, MEM1 };

struct pair {
    const char *cert, *key;
    int must_match;
};

struct config {
    int port, ipv6, server, async, implicit, resume_count;
    uint64_t shim_id;
    struct pair pairs[MAX_LIST]; /* 0: the default; then those of -new-x509-credential */
    int n_pairs, n_schemes, groups_asked;
    char groups[128]; /* for TLSCONN_OPT_GROUPS */
    int min_version, max_version, no_tls12, no_tls13, expect_version;
    int require_client_cert, verify_peer, verify_fail, reverify;
    int writes_first, unfinished_write, shuts_down, check_close_notify;
    int no_ticket, expect_session_miss, handshake_twice, extra_handshake, export_secrets;
    int read_size, expect_group, expect_cipher, cipher_aes, cipher_no_aes;
    int expect_selected, has_expect_selected;
    int alpn_set, expect_alpn_set;
    char alpn[2048];
    const char *expect_alpn, *host, *expect_sni, *expect_peer_cert;
};

/* What the flags say of the first connection, and of those after it. */
extern struct config first, later;
/* What the environment says. */
extern int blocking, own_fd, logging, strict, ask_always, late;

struct id { int number; const char *name; };

/* The runner asks for what the C interface cannot express. */
void not_implemented(const char *what);
void die(const char *why);
void must(int rc, const char *call);

/* ---- shim_flags.c ---- */

void parse(int argc, char **argv);
int number(const char *text);
const char *name_of(const struct id *list, int number);

/* ---- shim_words.c ---- */

/* The word of BoringSSL, or of config.json, for an error. */
const char *translate(int code, const tlsconn_error *error);

/* ---- shim_peer.c: a connection to the runner ---- */

struct peer {
    int fd;
    enum mode mode;
    tlsconn_conn *conn;
    unsigned char in[16384];
    size_t have, at;
    int eof;
    int one_byte_only; /* of what is written now, one byte leaves; the rest waits */
    unsigned char *kept;
    size_t n_kept;
    int reject;
};

int dial(const struct config *c);
void send_all(struct peer *p, const unsigned char *bytes, size_t n);
int shake_hands(struct peer *p);
int read_some(struct peer *p, void *buf, size_t size, size_t *n);
int write_all(struct peer *p, const void *bytes, size_t size);
/* Sends what was kept back of an unfinished write. */
void let_go(struct peer *p);
int say_goodbye(struct peer *p);
void hang_up(struct peer *p);
void failed(struct peer *p, int rc, const char *where);

/* ---- shim.c ---- */

int yes(tlsconn_question *question);

#endif
