/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * tlsconn.h - TLS connections that know who they trust.
 *
 * Ownership: what _new, _parse, _ref, connect and accept functions return is yours; free it
 * with _unref or _free (NULL is allowed). Everything else is borrowed, and lives as long as the
 * object that you got it from.
 *
 * Strings are UTF-8, escaped (no control characters, no bidi overrides) and never NULL.
 *
 * Results: 0 is success. Below 0 is an error; tlsconn_last_error() has the message, and is valid
 * only then. Above 0 is not an error: TLSCONN_WANT_* means not yet, TLSCONN_EOF means the end.
 *
 * Parameters are int, never an enum. The kinds of material, layouts, options and their values,
 * styles and fields have separate numbers, so a mix-up is TLSCONN_E_INVALID. 0 never allows
 * anything.
 *
 * To start, call tlsconn_ctx_new(), load CAs, certificate and key with tlsconn_ctx_add_layout()
 * or tlsconn_ctx_add_file(), and choose who is asked about unknown servers with
 * tlsconn_ctx_set_validator() (tlsconn_ask_terminal() is ready to use). Then call
 * tlsconn_connect(), tlsconn_conn_write(), tlsconn_conn_read(), tlsconn_conn_shutdown(),
 * tlsconn_conn_free() and tlsconn_ctx_unref().
 *
 * A server loads its certificate and key in the same way, or with tlsconn_ctx_add_server_pair(),
 * and says which clients are allowed: by CAs, by tlsconn_ctx_set_client_dir(), or by a validator
 * with TLSCONN_OPT_ON_CLIENT. Pass each accepted socket to tlsconn_accept_fd(), then use
 * tlsconn_conn_read() and the rest as above. tlsconn_conn_info() says who the client is.
 */

#ifndef TLSCONN_H
#define TLSCONN_H

/* Made from src/ffi/ by cbindgen. Edit there, then run `make header`. */

#ifndef TLSCONN_CDEF /* `cc -E -P -DTLSCONN_CDEF tlsconn.h` is what cffi and its like read */
#include <stddef.h>
#include <stdint.h>
#endif

#ifndef TLSCONN_API
#define TLSCONN_API
#endif

#ifndef TLSCONN_MUST
#if defined(__GNUC__) && !defined(TLSCONN_CDEF)
#define TLSCONN_MUST __attribute__((warn_unused_result))
#else
#define TLSCONN_MUST
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * An X.509 certificate (RFC 5280). Reference-counted, immutable, usable from any thread.
 *
 * Its strings are UTF-8 and escaped: nothing in them can control a terminal, hide text, or
 * reverse its direction. They live as long as the certificate.
 */
typedef struct tlsconn_cert tlsconn_cert;

/**
 * A TLS connection: to a server, or from a client.
 *
 * One thread may read while another writes. tlsconn_conn_abort(), tlsconn_conn_question() and
 * tlsconn_conn_error() may be called from any thread. Free a connection only after every other
 * call with it has returned. Creating one does not touch the network: the first handshake, read
 * or write connects, does the handshake and asks about the peer. No application data passes until
 * the peer has been verified and accepted: a server gets only the ClientHello and does not see
 * your certificate; a client gets only the server's own part of the handshake. No call raises
 * SIGPIPE.
 *
 * After fork() a connection belongs to the parent. In the child, every call that returns a
 * `tlsconn_code` returns `TLSCONN_E_FORKED`, tlsconn_conn_abort() does nothing, and
 * tlsconn_conn_free() frees the child's copy; the parent's connection keeps working.
 */
typedef struct tlsconn_conn tlsconn_conn;

/**
 * An application's trust: the authorities it believes, its own key, the peers it knows, and
 * whom to ask.
 *
 * Counted, and good for any number of threads at once. Every change is whole or did not
 * happen. A connection works with what the context was when it began, and is judged by what
 * the context is then. A context survives a fork.
 */
typedef struct tlsconn_ctx tlsconn_ctx;

/**
 * An error: what failed, and what to do about it. It never changes.
 *
 * The message names what failed, with names, paths, line numbers and dates. Errors are borrowed:
 * never free one.
 */
typedef struct tlsconn_error tlsconn_error;

/**
 * A question about a peer: a server, or a client (`TLSCONN_SITUATION_CLIENT`).
 *
 * Counted, good for any number of threads, and it outlives its connection. Connections that
 * would ask the same share one question and give the same pointer, so that twenty parallel
 * connections make one dialog. The peer has proven that it holds the key of its
 * certificate; nothing but the first hello has been sent to a server, and no application data
 * to or from a client. What is asked of a question is borrowed from it.
 */
typedef struct tlsconn_question tlsconn_question;

/* ---------- Results ---------- */

/**
 * What a call came to: 0 it is done; below 0 it failed, and tlsconn_last_error() has the words;
 * above 0 it did not fail, but is not done yet or, with `TLSCONN_EOF`, has come to the end.
 *
 * A number is never changed and never used again, so it may be stored. Any release may
 * bring new ones: give every `switch` a `default`.
 */
typedef enum {
    /**
     * The call did what its text says.
     */
    TLSCONN_OK = 0,
    /**
     * Not yet: call again once the peer has sent something. See tlsconn_conn_poll().
     */
    TLSCONN_WANT_READ = 1,
    /**
     * Not yet: call again once there is room for bytes to the peer.
     */
    TLSCONN_WANT_WRITE = 2,
    /**
     * Not yet: there is a question, see tlsconn_conn_question(). Call again once it is
     * answered; tlsconn_conn_poll() wakes then.
     */
    TLSCONN_WANT_ANSWER = 3,
    /**
     * The peer said, by the closing alert of TLS, that it sends no more.
     */
    TLSCONN_EOF = 4,
    /**
     * The call itself was wrong: a NULL, a length, a number out of range. A bug in the
     * caller.
     */
    TLSCONN_E_INVALID = -1,
    /**
     * Memory, descriptors or threads of the process ran out.
     */
    TLSCONN_E_NOMEM = -2,
    /**
     * The call does not fit the state that the object is in, such as a write after
     * tlsconn_conn_shutdown().
     */
    TLSCONN_E_STATE = -3,
    /**
     * A callback made a call that would have to wait for that very callback.
     */
    TLSCONN_E_REENTRANT = -4,
    /**
     * Another thread is using the same direction of the connection.
     */
    TLSCONN_E_BUSY = -5,
    /**
     * The question was answered before.
     */
    TLSCONN_E_STALE = -6,
    /**
     * The process was forked after the object was made, and the object does not survive that.
     */
    TLSCONN_E_FORKED = -7,
    /**
     * This build, or this platform, cannot do it.
     */
    TLSCONN_E_UNSUPPORTED = -8,
    /**
     * There is no such thing to remove or to look at.
     */
    TLSCONN_E_NOT_FOUND = -9,
    /**
     * A bug in libtlsconn. Every object may still be given up.
     */
    TLSCONN_E_INTERNAL = -99,
    /**
     * The operating system failed to move bytes; the message has its words.
     */
    TLSCONN_E_IO = -100,
    /**
     * The host name has no address.
     */
    TLSCONN_E_RESOLVE = -101,
    /**
     * No address of the host let us in; the message has the words for each.
     */
    TLSCONN_E_CONNECT = -102,
    /**
     * A deadline passed, see TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS and TLSCONN_OPT_IO_TIMEOUT_MS.
     */
    TLSCONN_E_TIMEOUT = -103,
    /**
     * The connection was aborted by tlsconn_conn_abort().
     */
    TLSCONN_E_CANCELLED = -104,
    /**
     * The stream ended without the closing alert of TLS (RFC 8446, section 6.1): what came
     * may not be all.
     */
    TLSCONN_E_TRUNCATED = -105,
    /**
     * The peer hung up while the question about it was open. An answer that lasts is kept.
     */
    TLSCONN_E_PEER_GONE = -106,
    /**
     * A file or directory cannot be read; the message has the system's words.
     */
    TLSCONN_E_FILE = -200,
    /**
     * Others may read a private key, or may write what must be ours.
     */
    TLSCONN_E_PERMISSION = -201,
    /**
     * The PEM text does not parse, or holds nothing of the kind asked for.
     */
    TLSCONN_E_PARSE = -202,
    /**
     * A key is encrypted, and there was no passphrase or not the right one.
     */
    TLSCONN_E_PASSPHRASE = -203,
    /**
     * The own key and the own certificate do not belong together.
     */
    TLSCONN_E_KEY_MISMATCH = -204,
    /**
     * There is no authority where one is required.
     */
    TLSCONN_E_NO_CA = -205,
    /**
     * Half of an own pair: a certificate without its key, or the reverse.
     */
    TLSCONN_E_NO_KEY = -206,
    /**
     * A file holds an older revocation list than the one in force, which stays.
     */
    TLSCONN_E_CRL_ROLLBACK = -207,
    /**
     * A file is larger than any honest one of its kind.
     */
    TLSCONN_E_TOO_BIG = -208,
    /**
     * The peer's certificate has problems; tlsconn_error_problems() has them all.
     */
    TLSCONN_E_CERT = -300,
    /**
     * The peer's certificate, or one above it, is revoked.
     */
    TLSCONN_E_CERT_REVOKED = -301,
    /**
     * The peer shows another certificate than the one that is known.
     */
    TLSCONN_E_CERT_CHANGED = -302,
    /**
     * The peer is a stranger, and strangers are refused.
     */
    TLSCONN_E_CERT_UNKNOWN = -303,
    /**
     * The peer's certificate, or a key in its chain, is marked distrusted.
     */
    TLSCONN_E_CERT_DISTRUSTED = -304,
    /**
     * The user, or the application for the user, said no.
     */
    TLSCONN_E_REJECTED = -400,
    /**
     * There is a question and nobody to ask.
     */
    TLSCONN_E_NO_VALIDATOR = -401,
    /**
     * The question was not answered in time, see TLSCONN_OPT_ANSWER_TIMEOUT_MS.
     */
    TLSCONN_E_ANSWER_TIMEOUT = -402,
    /**
     * A store of known servers or known clients cannot be read or written, or is damaged.
     */
    TLSCONN_E_STORE = -403,
    /**
     * Another process holds a store of known servers or known clients.
     */
    TLSCONN_E_STORE_LOCKED = -404,
    /**
     * The peer does not speak TLS as it should, or we have nothing in common.
     */
    TLSCONN_E_PROTOCOL = -500,
    /**
     * The peer ended the connection with an alert; the message names it.
     */
    TLSCONN_E_ALERT = -501,
    /**
     * The peer refused our certificate, or wanted one and we have none.
     */
    TLSCONN_E_PEER_REJECTED_US = -502,
    /**
     * A client came without the certificate that it needs.
     */
    TLSCONN_E_NO_CLIENT_CERT = -503,
    /**
     * A client is not on the list of those that may come.
     */
    TLSCONN_E_NOT_ALLOWED = -504,
    /**
     * There is no application protocol that both sides speak (RFC 7301).
     */
    TLSCONN_E_ALPN = -505,
} tlsconn_code;

/* ---------- Problems ---------- */

/**
 * What is wrong with a peer: bits, all of them at once.
 *
 * The judgement never stops at the first problem. A bit is never changed and never used
 * again; any release may bring new ones.
 */
typedef enum {
    /**
     * No path leads to an authority of the context.
     */
    TLSCONN_P_UNKNOWN_ISSUER = 1,
    /**
     * The certificate is signed by its own key.
     */
    TLSCONN_P_SELF_SIGNED = 2,
    /**
     * The certificate is for other names (RFC 9525).
     */
    TLSCONN_P_NAME_MISMATCH = 4,
    /**
     * The certificate has no subject alternative names.
     */
    TLSCONN_P_NO_SAN = 8,
    /**
     * The certificate, or one above it, has ended.
     */
    TLSCONN_P_EXPIRED = 16,
    /**
     * The certificate, or one above it, is not valid yet.
     */
    TLSCONN_P_NOT_YET_VALID = 32,
    /**
     * Key usage or extended key usage forbid this use (RFC 5280, 4.2.1.3 and 4.2.1.12).
     */
    TLSCONN_P_WRONG_PURPOSE = 64,
    /**
     * The peer shows a certificate that is an authority.
     */
    TLSCONN_P_CA_AS_LEAF = 128,
    /**
     * A key is too short.
     */
    TLSCONN_P_WEAK_KEY = 256,
    /**
     * A signature's algorithm is broken, or none that we can compute.
     */
    TLSCONN_P_WEAK_SIGNATURE = 512,
    /**
     * A certificate is of a version before 3.
     */
    TLSCONN_P_OLD_VERSION = 1024,
    /**
     * Basic constraints, path length, name constraints or an unknown critical extension.
     */
    TLSCONN_P_CONSTRAINT = 2048,
    /**
     * A revocation list is wanted, and there is none that counts.
     */
    TLSCONN_P_CRL_MISSING = 4096,
    /**
     * The newest revocation list is past its next update.
     */
    TLSCONN_P_CRL_EXPIRED = 8192,
    /**
     * A rule of form that public authorities keep.
     */
    TLSCONN_P_FORM = 16384,
    /**
     * Revoked. This and all that follow can never be overridden, by no answer and no policy.
     */
    TLSCONN_P_REVOKED = 65536,
    /**
     * A self-signed certificate, or the handshake, has a signature that does not verify.
     */
    TLSCONN_P_BAD_SIGNATURE = 131072,
    /**
     * What was shown is no certificate.
     */
    TLSCONN_P_BAD_ENCODING = 262144,
    /**
     * Marked distrusted, by certificate or by key.
     */
    TLSCONN_P_DISTRUSTED = 524288,
} tlsconn_problem;

/**
 * The version of the library, such as `0.1.0`. The string lives as long as the process. Any
 * thread.
 */
TLSCONN_API const char *tlsconn_version(void);

/**
 * The name of a problem as it stands in trusted.pem, such as `expired`.
 *
 * `one_problem` is one bit of `tlsconn_problem`. The string lives as long as the process; it
 * is empty for what is no bit, or more than one. Any thread.
 */
TLSCONN_API
const char *tlsconn_problem_name(int one_problem);

/* ---------- Errors ---------- */

/**
 * Get the last error of the calling thread.
 *
 * Never NULL: before the first failure its code is `TLSCONN_OK` and its message is empty. It
 * lives until the next failure on this thread. Success does not clear it, so look at it only
 * after a call has failed. Do not use it on another thread.
 */
TLSCONN_API
const tlsconn_error *tlsconn_last_error(void);

/**
 * Get the code of an error: one of `TLSCONN_E_*`, or `TLSCONN_OK` if nothing has failed or
 * `error` is NULL. Any thread.
 */
TLSCONN_API int tlsconn_error_code(const tlsconn_error *error);

/**
 * Get the message of an error: one English sentence that says what failed, UTF-8, escaped and
 * without a full stop. It lives as long as `error`, and is empty if `error` is NULL. Any thread.
 */
TLSCONN_API
const char *tlsconn_error_message(const tlsconn_error *error);

/**
 * Get a hint on what to do about an error: one English sentence; empty if there is none or
 * `error` is NULL. It lives as long as `error`. Any thread.
 */
TLSCONN_API const char *tlsconn_error_hint(const tlsconn_error *error);

/**
 * Get all problems of the peer's certificate as bits of `tlsconn_problem`; 0 if the error is not
 * about a certificate or `error` is NULL. Any thread.
 */
TLSCONN_API
uint32_t tlsconn_error_problems(const tlsconn_error *error);

/* ---------- Callbacks ---------- */

/**
 * Asks the user about a peer; tlsconn_question_situation() says whether it is a client.
 *
 * It runs on the thread that called the library, with no lock held. It may call the library, but
 * not use the connection in question: such a call returns `TLSCONN_E_REENTRANT`. `question` is
 * borrowed; to keep it after the callback returns, use tlsconn_question_ref(). Return one of
 * `tlsconn_answer`. With `TLSCONN_ANSWER_LATER`, any thread can give the answer later by
 * tlsconn_question_answer(); a blocking connection waits for it. Any other number rejects. The
 * answer is checked against the settings of the context at the time it is given. The callback
 * must return: no `longjmp`, no C++ exception.
 */
typedef int (*tlsconn_validator_fn)(tlsconn_question *question, void *userdata);

/**
 * Frees the userdata of a callback.
 *
 * Called once, after the last connection, question or context that uses the callback is gone, on
 * the thread that released it, with no lock held. Like every callback it must return: no
 * `longjmp`, no C++ exception.
 */
typedef void (*tlsconn_destroy_fn)(void *userdata);

/**
 * Asks for the passphrase of an encrypted key.
 *
 * `what` names the key, and lives until the callback returns. `attempt` counts from 1: after a
 * wrong passphrase the callback is called again, three times in all. Write the passphrase to
 * `buf`, at most `size` bytes, without a NUL, and return its length in bytes. A number below 0 or
 * above `size` cancels. The buffer is wiped afterwards. The callback runs on the thread that
 * called the library, with no lock held, and may call the library.
 */
typedef int (*tlsconn_passphrase_fn)(const char *what,
                                     uint32_t attempt,
                                     char *buf,
                                     size_t size,
                                     void *userdata);

/* ---------- Contexts ---------- */

/**
 * The five kinds of PEM material (RFC 7468).
 */
typedef enum {
    /**
     * Certificates of authorities. A server's own certificate belongs to
     * `TLSCONN_MAT_TRUSTED_PEER`: here it would be believed for whatever it names.
     */
    TLSCONN_MAT_CA = 10,
    /**
     * Certificate revocation lists.
     */
    TLSCONN_MAT_CRL = 11,
    /**
     * The own private key: PKCS#8, PKCS#1 or SEC1, encrypted PKCS#8 with a passphrase.
     */
    TLSCONN_MAT_KEY = 12,
    /**
     * The own certificate, followed by the intermediates that lead to its authority.
     */
    TLSCONN_MAT_CERT = 13,
    /**
     * Certificates of servers, and with `Role: client` of clients, that are known without an
     * authority, in the form of trusted.pem.
     */
    TLSCONN_MAT_TRUSTED_PEER = 14,
} tlsconn_material;

/**
 * Sets of files with known names in a directory.
 */
typedef enum {
    /**
     * ca/cert.pem, ca/ca-crl.pem, client/cert.pem, client/key.pem and, as the stores of known
     * servers and of known clients, server/trusted.pem and client/trusted.pem; by itself in
     * $TLSCONN_DIR, else in $HOME/.pki/tlsconn.
     */
    TLSCONN_LAYOUT_TLSCONN = 20,
    /**
     * libvirt's client files: cacert.pem, cacrl.pem, clientcert.pem and clientkey.pem in one
     * directory (libvirt's pkipath); by itself where libvirt looks for them.
     */
    TLSCONN_LAYOUT_LIBVIRT = 21,
    /**
     * The same with libvirt's servercert.pem and serverkey.pem.
     */
    TLSCONN_LAYOUT_LIBVIRT_SERVER = 22,
    /**
     * docker's ca.pem, cert.pem and key.pem; by itself in $HOME/.docker.
     */
    TLSCONN_LAYOUT_DOCKER = 23,
    /**
     * QEMU's ca-cert.pem, ca-crl.pem, client-cert.pem and client-key.pem; has no place by
     * itself.
     */
    TLSCONN_LAYOUT_QEMU = 24,
} tlsconn_layout;

/**
 * Make a context that trusts nobody and knows nobody.
 *
 * As long as no validator is set, the word of an authority that is added is enough, and nobody
 * is asked.
 * Never NULL. It is yours: give it up with tlsconn_ctx_unref(). Any thread.
 */
TLSCONN_API
tlsconn_ctx *tlsconn_ctx_new(void);

/**
 * Take one more reference.
 *
 * Returns `ctx`, and NULL for NULL. The reference is yours: give it up with
 * tlsconn_ctx_unref(). Any thread.
 */
TLSCONN_API tlsconn_ctx *tlsconn_ctx_ref(tlsconn_ctx *ctx);

/**
 * Give up a reference. NULL is allowed and does nothing.
 *
 * Connections go on with what they hold. Any thread; a callback's userdata may be destroyed
 * on it.
 */
TLSCONN_API void tlsconn_ctx_unref(tlsconn_ctx *ctx);

/**
 * The context of the process, which the functions of the 2007 proposal fill.
 *
 * Never NULL, and always the same. It is borrowed: never give it up. Any thread.
 */
TLSCONN_API tlsconn_ctx *tlsconn_ctx_default(void);

/**
 * Add material from a PEM text in memory.
 *
 * `material` is one of `tlsconn_material`. `pem` is `len` bytes, needs no NUL at its end, and
 * is copied. Text around the PEM blocks is ignored; blocks that do not parse are not. What is
 * added stands beside what is there. An own certificate and its key may come in any order,
 * and replace the pair in use once both are there. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_PARSE` when `pem` holds nothing of this kind, or a block
 * that does not parse; `TLSCONN_E_PASSPHRASE` when a key is encrypted and no passphrase, or
 * none that fits, was given (see tlsconn_ctx_set_passphrase()); `TLSCONN_E_CERT` when an own
 * certificate has ended, has not begun or is not meant for TLS, and, with
 * `TLSCONN_PROFILE_LIBVIRT`, when own certificate and authorities are none that libvirt would
 * start with; `TLSCONN_E_INVALID` when `ctx` or `pem` is NULL, `len` is no length, or
 * `material` is none. On failure the context is as it was.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add(tlsconn_ctx *ctx,
                    int material,
                    const void *pem,
                    size_t len);

/**
 * Add material from a PEM file, which tlsconn_ctx_reload() looks at again.
 *
 * `material` is one of `tlsconn_material`; `path` is any bytes up to a NUL. Any thread.
 *
 * Returns what tlsconn_ctx_add() returns, with file and line in the message; and
 * `TLSCONN_E_FILE` when the file cannot be read or is none (a directory, a FIFO, a device);
 * `TLSCONN_E_TOO_BIG`; `TLSCONN_E_PERMISSION` when others may read a private key;
 * `TLSCONN_E_NOMEM`; `TLSCONN_E_INVALID` when `ctx` or `path` is NULL, `path` is empty, or
 * `material` is none. On failure the context is as it was.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_file(tlsconn_ctx *ctx,
                         int material,
                         const char *path);

/**
 * Add every PEM file of a directory, which tlsconn_ctx_reload() lists again.
 *
 * `material` is one of `tlsconn_material`; `dir` is any bytes up to a NUL. Files count by their
 * ending (.pem, .crt, .cer, .crl, .key), in the order of their names; directories inside are
 * not entered. Any thread.
 *
 * Returns what tlsconn_ctx_add_file() returns for the first file that cannot be taken, and
 * `TLSCONN_E_PARSE` when there is no such file; `TLSCONN_E_FILE` when `dir` is no directory
 * that can be read; `TLSCONN_E_INVALID` when `ctx` or `dir` is NULL, `dir` is empty, or
 * `material` is none. On failure the context is as it was.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_dir(tlsconn_ctx *ctx,
                        int material,
                        const char *dir);

/**
 * Add the files of a layout.
 *
 * `layout` is one of `tlsconn_layout`; `dir` is its directory, or NULL for the place that the
 * layout has by itself. Only the authority is required. The directories server/
 * and client/ of `TLSCONN_LAYOUT_TLSCONN` are made with mode 0700 where they are missing; where
 * one cannot be made there is no known file in it. Any thread.
 *
 * Returns what tlsconn_ctx_add_file() returns; and `TLSCONN_E_NO_CA` when the authority, or any
 * place to look for it such as `$HOME`, is missing; `TLSCONN_E_NO_KEY` when a certificate has
 * no key, or the reverse; `TLSCONN_E_KEY_MISMATCH` when they do not belong together;
 * `TLSCONN_E_STORE` and `TLSCONN_E_PERMISSION` as tlsconn_ctx_set_known_file() returns them;
 * `TLSCONN_E_INVALID` when `ctx` is NULL, `layout` is none, `dir` is empty, or `dir` is NULL
 * and the layout has no place by itself. On failure the context is as it was.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_layout(tlsconn_ctx *ctx,
                           int layout,
                           const char *dir);

/**
 * Believe the authorities that the operating system trusts.
 *
 * They are read now, and not looked at again. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_NO_CA` when the system has none; `TLSCONN_E_INVALID` when
 * `ctx` is NULL.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_system_roots(tlsconn_ctx *ctx);

/**
 * Name the store of known servers: the file that `TLSCONN_ALLOW_ALWAYS` writes.
 *
 * `path` may not exist yet; its directory must. File and directory must be yours or root's,
 * and nobody else may write them. The file is PEM with lines of text above each block, and
 * other processes may change it at any time. A store that was named before is left. Any
 * thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_STORE` when the file is damaged, with the line, when it
 * cannot be read, and when its directory is missing; `TLSCONN_E_PERMISSION` when others may
 * write it or its directory; `TLSCONN_E_INVALID` when `ctx` or `path` is NULL, or `path` names
 * no file, or that of known clients. On failure the context is as it was.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_known_file(tlsconn_ctx *ctx,
                               const char *path);

/**
 * Look at every file again, and take what has changed.
 *
 * Cheap enough to be called before each connection: one look at the times of each file.
 * Authorities, own certificate and key, and trusted servers change together or not at all. A
 * revocation list, a file of a directory, a pair of tlsconn_ctx_add_server_pair() or the secret of
 * tickets that cannot be taken is named, and what it held stays in force, while the others are
 * taken: of a pair both files or neither. A file that disappeared is a failure, and what it
 * held stays in force too; but an authority whose file disappeared from a directory given to
 * tlsconn_ctx_add_dir() is forgotten. Any thread.
 *
 * Returns `TLSCONN_OK`; what tlsconn_ctx_add_file() returns for the first file that cannot be
 * taken; `TLSCONN_E_KEY_MISMATCH` and `TLSCONN_E_NO_KEY` when a certificate and its key do not
 * match any more, or one of them is gone, and the old pair stays; `TLSCONN_E_CRL_ROLLBACK` when
 * a file holds, in place of an issuer's revocation list, none, an older one, one about fewer
 * certificates, or one that another key signed than the authority's that is still here;
 * `TLSCONN_E_BUSY` when another thread changed the context meanwhile: call again;
 * `TLSCONN_E_INVALID` when `ctx` is NULL.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_reload(tlsconn_ctx *ctx);

/**
 * Add a pattern to the list of clients that may come, by distinguished name.
 *
 * `pattern` is NUL-terminated UTF-8, copied; NULL sets an empty list in place of whatever was
 * added, which admits nobody. As long as this was never called there is no list. In a pattern
 * `*` stands for any characters, `?` for one character, everything else for itself. A
 * character that the name has escaped counts as one, its backslash included: `*`, `?` and the
 * same two characters fit it, a plain `,` or `+` does not. It is compared, letter case
 * included, with the whole name in the order of its encoding, escaped as GnuTLS does it:
 * `C=GB,O=Lab,CN=alice`, as libvirt's tls_allowed_dn_list and virt-pki-query-dn have it.
 * (certtool and openssl show the order reversed, or other escapes; the hint of an error shows
 * the pattern to add.)
 *
 * The list counts for peers of `TLSCONN_ROLE_CLIENT`, known ones included: whatever vouches
 * for a client, its name must fit a pattern. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, or `pattern` is empty or no
 * UTF-8. On failure the context is as it was.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_allow_dn(tlsconn_ctx *ctx,
                         const char *pattern);

/**
 * Set whom to ask about peers, in place of whoever was set before.
 *
 * About clients it is asked only where `TLSCONN_OPT_ON_CLIENT` is ASK. `fn` may be NULL: then
 * nobody is asked, and once somebody was set, servers that are strangers are refused rather than
 * admitted. `userdata` is passed to `fn`; `destroy`, which may be NULL, gets it
 * when nothing uses it any more. With `fn` NULL both are ignored. Connections that are
 * waiting for an answer go on waiting. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, and `userdata` stays yours.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_validator(tlsconn_ctx *ctx,
                              tlsconn_validator_fn fn,
                              void *userdata,
                              tlsconn_destroy_fn destroy);

/**
 * Set whom to ask for the passphrases of encrypted keys, in place of whoever was set before.
 *
 * It counts for keys that are added or reloaded from now on, and is called on the thread that
 * adds or reloads. `fn` may be NULL: then encrypted keys cannot be added. `userdata` and
 * `destroy` are as for tlsconn_ctx_set_validator(). Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, and `userdata` stays yours.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_passphrase(tlsconn_ctx *ctx,
                               tlsconn_passphrase_fn fn,
                               void *userdata,
                               tlsconn_destroy_fn destroy);

/* ---------- Options ---------- */

/**
 * What an application may choose, each with what holds where it chooses nothing.
 */
typedef enum {
    /**
     * A `tlsconn_policy` for strangers that an authority vouches for. AUTO asks the
     * validator, and where none was ever set the authority decides.
     */
    TLSCONN_OPT_ON_NEW = 200,
    /**
     * A `tlsconn_policy` for known servers with another certificate. AUTO refuses. Not ALLOW.
     */
    TLSCONN_OPT_ON_CHANGED = 201,
    /**
     * A `tlsconn_policy` for known servers with a new certificate for their old key, from an
     * authority. AUTO admits, and replaces the entry once the connection is open.
     */
    TLSCONN_OPT_ON_RENEWED = 202,
    /**
     * A `tlsconn_policy` for strangers whose certificate has any problem: no authority vouches
     * for it, or it has ended, or is for another name. AUTO refuses; ASK is trust on first use,
     * as ssh has it. Not ALLOW.
     */
    TLSCONN_OPT_ON_UNTRUSTED = 203,
    /**
     * A `tlsconn_policy` for known servers with a problem that was not accepted with them.
     * AUTO asks the validator, and refuses where there is none. Not ALLOW.
     */
    TLSCONN_OPT_ON_NEW_PROBLEM = 204,
    /**
     * A `tlsconn_policy` for clients that nothing vouches for: they are in no directory of
     * clients, and from no authority that counts. AUTO refuses; ASK asks, and an answer that
     * lasts makes the client a known one. While 64 such questions are open, more strangers end
     * with `TLSCONN_E_NOMEM`. Not ALLOW.
     */
    TLSCONN_OPT_ON_CLIENT = 205,
    /**
     * A `tlsconn_client_auth`: whether a server asks its clients for a certificate. Default
     * REQUIRED.
     */
    TLSCONN_OPT_CLIENT_AUTH = 210,
    /**
     * A `tlsconn_send_cert`: when the own certificate is sent. Default MATCHING.
     */
    TLSCONN_OPT_SEND_CLIENT_CERT = 211,
    /**
     * A `tlsconn_crl_mode`. Default IF_PRESENT.
     */
    TLSCONN_OPT_CRL_MODE = 212,
    /**
     * For how many seconds a revocation list counts after its next update. Default 0.
     */
    TLSCONN_OPT_CRL_GRACE_S = 213,
    /**
     * A `tlsconn_profile`. Default STRICT.
     */
    TLSCONN_OPT_PROFILE = 214,
    /**
     * The time to judge at, in seconds since 1970; -1, the default, is the system's clock.
     */
    TLSCONN_OPT_VERIFY_TIME = 215,
    /**
     * A `tlsconn_tls_version`: the oldest that is spoken. Default TLS 1.2.
     */
    TLSCONN_OPT_MIN_VERSION = 216,
    /**
     * A `tlsconn_tls_version`: the newest that is spoken. Default TLS 1.3.
     */
    TLSCONN_OPT_MAX_VERSION = 217,
    /**
     * 1, the default: sessions with servers are resumed (RFC 8446, 2.2), each only as long as
     * the decision that admitted the server stands. 0: never. `TLSCONN_OPT_TICKETS` is for
     * sessions with clients.
     */
    TLSCONN_OPT_RESUMPTION = 218,
    /**
     * How many milliseconds, 1 or more, dialling and handshake may take together, without the
     * time that an answer takes; -1: for ever. Default 60000.
     */
    TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS = 219,
    /**
     * How many milliseconds, 1 or more, a question may stay open; -1: for ever. Default 600000.
     */
    TLSCONN_OPT_ANSWER_TIMEOUT_MS = 220,
    /**
     * How many milliseconds, 1 or more, a blocking read, write or shutdown may wait; -1, the
     * default: for ever.
     */
    TLSCONN_OPT_IO_TIMEOUT_MS = 221,
    /**
     * How many milliseconds a handshake of TLS 1.3 waits, where our certificate was sent, for
     * the server to go on or to refuse it. 0, the default: it does not wait, and the first
     * read tells.
     */
    TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS = 222,
    /**
     * A `tlsconn_identity`: which part of a client's certificate is its identity. Default CN.
     */
    TLSCONN_OPT_IDENTITY_FROM = 223,
    /**
     * 1: authorities vouch for clients beside the directory that tlsconn_ctx_set_client_dir()
     * names. Default 0: where there is a directory they do not.
     */
    TLSCONN_OPT_DIR_AND_CA = 224,
    /**
     * 1: a server gives its clients tickets to resume their sessions with (RFC 8446, 2.2). A
     * ticket is good for six hours, only as long as nothing has changed that decides who is let
     * in, and whoever brings one is judged again. Default 0: none, for some clients break on
     * them.
     */
    TLSCONN_OPT_TICKETS = 225,
    /**
     * A string: application protocols (RFC 7301), the favourite first, separated by commas
     * without blanks. Default empty: none is offered; a server takes whatever comes.
     */
    TLSCONN_OPT_ALPN = 250,
    /**
     * A string: a file, made with mode 0600, to which the secrets of every connection are
     * written for debugging. Whoever reads it reads the traffic. Default empty: none.
     */
    TLSCONN_OPT_KEYLOG_FILE = 251,
    /**
     * A string: a file with a secret of 32 random bytes or more, from which the keys of tickets
     * are made, so that processes which name the same file resume each other's sessions. It is
     * refused where others may read it, and tlsconn_ctx_reload() looks at it again. Default
     * empty: a secret of this process.
     */
    TLSCONN_OPT_TICKET_SECRET_FILE = 252,
} tlsconn_option;

/**
 * What to do in a situation.
 */
typedef enum {
    /**
     * What the option's text says.
     */
    TLSCONN_POLICY_AUTO = 60,
    /**
     * Refuse.
     */
    TLSCONN_POLICY_REFUSE = 61,
    /**
     * Ask. Without a validator a non-blocking connection returns `TLSCONN_WANT_ANSWER`, and a
     * blocking one `TLSCONN_E_NO_VALIDATOR`.
     */
    TLSCONN_POLICY_ASK = 62,
    /**
     * Admit; only for servers that an authority vouches for.
     */
    TLSCONN_POLICY_ALLOW = 63,
} tlsconn_policy;

/**
 * What revocation lists are for.
 */
typedef enum {
    /**
     * They are not looked at.
     */
    TLSCONN_CRL_OFF = 40,
    /**
     * An issuer for which any list was given must have one that is verified and fresh.
     */
    TLSCONN_CRL_IF_PRESENT = 41,
    /**
     * Every issuer must have one that is verified and fresh.
     */
    TLSCONN_CRL_REQUIRED = 42,
} tlsconn_crl_mode;

/**
 * How strictly a chain is read.
 */
typedef enum {
    /**
     * RFC 5280 and RFC 9525.
     */
    TLSCONN_PROFILE_STRICT = 70,
    /**
     * What libvirt's own TLS code accepts and refuses, so that a PKI made for libvirt works.
     * An own certificate is held against the authorities and against libvirt's rules whenever
     * one of the three changes: add it after the authority that issued it.
     */
    TLSCONN_PROFILE_LIBVIRT = 71,
    /**
     * STRICT, and what public authorities promise and home-made ones lack:
     * `TLSCONN_P_FORM`.
     */
    TLSCONN_PROFILE_PEDANTIC = 72,
} tlsconn_profile;

/**
 * When the own certificate is sent to a server that asks for one.
 */
typedef enum {
    /**
     * Where the server names no authorities, or one of our chain.
     */
    TLSCONN_SEND_CERT_MATCHING = 180,
    /**
     * To every server that asks.
     */
    TLSCONN_SEND_CERT_ALWAYS = 181,
    /**
     * To none.
     */
    TLSCONN_SEND_CERT_NEVER = 182,
} tlsconn_send_cert;

/**
 * Whether a server asks its clients for a certificate.
 */
typedef enum {
    /**
     * It does not.
     */
    TLSCONN_CLIENT_AUTH_NONE = 30,
    /**
     * It asks, and lets clients in that have none: they have no identity. Where there is a
     * list of those who may come they are refused.
     */
    TLSCONN_CLIENT_AUTH_OPTIONAL = 31,
    /**
     * It refuses clients without one.
     */
    TLSCONN_CLIENT_AUTH_REQUIRED = 32,
} tlsconn_client_auth;

/**
 * Which part of a client's certificate is its identity: there must be exactly one, not empty,
 * without control characters and without a blank at its ends.
 */
typedef enum {
    /**
     * The common name of the subject.
     */
    TLSCONN_IDENTITY_CN = 80,
    /**
     * The DNS name of the subject alternative names.
     */
    TLSCONN_IDENTITY_SAN_DNS = 81,
    /**
     * The e-mail address of the subject alternative names.
     */
    TLSCONN_IDENTITY_SAN_EMAIL = 82,
    /**
     * The whole subject, such as `C=GB,O=Lab,CN=alice`: in the order of the encoding, values
     * escaped as GnuTLS prints them.
     */
    TLSCONN_IDENTITY_DN = 83,
    /**
     * The SHA-256 of the certificate, as pairs of hexadecimal digits.
     */
    TLSCONN_IDENTITY_SHA256 = 84,
} tlsconn_identity;

/**
 * Versions of TLS, as they stand on the wire.
 */
typedef enum {
    /**
     * TLS 1.2 (RFC 5246).
     */
    TLSCONN_TLS_1_2 = 771,
    /**
     * TLS 1.3 (RFC 8446).
     */
    TLSCONN_TLS_1_3 = 772,
} tlsconn_tls_version;

/**
 * Choose a number.
 *
 * `option` is one of the `tlsconn_option` that are no strings; `value` is what its text says.
 * It counts for connections that are made from now on; policies, profile, time and revocation
 * also for those that have not been judged yet. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, `option` is none, `value` is
 * not one of its values, or the oldest version would be newer than the newest;
 * `TLSCONN_E_CERT` when the own certificate is none for the profile. Nothing is changed then.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_int(tlsconn_ctx *ctx,
                        int option,
                        int64_t value);

/**
 * Choose a string.
 *
 * `option` is one of the `tlsconn_option` that are strings; `value` is copied, and an empty one
 * is the default. It counts for connections that are made from now on. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_FILE` when the key log cannot be written or the secret not
 * be read; `TLSCONN_E_PERMISSION` when others may read the secret; `TLSCONN_E_PARSE` and
 * `TLSCONN_E_TOO_BIG` when the file holds none;
 * `TLSCONN_E_INVALID` when `ctx` or `value` is NULL, `option` is none, or a protocol's name is
 * empty or longer than 255 bytes. On failure nothing is changed.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_str(tlsconn_ctx *ctx,
                        int option,
                        const char *value);

/* ---------- Styles of text ---------- */

/**
 * How a certificate or a question is described.
 */
typedef enum {
    /**
     * One line.
     */
    TLSCONN_STYLE_LINE = 50,
    /**
     * A few lines for a dialog: what, why, and what to do.
     */
    TLSCONN_STYLE_SUMMARY = 51,
    /**
     * Everything.
     */
    TLSCONN_STYLE_FULL = 52,
    /**
     * One JSON object (RFC 8259).
     */
    TLSCONN_STYLE_JSON = 53,
    /**
     * PEM (RFC 7468).
     */
    TLSCONN_STYLE_PEM = 54,
} tlsconn_style;

/* ---------- Questions and answers ---------- */

/**
 * Answers to a question.
 *
 * Any other number, the end of the input and a deadline reject. Zeroed memory rejects.
 */
typedef enum {
    /**
     * No. It is never stored: the question comes again.
     */
    TLSCONN_REJECT = 0,
    /**
     * Yes, for the connections that wait for this question now. One that comes later asks anew.
     */
    TLSCONN_ALLOW_ONCE = 1,
    /**
     * Yes, from now on: stored in the file of known servers, or of known clients. Without one
     * it counts as `TLSCONN_ALLOW_SESSION`.
     */
    TLSCONN_ALLOW_ALWAYS = 2,
    /**
     * Yes, until the context goes. It cannot outrank what the known file pins: there it counts
     * as `TLSCONN_ALLOW_ONCE`.
     */
    TLSCONN_ALLOW_SESSION = 3,
    /**
     * From a validator only: tlsconn_question_answer() will give the answer.
     */
    TLSCONN_ANSWER_LATER = 100,
} tlsconn_answer;

/**
 * Why there is a question.
 */
typedef enum {
    /**
     * A stranger that an authority of the context vouches for. No problems.
     */
    TLSCONN_SITUATION_NEW = 150,
    /**
     * A known server shows another certificate.
     */
    TLSCONN_SITUATION_CHANGED = 151,
    /**
     * A known server shows a new certificate for its old key, from an authority.
     */
    TLSCONN_SITUATION_RENEWED = 152,
    /**
     * A stranger whose certificate has any problem: no authority vouches for it, or it has
     * ended, or is for another name.
     */
    TLSCONN_SITUATION_UNTRUSTED = 153,
    /**
     * A known server has a problem that was not accepted with it.
     */
    TLSCONN_SITUATION_NEW_PROBLEM = 154,
    /**
     * A client wants to come in that neither the directory of clients nor an authority vouches
     * for, or a known client has a problem that was not accepted with it. Only where
     * `TLSCONN_OPT_ON_CLIENT` is ASK.
     */
    TLSCONN_SITUATION_CLIENT = 155,
} tlsconn_situation;

/**
 * A ready validator: asks on the terminal that the process belongs to.
 *
 * Give it to tlsconn_ctx_set_validator() with `userdata` NULL. It shows the summary on
 * /dev/tty, not on the standard streams, and waits there for a word; typing ahead does not
 * count. Without a terminal, at the end of the input, after three words that are none, and
 * when `question` is NULL, it rejects. tlsconn_conn_abort() does not end the wait. Any thread.
 *
 * Returns one of `tlsconn_answer`.
 */
TLSCONN_API
int tlsconn_ask_terminal(tlsconn_question *question,
                         void *userdata);

/**
 * Take one more reference, to keep a question beyond a callback or a connection.
 *
 * Returns `question`, and NULL for NULL. The reference is yours: give it up with
 * tlsconn_question_unref(). Any thread.
 */
TLSCONN_API tlsconn_question *tlsconn_question_ref(tlsconn_question *question);

/**
 * Give up a reference. NULL is allowed and does nothing. A question that nobody answers any
 * more is rejected at its connections' deadline. Any thread.
 */
TLSCONN_API void tlsconn_question_unref(tlsconn_question *question);

/**
 * Why there is a question: one of `tlsconn_situation`; 0 when `question` is NULL. Any thread.
 */
TLSCONN_API
int tlsconn_question_situation(const tlsconn_question *question);

/**
 * Everything that is wrong with the peer, bits of `tlsconn_problem`: an answer that allows
 * accepts these and no more. 0 when `question` is NULL. Any thread.
 */
TLSCONN_API uint32_t tlsconn_question_problems(const tlsconn_question *question);

/**
 * The host as it was dialled, or the verify name; never a name out of the certificate.
 *
 * UTF-8; it lives as long as `question`, and is empty when that is NULL, or about a client.
 * Any thread.
 */
TLSCONN_API const char *tlsconn_question_host(const tlsconn_question *question);

/**
 * The port that was dialled; 0 when `question` is NULL, or about a client. Any thread.
 */
TLSCONN_API int tlsconn_question_port(const tlsconn_question *question);

/**
 * The identity that a client would be granted.
 *
 * UTF-8; it lives as long as `question`, and is empty when that is NULL, or about a server.
 * Any thread.
 */
TLSCONN_API const char *tlsconn_question_identity(const tlsconn_question *question);

/**
 * What the peer shows: its own certificate at 0, then those that it sent along.
 *
 * Borrowed from `question`; NULL past the end, and when `question` is NULL. Any thread.
 */
TLSCONN_API tlsconn_cert *tlsconn_question_cert(const tlsconn_question *question, size_t i);

/**
 * The certificate that is known for the peer; NULL for strangers, and when `question` is NULL.
 *
 * Borrowed from `question`. tlsconn_question_text() has the difference in words. Any thread.
 */
TLSCONN_API
tlsconn_cert *tlsconn_question_previous(const tlsconn_question *question);

/**
 * The question in words, ready for a dialog: what, why, and what to do.
 *
 * `style` is one of `tlsconn_style`. UTF-8 and escaped: nothing in it can control a terminal.
 * It lives as long as `question`, and is empty when that is NULL or `style` is none. Any
 * thread.
 */
TLSCONN_API
const char *tlsconn_question_text(const tlsconn_question *question,
                                  int style);

/**
 * Whether an answer can be offered: 1 or 0.
 *
 * `answer` is one of `tlsconn_answer`. `TLSCONN_ALLOW_ALWAYS` needs a file of known
 * servers, or of known clients;
 * `TLSCONN_ALLOW_SESSION` cannot outrank one. 0 when `question` is NULL or `answer` is none.
 * Any thread.
 */
TLSCONN_API
int tlsconn_question_allows(const tlsconn_question *question,
                            int answer);

/**
 * Answer.
 *
 * `answer` is one of `tlsconn_answer`; what is none rejects. The first answer wins. Every
 * connection that waits is woken, and judged again with the answer: what came up since is
 * not covered by it. Where no connection waits any more, an answer that lasts is recorded all
 * the same. Any thread, the validator's own included.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_STALE` when it was answered before; `TLSCONN_E_FORKED` in
 * a child process; `TLSCONN_E_STORE`, `TLSCONN_E_STORE_LOCKED` and `TLSCONN_E_PERMISSION` when
 * the answer had to be stored at once and could not: it counts until the context goes then;
 * `TLSCONN_E_CERT_CHANGED` when another certificate was allowed there meanwhile, which stays;
 * `TLSCONN_E_INVALID` when `question` is NULL or `answer` is `TLSCONN_ANSWER_LATER`, and the
 * question stays open.
 */
TLSCONN_API
int tlsconn_question_answer(tlsconn_question *question,
                            int answer);

/* ---------- Connections ---------- */

/**
 * How a connection behaves: bits for `flags`.
 */
typedef enum {
    /**
     * Calls do not wait. They return `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE` or
     * `TLSCONN_WANT_ANSWER`; make the same call again later.
     */
    TLSCONN_F_NONBLOCK = 1,
} tlsconn_flag;

/**
 * Create a connection to a host and port.
 *
 * `host` is a name or an IP address (IPv6 with or without brackets); `port` is 1 to 65535;
 * `flags` is 0 or bits of `tlsconn_flag`. All addresses of the host are tried, a quarter of a
 * second apart, alternating between IPv6 and IPv4 (RFC 8305). Names are looked up on a thread of
 * the library, so timeouts and tlsconn_conn_abort() work during the lookup too. `*out` is yours;
 * free it with tlsconn_conn_free(). It is NULL on failure. Any thread.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: the connection was created.
 * - `TLSCONN_E_NO_KEY`: the context has your certificate without its key, or the key without
 *   its certificate.
 * - `TLSCONN_E_KEY_MISMATCH`: your key does not belong to your certificate.
 * - `TLSCONN_E_INVALID`: a pointer is NULL, or `host`, `port` or `flags` is invalid.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_connect(tlsconn_ctx *ctx,
                    const char *host,
                    int port,
                    unsigned int flags,
                    tlsconn_conn **out);

/**
 * Create a connection over a connected stream socket, for example after STARTTLS.
 *
 * `fd` stays yours: keep it open until tlsconn_conn_free() has returned, then close it. Its flags
 * are not changed; it may be blocking or non-blocking. `host` and `port` say which server it is
 * connected to; the certificate and the known servers are checked against them. `*out`, `flags`
 * and everything else are as for tlsconn_connect(). Any thread.
 *
 * Returns what tlsconn_connect() returns, and also:
 *
 * - `TLSCONN_E_INVALID`: `fd` is not open or not a connected stream socket. For pipes and the
 *   like use tlsconn_connect_mem().
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_connect_fd(tlsconn_ctx *ctx,
                       int fd,
                       const char *host,
                       int port,
                       unsigned int flags,
                       tlsconn_conn **out);

/**
 * Expect a name other than the host.
 *
 * `name` replaces the host in SNI (RFC 6066, section 3), in the check of the certificate, in the
 * known servers, in the question and for resumed sessions. The address to connect to does not
 * change. Call it before the handshake. `name` is UTF-8 and is copied. One thread at a time.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: the name is set.
 * - `TLSCONN_E_STATE`: the handshake has started, or the peer is a client.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
 * - `TLSCONN_E_INVALID`: a pointer is NULL, or `name` is invalid.
 * - the error that ended the connection, if it has ended.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_set_verify_name(tlsconn_conn *conn,
                                 const char *name);

/**
 * Connect, do the TLS handshake, and ask about the peer if needed.
 *
 * tlsconn_conn_read() and tlsconn_conn_write() do this by themselves. One thread at a time does
 * the handshake: on a blocking connection another thread that calls waits for it. The validator
 * is called on this thread. A blocking connection waits as long as
 * `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS` and `TLSCONN_OPT_ANSWER_TIMEOUT_MS` allow. If an answer
 * should have been stored and could not be, the handshake still succeeds, and
 * tlsconn_conn_error() says what went wrong.
 *
 * Returns, without ending the connection:
 *
 * - `TLSCONN_OK`: the handshake is complete, now or before.
 * - `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE`, `TLSCONN_WANT_ANSWER`: not yet; from a
 *   non-blocking connection only.
 * - `TLSCONN_E_BUSY`: another thread is doing the handshake of a non-blocking connection.
 * - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_INVALID`: `conn` is NULL.
 *
 * Every other error ends the connection, and later calls return it again:
 *
 * - `TLSCONN_E_RESOLVE`: the host name has no address.
 * - `TLSCONN_E_CONNECT`: could not connect to any address of the host.
 * - `TLSCONN_E_IO`: the network failed.
 * - `TLSCONN_E_TIMEOUT`: the handshake timed out.
 * - `TLSCONN_E_CANCELLED`: tlsconn_conn_abort() was called.
 * - `TLSCONN_E_TRUNCATED`: the peer hung up.
 * - `TLSCONN_E_CERT`: the peer's certificate has problems and was refused.
 * - `TLSCONN_E_CERT_REVOKED`: the peer's certificate, or one of its CAs, is revoked.
 * - `TLSCONN_E_CERT_CHANGED`: the peer's certificate is not the known one.
 * - `TLSCONN_E_CERT_UNKNOWN`: the peer is unknown, and unknown peers are refused.
 * - `TLSCONN_E_CERT_DISTRUSTED`: the peer's certificate or a key in its chain is distrusted.
 * - `TLSCONN_E_NO_CLIENT_CERT`: the client sent no certificate and needs one.
 * - `TLSCONN_E_NOT_ALLOWED`: the client is on no list, has no identity, or has an identity that
 *   belongs to another client.
 * - `TLSCONN_E_REJECTED`: the answer to the question was no.
 * - `TLSCONN_E_ANSWER_TIMEOUT`: the question was not answered in time.
 * - `TLSCONN_E_NO_VALIDATOR`: there is a question and no validator to ask.
 * - `TLSCONN_E_PEER_GONE`: the peer hung up while the question was open, and it is not possible
 *   to connect to it again.
 * - `TLSCONN_E_REENTRANT`: the answer would have to come from a validator that is running on this
 *   very thread.
 * - `TLSCONN_E_STORE`, `TLSCONN_E_FILE`, `TLSCONN_E_PERMISSION`: a file of known servers or
 *   clients, or the directory of clients, cannot be read or cannot be trusted.
 * - `TLSCONN_E_PROTOCOL`: the peer does not follow the TLS protocol, or has nothing in common
 *   with us.
 * - `TLSCONN_E_ALERT`: the peer sent a fatal alert.
 * - `TLSCONN_E_ALPN`: there is no common application protocol.
 * - `TLSCONN_E_PEER_REJECTED_US`: the server refused your certificate, or wanted one and you have
 *   none.
 * - `TLSCONN_E_NOMEM`: out of memory, descriptors or threads.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_handshake(tlsconn_conn *conn);

/**
 * Read data. Does the handshake first if needed.
 *
 * Reads at most `len` bytes into `buf` and sets `*n` to their number; `*n` is set to 0 first. A
 * blocking connection waits for at least one byte. With a `len` of 0 nothing is read. One thread
 * at a time may read.
 *
 * Returns what tlsconn_conn_handshake() returns, and also:
 *
 * - `TLSCONN_OK`: `*n` bytes were read.
 * - `TLSCONN_EOF`: the peer has closed its side (close_notify, RFC 8446, section 6.1).
 * - `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE`, `TLSCONN_WANT_ANSWER`: not yet; from a
 *   non-blocking connection only.
 * - `TLSCONN_E_BUSY`: another thread is reading. Does not end the connection.
 * - `TLSCONN_E_TIMEOUT`: nothing arrived within `TLSCONN_OPT_IO_TIMEOUT_MS`. Does not end the
 *   connection.
 * - `TLSCONN_E_INVALID`: a pointer is NULL or `len` is too large. Does not end the connection.
 * - `TLSCONN_E_TRUNCATED`: the stream ended without close_notify; data may be missing.
 * - `TLSCONN_E_PEER_REJECTED_US`: a TLS 1.3 server refused your certificate after the handshake.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_read(tlsconn_conn *conn,
                      void *buf,
                      size_t len,
                      size_t *n);

/**
 * Write data. Does the handshake first if needed.
 *
 * Takes `len` bytes from `buf` and sets `*n` to the number of bytes taken. A blocking connection
 * takes all of them, and `n` may be NULL. A non-blocking one takes as many as there is room for,
 * at least one if it returns `TLSCONN_OK`; what is still buffered is sent by later calls. One
 * thread at a time may write.
 *
 * Returns what tlsconn_conn_handshake() returns, and also:
 *
 * - `TLSCONN_OK`: `*n` bytes were taken.
 * - `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE`, `TLSCONN_WANT_ANSWER`: nothing was taken yet; from
 *   a non-blocking connection only.
 * - `TLSCONN_E_STATE`: tlsconn_conn_shutdown() was called before. You can still read.
 * - `TLSCONN_E_TIMEOUT`: `TLSCONN_OPT_IO_TIMEOUT_MS` passed; some of the data may have been sent.
 * - `TLSCONN_E_BUSY`: another thread is writing. Does not end the connection.
 * - `TLSCONN_E_INVALID`: a pointer is NULL that must not be, or `len` is too large. Does not end
 *   the connection.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_write(tlsconn_conn *conn,
                       const void *buf,
                       size_t len,
                       size_t *n);

/**
 * Tell the peer that you send no more data (close_notify, RFC 8446, section 6.1). You can still
 * read.
 *
 * Counts as writing: one thread at a time.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: close_notify was sent, now or before.
 * - `TLSCONN_WANT_WRITE`: not yet; from a non-blocking connection only.
 * - `TLSCONN_E_STATE`: the handshake is not complete; nothing is sent.
 * - `TLSCONN_E_TIMEOUT`, `TLSCONN_E_BUSY`: as for tlsconn_conn_write().
 * - `TLSCONN_E_IO`: the network failed.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
 * - `TLSCONN_E_INVALID`: `conn` is NULL.
 * - the error that ended the connection, such as `TLSCONN_E_CANCELLED` after
 *   tlsconn_conn_abort().
 */
TLSCONN_API
int tlsconn_conn_shutdown(tlsconn_conn *conn);

/**
 * Find out what to wait for after a `TLSCONN_WANT_` result.
 *
 * Poll `*fd` for `*events`, for at most `*timeout_ms` milliseconds (-1: no limit; 0: do not
 * wait), then make the same call again. `*fd` belongs to the library: only poll it, or add it to
 * your own poll set. It is the same number for the connection's whole life, also while
 * connecting, while a question is open, and for connections over memory. Ask again after each
 * call, because `*events` and `*timeout_ms` change. One thread at a time.
 *
 * A server with thousands of clients can save this descriptor: if `fd` is NULL and the connection
 * uses your own descriptor, poll that one for `*events`. While a question is open `*events` is 0.
 * Then leave the descriptor out of the poll set, because poll() reports a hangup even if you do
 * not ask for it, and nothing wakes you: make the call again yourself when the question is
 * answered, the connection is aborted or the timeout has passed. If the client has gone by then,
 * the call returns `TLSCONN_E_PEER_GONE`.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: `*fd`, `*events` and `*timeout_ms` are set.
 * - `TLSCONN_E_BUSY`: another thread is doing the handshake.
 * - `TLSCONN_E_NOMEM`: out of descriptors.
 * - `TLSCONN_E_IO`: a system call failed; the message says which error.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_UNSUPPORTED`: the platform has no such descriptor.
 * - `TLSCONN_E_STATE`: `fd` is NULL and the connection does not use a descriptor of yours.
 * - `TLSCONN_E_INVALID`: another pointer is NULL.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_poll(tlsconn_conn *conn,
                      int *fd,
                      short *events,
                      int *timeout_ms);

/**
 * Make every waiting call, and every later one, return `TLSCONN_E_CANCELLED`.
 *
 * Nothing more is sent. Any thread, and also safe in a signal handler: it only sets a flag and
 * writes to a descriptor. NULL is allowed and does nothing.
 */
TLSCONN_API
void tlsconn_conn_abort(tlsconn_conn *conn);

/**
 * Free a connection. NULL is allowed and does nothing.
 *
 * Any thread, once every other call with it has returned. A connection that the library opened is
 * closed at once, without telling the peer: call tlsconn_conn_shutdown() first if the peer must
 * know that this is the end. A descriptor of yours stays open. Everything borrowed from the
 * connection becomes invalid.
 */
TLSCONN_API
void tlsconn_conn_free(tlsconn_conn *conn);

/* ---------- About a connection ---------- */

/**
 * A property of a connection, for tlsconn_conn_info().
 */
typedef enum {
    /**
     * `TLSv1.3` or `TLSv1.2`.
     */
    TLSCONN_INFO_VERSION = 110,
    /**
     * The IANA name of the cipher suite.
     */
    TLSCONN_INFO_CIPHER = 111,
    /**
     * The key exchange group, such as `X25519MLKEM768`.
     */
    TLSCONN_INFO_GROUP = 112,
    /**
     * The negotiated application protocol (ALPN, RFC 7301).
     */
    TLSCONN_INFO_ALPN = 113,
    /**
     * The expected name of the server: the verify name, or the host. An IP address is not sent to
     * the server (RFC 6066, section 3). On a server: the name that the client asked for.
     */
    TLSCONN_INFO_SNI = 114,
    /**
     * The address of the peer, such as `127.0.0.1:16514`.
     */
    TLSCONN_INFO_PEER_ADDRESS = 115,
    /**
     * The identity of an accepted client: see `TLSCONN_OPT_IDENTITY_FROM`. Empty for servers, and
     * for clients without a certificate. This is the only string that is not escaped: it is the
     * identity byte for byte, and has no control characters.
     */
    TLSCONN_INFO_PEER_IDENTITY = 116,
    /**
     * Where the client's identity comes from: `directory`, `authority` or `answer`.
     */
    TLSCONN_INFO_IDENTITY_SOURCE = 117,
    /**
     * Why the peer was accepted: `authority`, `known`, `renewed` or `answer`; for clients also
     * `directory`, and `anonymous` for one without a certificate. If several connections waited
     * for the same lasting answer, all but the first may say `known`.
     */
    TLSCONN_INFO_TRUST = 118,
    /**
     * `yes` if an earlier session was resumed, otherwise `no`.
     */
    TLSCONN_INFO_RESUMED = 119,
    /**
     * What happened with the client's certificate: `not-asked`, `sent`, `lacking` (the server
     * asked, and there is none) or `withheld` (the server named other CAs). The server cannot tell
     * `withheld` from `lacking`, and says `lacking`.
     */
    TLSCONN_INFO_CLIENT_CERT = 120,
} tlsconn_info;

/**
 * Get the open question, while calls return `TLSCONN_WANT_ANSWER`; otherwise NULL.
 *
 * Borrowed from `conn`; to keep it after tlsconn_conn_free(), use tlsconn_question_ref(). Any
 * thread.
 */
TLSCONN_API
tlsconn_question *tlsconn_conn_question(tlsconn_conn *conn);

/**
 * Get the error that ended the connection; on a working connection, an error that did not end it,
 * such as a known file that could not be written.
 *
 * Never NULL: if nothing went wrong its code is `TLSCONN_OK`. Borrowed from `conn`. Any thread.
 */
TLSCONN_API
const tlsconn_error *tlsconn_conn_error(const tlsconn_conn *conn);

/**
 * Get a property of a connection as text.
 *
 * `what` is one of `tlsconn_info`. The string is UTF-8 and escaped, and lives as long as `conn`;
 * it is empty if the property is not known yet, `conn` is NULL or `what` is invalid. Any thread.
 */
TLSCONN_API
const char *tlsconn_conn_info(const tlsconn_conn *conn,
                              int what);

/**
 * Get a certificate of the peer's chain: its own at 0, then the others that it sent. They are
 * available after the peer was refused, too.
 *
 * Borrowed from `conn`. Returns NULL past the end, before the peer has proven that it has the key,
 * and if `conn` is NULL. Any thread.
 */
TLSCONN_API
tlsconn_cert *tlsconn_conn_peer_cert(const tlsconn_conn *conn,
                                     size_t i);

/* ---------- Connections over memory ---------- */

/**
 * Create a connection whose bytes you transport yourself: over a pipe, a proxy or an event loop.
 *
 * It never waits. Pass what you receive from the peer to tlsconn_conn_mem_input(), and send what
 * tlsconn_conn_mem_output() returns. Use tlsconn_conn_handshake(), tlsconn_conn_read() and
 * tlsconn_conn_write() as on any non-blocking connection. `host` and `port` name the server.
 * `*out` is yours; free it with tlsconn_conn_free(). It is NULL on failure. Any thread.
 *
 * Returns what tlsconn_connect() returns.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_connect_mem(tlsconn_ctx *ctx,
                        const char *host,
                        int port,
                        tlsconn_conn **out);

/**
 * Pass bytes received from the peer to a connection over memory.
 *
 * `buf` is `len` bytes long and is copied; `*used` is set to the number of bytes taken. Fewer are
 * taken while enough are waiting to be processed, for example while a question is open: keep the
 * rest, and pass it again after the next read. A `len` of 0, with any `buf`, means that nothing
 * more will come. Counts as reading: one thread at a time.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: `*used` is set.
 * - `TLSCONN_E_STATE`: the connection is not over memory.
 * - `TLSCONN_E_BUSY`: another thread is doing the handshake.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
 * - `TLSCONN_E_INVALID`: a pointer is NULL that must not be, or `len` is too large.
 * - the error that ended the connection, if it has ended.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_mem_input(tlsconn_conn *conn,
                           const void *buf,
                           size_t len,
                           size_t *used);

/**
 * Get bytes from a connection over memory to send to the peer.
 *
 * Writes at most `size` bytes to `buf` and sets `*n` to their number; 0 means that there is
 * nothing to send. Call it after every other call until `*n` is 0; after a failure too, because
 * there may be an alert to send. Counts as writing: one thread at a time.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: `*n` is set.
 * - `TLSCONN_E_STATE`: the connection is not over memory.
 * - `TLSCONN_E_BUSY`: another thread is doing the handshake.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
 * - `TLSCONN_E_INVALID`: a pointer is NULL or `size` is too large.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_mem_output(tlsconn_conn *conn,
                            void *buf,
                            size_t size,
                            size_t *n);

/* ---------- The server side ---------- */

/**
 * Create the connection of a client that your program has accepted.
 *
 * The client gets the certificate of `ctx`. `TLSCONN_OPT_CLIENT_AUTH` says whether the client
 * must send one too; the CAs, the client directory, the known clients and the allow lists of the
 * context decide which clients are allowed. `fd` is a connected stream socket and stays yours:
 * keep it open until tlsconn_conn_free() has returned, then close it. Its flags are not changed;
 * it may be blocking or non-blocking. `flags` is 0 or bits of `tlsconn_flag`. This call sends
 * nothing and does not wait: the first handshake, read or write does the handshake, within
 * `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS` of that call, so a slow client never holds up the accept
 * loop. `*out` is yours; free it with tlsconn_conn_free(). It is NULL on failure. Any thread.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: the connection was created.
 * - `TLSCONN_E_NO_KEY`: the context has no certificate with its key.
 * - `TLSCONN_E_KEY_MISMATCH`: your key does not belong to your certificate.
 * - `TLSCONN_E_CERT`: your certificate is not for servers.
 * - `TLSCONN_E_INVALID`: a pointer is NULL, `flags` is invalid, or `fd` is not a connected stream
 *   socket.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_accept_fd(tlsconn_ctx *ctx,
                      int fd,
                      unsigned int flags,
                      tlsconn_conn **out);

/**
 * Create the connection of a client whose bytes you transport yourself, with
 * tlsconn_conn_mem_input() and tlsconn_conn_mem_output(). It never blocks.
 *
 * Everything else is as for tlsconn_accept_fd(). `*out` is yours; free it with
 * tlsconn_conn_free(). It is NULL on failure. Any thread.
 *
 * Returns what tlsconn_accept_fd() returns.
 */
TLSCONN_API TLSCONN_MUST int tlsconn_accept_mem(tlsconn_ctx *ctx, tlsconn_conn **out);

/**
 * Add a certificate and its key for a server name (SNI).
 *
 * `sni_pattern` is a DNS name such as `a.example`, or a wildcard such as `*.example`, where `*`
 * stands for one label (RFC 6125, 6.4.3). Upper and lower case are the same; international names
 * work too. With NULL the pair is the default, for clients that ask for no name or for a name
 * without a pair. The context's own certificate also serves these clients, and comes first; if
 * there is neither, they get the pair that was added first. An exact name wins over a wildcard.
 * If there are several pairs for a name, the first one whose key the client supports is used: add
 * an ECDSA and an RSA pair for the same name to support both. `cert_file` holds the chain in PEM,
 * the server's certificate first; `key_file` holds its key. If the key is encrypted, the
 * passphrase callback is called. tlsconn_ctx_reload() reads both files again and replaces both or
 * neither. If there is any pair, a certificate of the context that is not for servers is ignored.
 * All arguments are copied. Any thread.
 *
 * On failure the context is unchanged. Returns:
 *
 * - `TLSCONN_OK`: the pair was added.
 * - `TLSCONN_E_FILE`, `TLSCONN_E_TOO_BIG`, `TLSCONN_E_PARSE`: a file cannot be read.
 * - `TLSCONN_E_PERMISSION`: other users can read the key.
 * - `TLSCONN_E_PASSPHRASE`: the key is encrypted, and the passphrase is missing or wrong.
 * - `TLSCONN_E_KEY_MISMATCH`: the key does not belong to the certificate.
 * - `TLSCONN_E_CERT`: the certificate has expired, is not valid yet, or is not for servers.
 * - `TLSCONN_E_INVALID`: `ctx`, `cert_file` or `key_file` is NULL, or `sni_pattern` is not a
 *   valid name.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_server_pair(tlsconn_ctx *ctx,
                                const char *sni_pattern,
                                const char *cert_file,
                                const char *key_file);

/**
 * Allow the clients whose certificates are in a directory.
 *
 * The directory is read again in each handshake: a certificate that is added or removed counts
 * for the next client, without a call or a restart. The directory holds PEM files whose names end
 * in .pem, .crt or .cer, with one certificate each; it may be self-signed. An entry allows that
 * very certificate and is never a CA. Links made by tlsconn_dir_rehash() make the lookup fast, and
 * are only hints. Validity dates, distrust, CRLs and the allow lists apply to the entries too.
 * With a directory, a certificate from a CA is not enough to be allowed unless
 * `TLSCONN_OPT_DIR_AND_CA` is 1. A second call replaces the directory. `dir` is copied. Any
 * thread.
 *
 * On failure the context is unchanged. Returns:
 *
 * - `TLSCONN_OK`: the directory is set.
 * - `TLSCONN_E_FILE`: `dir` is not a directory or cannot be read.
 * - `TLSCONN_E_PERMISSION`: other users can write to it.
 * - `TLSCONN_E_INVALID`: a pointer is NULL or `dir` is empty.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_client_dir(tlsconn_ctx *ctx,
                               const char *dir);

/**
 * Set the file of known clients: those allowed by the answer `TLSCONN_ALLOW_ALWAYS`.
 *
 * It has the same format as the file of known servers, but must be another file, and holds no
 * servers. It may be missing; its directory must exist. A client has no host: an entry is for one
 * certificate, and holds the client's name. While the entry exists, no client with another key
 * gets that name. If two entries have one name and different keys, neither client is allowed;
 * remove the old entry with tlsconn_known_remove_cert(). `file` is copied. Any thread.
 *
 * Returns what tlsconn_ctx_set_known_file() returns, and also:
 *
 * - `TLSCONN_E_INVALID`: `file` is the file of known servers.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_known_client_file(tlsconn_ctx *ctx,
                                      const char *file);

/**
 * Add an identity to the list of allowed clients. NULL replaces the list with an empty one, which
 * allows nobody.
 *
 * It is compared with `TLSCONN_INFO_PEER_IDENTITY`, whole and byte for byte, without wildcards. If
 * this function is never called there is no list. `identity` is UTF-8 and is copied. Any thread.
 *
 * On failure the context is unchanged. Returns:
 *
 * - `TLSCONN_OK`: the list is changed.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL, or `identity` is empty or not UTF-8.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_allow_identity(tlsconn_ctx *ctx,
                               const char *identity);

/**
 * Check whether the peer of an open connection would still be accepted, or has been removed,
 * revoked or distrusted, or has expired.
 *
 * The peer is verified again with the current settings of the context, the files as last loaded,
 * and the client directory as it is now. Nobody is asked; an earlier answer that accepted the peer
 * still counts. The connection stays open whatever the result, and the peer is not told: free the
 * connection if you do not want it any more, or send a message of your own first. Works for
 * servers and clients. Any thread.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: the peer would be accepted, with the same identity.
 * - `TLSCONN_E_STATE`: the handshake is not complete.
 * - `TLSCONN_E_CERT`, `TLSCONN_E_CERT_REVOKED`, `TLSCONN_E_CERT_CHANGED`,
 *   `TLSCONN_E_CERT_UNKNOWN`, `TLSCONN_E_CERT_DISTRUSTED`, `TLSCONN_E_NOT_ALLOWED`,
 *   `TLSCONN_E_NO_CLIENT_CERT`: a new connection would end with this error.
 * - `TLSCONN_E_STORE`, `TLSCONN_E_FILE`, `TLSCONN_E_PERMISSION`: a file of known peers or the
 *   client directory cannot be read.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_INVALID`: `conn` is NULL.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_recheck(tlsconn_conn *conn);

/* ---------- Known peers ---------- */

/**
 * Which side of a connection somebody is on.
 */
typedef enum {
    /**
     * A server.
     */
    TLSCONN_ROLE_SERVER = 160,
    /**
     * A client.
     */
    TLSCONN_ROLE_CLIENT = 161,
} tlsconn_role;

/**
 * A peer that is known by its very certificate, or a certificate that is distrusted.
 *
 * Borrowed, and valid inside the call of `tlsconn_known_fn` only. New members come at the end.
 */
typedef struct {
    /**
     * The host, UTF-8; empty for a client, which has none, and for a server's entry without a
     * host, which is for the names in its certificate.
     */
    const char *host;
    /**
     * The port; 0: any, and for a client.
     */
    int port;
    /**
     * A `tlsconn_role`.
     */
    int role;
    /**
     * 1 for a certificate that is distrusted, else 0.
     */
    int distrusted;
    /**
     * The problems that were accepted with it, bits of `tlsconn_problem`.
     */
    uint32_t accepted;
    /**
     * When it was added, in seconds since 1970; 0: not said.
     */
    int64_t added;
    /**
     * From when on it admits nobody any more, in seconds since 1970; 0: never.
     */
    int64_t expires;
    /**
     * `user`, `admin` or `import`.
     */
    const char *origin;
    /**
     * The certificate.
     */
    tlsconn_cert *cert;
} tlsconn_known;

/**
 * Looks at one known peer. Returns 0 to go on; anything else stops. It may call the library,
 * also to set and to remove known peers.
 */
typedef int (*tlsconn_known_fn)(const tlsconn_known *known, void *userdata);

/**
 * Look at the known peers: those of the files of known servers and of known clients, of trusted
 * material and of this session.
 *
 * `host` NULL is all of them, clients, distrusted certificates and entries without a host
 * included, and `port` is not looked at; else those for this host, and, unless `port` is 0, for this port or
 * any. What is looked at is the state when the call began. `fn` is called on this thread, with
 * `userdata`, which stays yours. Any thread.
 *
 * Returns `TLSCONN_OK` after the last one; what `fn` returned where it stopped;
 * `TLSCONN_E_STORE` and `TLSCONN_E_PERMISSION` when a file cannot be read or trusted;
 * `TLSCONN_E_INVALID` when `ctx` or `fn` is NULL, or `host` or `port` is none.
 */
TLSCONN_API
int tlsconn_known_each(tlsconn_ctx *ctx,
                       const char *host,
                       int port,
                       tlsconn_known_fn fn,
                       void *userdata);

/**
 * Make a server known with this certificate, in place of whatever was known for the place.
 *
 * `host` is UTF-8; `port` is 1 to 65535; `accepted` is the problems that are accepted with it,
 * bits of `tlsconn_problem` below 0x10000. It is written to the known file; without one it
 * holds until the context goes. It lifts no distrust. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_STORE` when the known file cannot be written, and is as it
 * was; `TLSCONN_E_STORE_LOCKED` when another process holds it for too long;
 * `TLSCONN_E_PERMISSION` when others may write it; `TLSCONN_E_INVALID` when a pointer is NULL,
 * or `host`, `port` or `accepted` is none.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_set(tlsconn_ctx *ctx,
                      const char *host,
                      int port,
                      tlsconn_cert *cert,
                      uint32_t accepted);

/**
 * Forget the server at a place: the next connection meets it as a stranger.
 *
 * `host` and `port` are as for tlsconn_known_set(). Entries for any port, entries without a
 * host, trusted material and distrust stay. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_NOT_FOUND` when there is no such entry; what
 * tlsconn_known_set() returns.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_remove(tlsconn_ctx *ctx,
                         const char *host,
                         int port);

/**
 * Forget every peer that is known by this very certificate, server or client.
 *
 * It is removed from the file of known servers, from that of known clients, and from what was
 * allowed until the context goes. A client has no host, so this is how one is forgotten: its
 * next connection is a stranger's, and tlsconn_conn_recheck() says so of those that are open.
 * Trusted material and distrust stay. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_NOT_FOUND` when nobody is known by it; what
 * tlsconn_known_set() returns.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_remove_cert(tlsconn_ctx *ctx,
                              tlsconn_cert *cert);

/**
 * Mark a certificate as distrusted, or lift that mark.
 *
 * With `on` 1 it, and every certificate with its key, is refused everywhere: for any host, port
 * and role, as the peer's own or anywhere above it. Nothing lifts that but this call with
 * `on` 0. It is written to the known file, or to the file of known clients where there is no
 * other; without one it holds until the context goes. A mark in either file counts for servers
 * and clients alike, and is lifted in both. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_NOT_FOUND` when there is no mark to lift; what
 * tlsconn_known_set() returns; `TLSCONN_E_INVALID` also when `on` is neither 0 nor 1.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_distrust(tlsconn_ctx *ctx,
                           tlsconn_cert *cert,
                           int on);

/* ---------- Client directories ---------- */

/**
 * Bring the hash links of a directory up to date, as `openssl rehash` does for a new one.
 *
 * Files whose names end in `.pem`, `.crt`, `.cer` or `.crl`, in any case, and that hold one
 * certificate, with or without its key, or one revocation list, get a link; of files that hold
 * the same, the first by name. Other files are left out. New links are made before old ones go,
 * so that at every moment what could be found can be found. What is no link with a hash name is
 * never touched. Call it after files were added, removed or renamed, or when a file got a
 * certificate with another subject. It waits up to a minute for another call, in any process,
 * that is at work in the directory. Any thread.
 *
 * Returns `TLSCONN_OK`; `TLSCONN_E_FILE` when the directory cannot be read or written, or
 * another program changes its links meanwhile; `TLSCONN_E_BUSY` when another process is at
 * work there for longer than a minute; `TLSCONN_E_TOO_BIG` when more than 256 have one
 * hash, and nothing was done; `TLSCONN_E_NOMEM`; `TLSCONN_E_INVALID` when `dir` is NULL or
 * empty.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_dir_rehash(const char *dir);

/* ---------- Judging without a connection ---------- */

/**
 * Judge a chain without a connection, as one of a peer that has proven to hold its key.
 *
 * It is the judgement of connections (RFC 5280, 6125 and 9525), with the context's
 * authorities, revocation lists, known peers, profile and time, as it comes out where nobody
 * is asked and all policies are `TLSCONN_POLICY_AUTO`. `role` is the `tlsconn_role` of who
 * shows the chain. `host` is the name that a server's certificate must have; NULL: names are
 * not looked at. `port` is the host's port; 0, or `host` NULL: known servers are not looked at.
 * A client has no host: `host` and `port` are not looked at, and the chain is judged as that of
 * whoever connects, by the directory of clients, the known clients, authorities as far as they
 * count, and the lists of those who may come; it must have an identity, and one that is
 * nobody else's. `chain_pem` is `len` bytes of PEM, the peer's own certificate first, needs no NUL at its
 * end, and is not kept.
 *
 * `*problems` gets everything that is wrong, bits of `tlsconn_problem`, what was accepted with
 * a known peer included. `*why` gets a text for people: a line that begins with `!` for each
 * thing that is wrong, naming certificate, date, authority or list, then the path, a line for
 * each depth, from `0:`, the peer's own certificate, to the authority, with the revocation list
 * that was asked about it, if any was fresh. It lives until this
 * thread's next call of this function. Both may be NULL; on `TLSCONN_E_INVALID`,
 * `TLSCONN_E_PARSE` and `TLSCONN_E_STORE` they get 0 and an empty text. Any thread.
 *
 * Returns `TLSCONN_OK` when the peer would be admitted; `TLSCONN_E_CERT`,
 * `TLSCONN_E_CERT_REVOKED`, `TLSCONN_E_CERT_CHANGED` for a known host with another
 * certificate, `TLSCONN_E_CERT_UNKNOWN` for a client that nothing vouches for,
 * `TLSCONN_E_CERT_DISTRUSTED` when it would be refused; `TLSCONN_E_NOT_ALLOWED` for a client
 * that is on no list, has no identity, or has another one's, and `*problems` may be 0 then;
 * `TLSCONN_E_PARSE` when the text holds no certificate; `TLSCONN_E_STORE`, `TLSCONN_E_FILE` and
 * `TLSCONN_E_PERMISSION` when known files or directory cannot be read or trusted;
 * `TLSCONN_E_INVALID`
 * when `ctx` or `chain_pem` is NULL, `role` is none, `host` is no host, `port` is not 0 to
 * 65535, or `len` is no length.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_verify(tlsconn_ctx *ctx,
                       int role,
                       const char *host,
                       int port,
                       const void *chain_pem,
                       size_t len,
                       uint32_t *problems,
                       const char **why);

/* ---------- Certificates for people ---------- */

/**
 * A field of a certificate, for tlsconn_cert_str().
 */
typedef enum {
    /**
     * The subject, such as `C=GB,O=Lab,CN=alice`, in the order of the encoding.
     */
    TLSCONN_CERT_SUBJECT = 90,
    /**
     * The issuer, in the same form.
     */
    TLSCONN_CERT_ISSUER = 91,
    /**
     * The subject's common name: the first if there are several, empty if there is none.
     */
    TLSCONN_CERT_CN = 92,
    /**
     * The serial number, in hexadecimal with colons.
     */
    TLSCONN_CERT_SERIAL = 93,
    /**
     * The SHA-256 of the certificate, in hexadecimal with colons.
     */
    TLSCONN_CERT_SHA256 = 94,
    /**
     * The SHA-256 of its public key (the SubjectPublicKeyInfo), in hexadecimal with colons.
     */
    TLSCONN_CERT_KEY_SHA256 = 95,
    /**
     * The public key, such as `RSA 2048 bits`.
     */
    TLSCONN_CERT_KEY = 96,
    /**
     * The signature algorithm, such as `ECDSA with SHA-256`.
     */
    TLSCONN_CERT_SIGNATURE = 97,
    /**
     * Valid from, such as `2026-11-21T10:00:00Z` (ISO 8601).
     */
    TLSCONN_CERT_NOT_BEFORE = 98,
    /**
     * Valid to, in the same form.
     */
    TLSCONN_CERT_NOT_AFTER = 99,
    /**
     * The subject alternative names, such as `DNS:a.example, IP:192.0.2.1`; empty if there are
     * none.
     */
    TLSCONN_CERT_NAMES = 100,
} tlsconn_cert_field;

/**
 * Parse a certificate in PEM or DER.
 *
 * `pem_or_der` is `len` bytes long and is copied. If a PEM text holds several certificates, the
 * first is used. `*out` is yours; free it with tlsconn_cert_unref(). It is NULL on failure. Any
 * thread.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: `*out` is the certificate.
 * - `TLSCONN_E_PARSE`: there is no valid certificate.
 * - `TLSCONN_E_INVALID`: a pointer is NULL or `len` is too large.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_cert_parse(const void *pem_or_der,
                       size_t len,
                       tlsconn_cert **out);

/**
 * Take a reference to a certificate.
 *
 * Returns `cert`; NULL for NULL. The reference is yours; free it with tlsconn_cert_unref(). Any
 * thread.
 */
TLSCONN_API
tlsconn_cert *tlsconn_cert_ref(tlsconn_cert *cert);

/**
 * Release a reference to a certificate. NULL is allowed and does nothing. Any thread.
 */
TLSCONN_API void tlsconn_cert_unref(tlsconn_cert *cert);

/**
 * Get a field of a certificate as text.
 *
 * `field` is one of `tlsconn_cert_field`. The string lives as long as `cert`; it is empty if
 * `cert` is NULL or `field` is invalid. Any thread.
 */
TLSCONN_API
const char *tlsconn_cert_str(const tlsconn_cert *cert,
                             int field);

/**
 * Describe a certificate.
 *
 * `style` is one of `tlsconn_style`. The string lives as long as `cert`; it is empty if `cert` is
 * NULL or `style` is invalid. Any thread.
 */
TLSCONN_API
const char *tlsconn_cert_text(const tlsconn_cert *cert,
                              int style);

/**
 * Get a certificate in DER (X.690).
 *
 * The bytes live as long as `cert`. Their number is written to `*len`; `len` may be NULL. Returns
 * NULL if `cert` is NULL. Any thread.
 */
TLSCONN_API
const uint8_t *tlsconn_cert_der(const tlsconn_cert *cert,
                                size_t *len);

/* ---------- The 2007 proposal ---------- */

/**
 * The kinds of certificate data: the mail's own four, and the fifth that its prose lists.
 */
typedef enum {
    /**
     * Certificates of authorities.
     */
    VIR_CERT_CA_CERT = 0,
    /**
     * Certificate revocation lists.
     */
    VIR_CERT_CA_CRL = 1,
    /**
     * The own private key.
     */
    VIR_CERT_CLIENT_KEY = 2,
    /**
     * The own certificate.
     */
    VIR_CERT_CLIENT_CERT = 3,
    /**
     * Trusted server certificates. As a file it becomes the known file, which may not exist
     * yet.
     */
    VIR_CERT_TRUSTED_SERVER = 4,
} virConnectCertDataType;

/**
 * Decides about a server that is met for the first time and whose certificate an authority
 * vouches for.
 *
 * `hostname` is the host as dialled; `cert` is the server's certificate in PEM; both live until
 * it returns. It runs on the thread that called the library, and may call it. It returns
 * `TLSCONN_REJECT`, `TLSCONN_ALLOW_ONCE` or `TLSCONN_ALLOW_ALWAYS`; any other number rejects.
 */
typedef int (*virConnectCertificateValidator)(const char *hostname, const char *cert);

/**
 * Add certificate data from memory to the default context.
 *
 * `dataType` is one of `virConnectCertDataType`; `data` is a NUL-terminated PEM text, and is
 * copied. Any thread.
 *
 * Returns 0; -1 on failure, and tlsconn_last_error() says what tlsconn_ctx_add() would have
 * returned. The context is as it was then.
 */
TLSCONN_API
int virConnectAddCertData(int dataType,
                          const char *data);

/**
 * Add certificate data from a PEM file to the default context.
 *
 * `dataType` is one of `virConnectCertDataType`; `dataFile` is a path, any bytes up to a NUL. A
 * file of `VIR_CERT_TRUSTED_SERVER` becomes the known file, to which `TLSCONN_ALLOW_ALWAYS`
 * writes. Any thread.
 *
 * Returns 0; -1 on failure, and tlsconn_last_error() says what tlsconn_ctx_add_file() or
 * tlsconn_ctx_set_known_file() would have returned. The context is as it was then.
 */
TLSCONN_API
int virConnectAddCertDataFile(int dataType,
                              const char *dataFile);

/**
 * Set the function that decides about servers met for the first time, on the default context.
 *
 * It is asked only about servers whose certificate passed every check; every other question is
 * refused with its problems. `cb` may be NULL: once a function was set, strangers are refused
 * from then on. tlsconn_ctx_set_validator() on tlsconn_ctx_default() takes its place. Any thread.
 *
 * Returns 0.
 */
TLSCONN_API
int virConnectSetCertificateValidator(virConnectCertificateValidator cb);

#ifdef __cplusplus
}
#endif

#endif  /* TLSCONN_H */
