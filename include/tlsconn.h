/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * tlsconn.h - TLS connections that know who they trust.
 *
 * Ownership: what _new, _parse, _ref, connect and accept functions return is yours; free it
 * with _unref or _free (NULL is allowed). Everything else is borrowed, and lives as long as the
 * object that you got it from. What you pass is copied: hosts, names, paths, texts and PEM need not
 * live longer than the call. Only callbacks with their userdata, and descriptors, are kept.
 *
 * Strings are UTF-8, escaped (no control characters, no bidi overrides) and never NULL.
 *
 * Results: 0 is success. Below 0 is an error; tlsconn_last_error() has the message, and is valid
 * only then; tlsconn_ctx_set_client_dir() leaves a message there with success, too. Above 0 is not an error: TLSCONN_WANT_* means not yet, TLSCONN_EOF means the end.
 *
 * Places for answers, such as *out, *n and *used, are set on every return, failures included: to
 * what is true then, and otherwise to NULL, to 0, or to -1 for a descriptor.
 *
 * Parameters are int, never an enum. No number but 0 is in two lists of constants, so a mix-up is
 * TLSCONN_E_INVALID, or rejects where an answer is expected. Bits for flags and problems and
 * the numbers of the 2007 proposal are apart. 0 never allows anything.
 *
 * Callbacks may call the library, and must return. If one is left by longjmp(), what the call held
 * is lost: its memory is not freed, a passphrase is not wiped, and destroy may not be called. But
 * nothing stays locked. A connection whose validator was left returns TLSCONN_E_REENTRANT on that
 * thread, and others that share its question wait, until you free it. A C++ exception that leaves
 * a callback ends the process, and so does a thread that ends in a callback or is cancelled in a
 * call (pthread_exit(), pthread_cancel()).
 *
 * Limits: a thread that calls the library needs 128 KiB of stack, and what your callbacks need.
 * File descriptors, threads and system memory that run out are TLSCONN_E_NOMEM, and so is a heap
 * without room for the text or file that is to be read or the connection that begins. A heap that
 * runs out later ends the process, as in every Rust program, and so do random numbers that the
 * system refuses later than tlsconn_connect() or tlsconn_accept_fd(), which look for them.
 *
 * Signals: no call fails because a signal handler has run. What waits - connecting, handshakes,
 * reads, writes, shutdown, locks of files - goes on for what is left of its time. To end it, call
 * tlsconn_conn_abort() in the handler. Only tlsconn_ask_terminal() rejects when a handler has run
 * on its thread. The library sets no handler, raises no SIGPIPE, and its threads, which look names
 * up, block all signals.
 *
 * fork(): contexts, certificates and questions may be used in the child, whatever other threads
 * were doing with them, but questions can be answered in the parent only, and connections are the
 * parent's. This does not hold for _Fork(), vfork() and bare system calls.
 *
 * To start, call tlsconn_ctx_new(), load CAs, certificate and key with tlsconn_ctx_add_layout()
 * or tlsconn_ctx_add_file(), and choose who is asked about unknown servers with
 * tlsconn_ctx_set_validator() (tlsconn_ask_terminal() is ready to use). Then call
 * tlsconn_connect(), tlsconn_conn_write(), tlsconn_conn_read(), tlsconn_conn_shutdown(),
 * tlsconn_conn_free() and tlsconn_ctx_unref().
 *
 * A server loads its certificate and key with tlsconn_ctx_add_file(), or several by server name
 * with tlsconn_ctx_add_server_pair(), and says which clients are allowed: by CAs, by
 * tlsconn_ctx_set_client_dir(), or by a validator with TLSCONN_OPT_ON_CLIENT. Pass each accepted
 * socket to tlsconn_accept_fd(), then use tlsconn_conn_read() and the rest as above.
 * tlsconn_conn_info() says who the client is.
 *
 * Environment: tlsconn_ctx_add_layout() without a directory reads TLSCONN_DIR and HOME, and
 * tlsconn_ctx_add_system_roots() reads SSL_CERT_FILE and SSL_CERT_DIR. All four are ignored in
 * a program with rights that its caller does not have (set-user-ID, set-group-ID, file
 * capabilities), and count as unset if they are empty. What the library is built on reads
 * OPENSSL_ia32cap or OPENSSL_armcap (which instructions cryptography uses), and RUST_BACKTRACE,
 * RUST_LIB_BACKTRACE and RUST_MIN_STACK; the C library's resolver reads variables of its own.
 * No other variable is read.
 *
 * Files: nothing is made in a directory that belongs to another user, even by root. What the
 * library makes has mode 0600, or 0700 if it is a directory, whatever the umask. A file that it
 * is to write is not itself a symbolic link, and no FIFO or device makes it wait. The way to a key
 * log, to a file of known servers or clients and to the directory of client certificates must be
 * yours: each directory on it and each symbolic link belongs to you or to root. On the way to known
 * servers and clients, only the owner and the group may write a directory, unless it is sticky, such
 * as /tmp. Otherwise the call fails with TLSCONN_E_PERMISSION and names the place. Other files are
 * read wherever you say.
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
 * reverse its direction. They are bounded: a value that is cut ends in `...` and the number of
 * its characters. They live as long as the certificate.
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
 * `tlsconn_code` returns `TLSCONN_E_FORKED`, tlsconn_conn_error() says the same, everything else
 * about it is NULL or empty, tlsconn_conn_abort() does nothing, and tlsconn_conn_free() frees the
 * child's copy, except what another thread was using at that moment; the parent's connection
 * keeps working.
 */
typedef struct tlsconn_conn tlsconn_conn;

/**
 * What an application trusts: its CAs, its own certificate and key, the peers it knows, and
 * the validator it asks about others.
 *
 * Reference-counted; any number of threads may use it at once. Every change is made completely
 * or not at all. A connection uses the context as it was when the connection began, but is
 * judged by the context as it is at the time of judging. A context can still be used in the child
 * of a fork(), whatever other threads were doing with it.
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
 * Reference-counted; any number of threads may use it at once, and it outlives its connection.
 * Connections that would ask the same thing share one question and return the same pointer, so
 * that twenty parallel connections open one dialog. The peer has already proved that it holds
 * the key of its certificate. A server has been sent nothing but the first hello, and no
 * application data has been exchanged with a client. Whatever you get from a question is
 * borrowed from it.
 */
typedef struct tlsconn_question tlsconn_question;

/* ---------- Results ---------- */

/**
 * The result of a call. 0 is success. Below 0 the call failed, and tlsconn_last_error() says
 * why. Above 0 it has not failed: it is not finished yet or, with `TLSCONN_EOF`, it has
 * reached the end of the stream.
 *
 * The numbers never change and are never reused, so you may store them. Any release may add
 * new ones: give every `switch` a `default`.
 */
typedef enum {
    /**
     * Success.
     */
    TLSCONN_OK = 0,
    /**
     * Not yet: call again once the peer has sent something. See tlsconn_conn_poll().
     */
    TLSCONN_WANT_READ = 1,
    /**
     * Not yet: call again once there is room to send to the peer.
     */
    TLSCONN_WANT_WRITE = 2,
    /**
     * Not yet: a question is open, see tlsconn_conn_question(). Call again once it is
     * answered; tlsconn_conn_poll() wakes up then.
     */
    TLSCONN_WANT_ANSWER = 3,
    /**
     * End of stream: the peer closed it properly, with the closing alert of TLS.
     */
    TLSCONN_EOF = 4,
    /**
     * Invalid argument: a NULL pointer, a bad length, a number out of range. A bug in the
     * caller.
     */
    TLSCONN_E_INVALID = -1,
    /**
     * The process ran out of file descriptors, threads or memory. For memory see "Limits" at the
     * top: not every lack of it can be told.
     */
    TLSCONN_E_NOMEM = -2,
    /**
     * The call is not allowed in the object's present state, such as a write after
     * tlsconn_conn_shutdown().
     */
    TLSCONN_E_STATE = -3,
    /**
     * A callback made a call that would have to wait for that same callback.
     */
    TLSCONN_E_REENTRANT = -4,
    /**
     * Another thread is using the same direction of the connection.
     */
    TLSCONN_E_BUSY = -5,
    /**
     * The question has already been answered.
     */
    TLSCONN_E_STALE = -6,
    /**
     * The process has forked since the object was made, and the object cannot be used in the
     * child.
     */
    TLSCONN_E_FORKED = -7,
    /**
     * Not supported by this build or on this platform, or the system gives no random numbers.
     */
    TLSCONN_E_UNSUPPORTED = -8,
    /**
     * There is nothing to remove or to look at.
     */
    TLSCONN_E_NOT_FOUND = -9,
    /**
     * A callback of yours returned a number below 0, which the message quotes.
     */
    TLSCONN_E_CALLBACK = -10,
    /**
     * A bug in libtlsconn. You can still free every object.
     */
    TLSCONN_E_INTERNAL = -99,
    /**
     * The operating system failed to send or receive; the message quotes it.
     */
    TLSCONN_E_IO = -100,
    /**
     * The host name could not be resolved.
     */
    TLSCONN_E_RESOLVE = -101,
    /**
     * Could not connect to any address of the host; the message says why for each.
     */
    TLSCONN_E_CONNECT = -102,
    /**
     * Timed out. A handshake that ran into TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS ends the connection;
     * a read, write or shutdown that ran into TLSCONN_OPT_IO_TIMEOUT_MS does not.
     */
    TLSCONN_E_TIMEOUT = -103,
    /**
     * tlsconn_conn_abort() aborted the connection.
     */
    TLSCONN_E_CANCELLED = -104,
    /**
     * The stream ended without the closing alert of TLS (RFC 8446, section 6.1): the data may
     * be incomplete.
     */
    TLSCONN_E_TRUNCATED = -105,
    /**
     * The peer hung up while the question about it was open. A lasting answer is kept.
     */
    TLSCONN_E_PEER_GONE = -106,
    /**
     * A file or directory cannot be read; the message quotes the operating system.
     */
    TLSCONN_E_FILE = -200,
    /**
     * Bad permissions: others can read a private key, or can write a file or directory that
     * only you should be able to write.
     */
    TLSCONN_E_PERMISSION = -201,
    /**
     * Not valid PEM, or PEM without anything of the kind asked for.
     */
    TLSCONN_E_PARSE = -202,
    /**
     * The key is encrypted, and the passphrase is missing or wrong.
     */
    TLSCONN_E_PASSPHRASE = -203,
    /**
     * Your private key does not match your certificate.
     */
    TLSCONN_E_KEY_MISMATCH = -204,
    /**
     * A CA certificate is required, but the context has none.
     */
    TLSCONN_E_NO_CA = -205,
    /**
     * You have a certificate without its private key, or a private key without its
     * certificate.
     */
    TLSCONN_E_NO_KEY = -206,
    /**
     * A file holds an older revocation list (CRL) than the one in use; the newer one stays in
     * use.
     */
    TLSCONN_E_CRL_ROLLBACK = -207,
    /**
     * The file is too large to be a genuine one of its kind.
     */
    TLSCONN_E_TOO_BIG = -208,
    /**
     * The peer's certificate has problems; tlsconn_error_problems() lists them all.
     */
    TLSCONN_E_CERT = -300,
    /**
     * The peer's certificate, or one above it in the chain, has been revoked.
     */
    TLSCONN_E_CERT_REVOKED = -301,
    /**
     * The peer's certificate is not the one it is known by.
     */
    TLSCONN_E_CERT_CHANGED = -302,
    /**
     * The peer is not known, and unknown peers are refused.
     */
    TLSCONN_E_CERT_UNKNOWN = -303,
    /**
     * The peer's certificate, or a key in its chain, is marked as distrusted.
     */
    TLSCONN_E_CERT_DISTRUSTED = -304,
    /**
     * The user, or the application on the user's behalf, rejected the peer.
     */
    TLSCONN_E_REJECTED = -400,
    /**
     * There is a question, but no validator is set to answer it.
     */
    TLSCONN_E_NO_VALIDATOR = -401,
    /**
     * The question was not answered in time, see TLSCONN_OPT_ANSWER_TIMEOUT_MS.
     */
    TLSCONN_E_ANSWER_TIMEOUT = -402,
    /**
     * A store of known servers or known clients is damaged, or cannot be read or written.
     */
    TLSCONN_E_STORE = -403,
    /**
     * Another process has locked a store of known servers or known clients.
     */
    TLSCONN_E_STORE_LOCKED = -404,
    /**
     * The peer broke the TLS protocol, or has no version or cipher in common with us.
     */
    TLSCONN_E_PROTOCOL = -500,
    /**
     * The peer ended the connection with an alert; the message names it.
     */
    TLSCONN_E_ALERT = -501,
    /**
     * The peer rejected your certificate, or requires one and you have none.
     */
    TLSCONN_E_PEER_REJECTED_US = -502,
    /**
     * The client sent no certificate, and one is required.
     */
    TLSCONN_E_NO_CLIENT_CERT = -503,
    /**
     * The client is not on the list of allowed clients.
     */
    TLSCONN_E_NOT_ALLOWED = -504,
    /**
     * No application protocol in common (RFC 7301).
     */
    TLSCONN_E_ALPN = -505,
} tlsconn_code;

/* ---------- Problems ---------- */

/**
 * What is wrong with a peer: a bit for each problem, all of them at once.
 *
 * Checks do not stop at the first problem. Bits never change and are never reused; any release
 * may add new ones.
 */
typedef enum {
    /**
     * The certificate chain does not lead to a CA that you trust, within a path of 32
     * certificates.
     */
    TLSCONN_P_UNKNOWN_ISSUER = 1,
    /**
     * The certificate is self-signed.
     */
    TLSCONN_P_SELF_SIGNED = 2,
    /**
     * The certificate is for another name (RFC 9525).
     */
    TLSCONN_P_NAME_MISMATCH = 4,
    /**
     * The certificate has no subject alternative names.
     */
    TLSCONN_P_NO_SAN = 8,
    /**
     * The certificate, or one above it in the chain, has expired.
     */
    TLSCONN_P_EXPIRED = 16,
    /**
     * The certificate, or one above it in the chain, is not valid yet.
     */
    TLSCONN_P_NOT_YET_VALID = 32,
    /**
     * Key usage or extended key usage does not allow this use (RFC 5280, 4.2.1.3 and
     * 4.2.1.12): the key of a peer must be one that may sign (digitalSignature).
     */
    TLSCONN_P_WRONG_PURPOSE = 64,
    /**
     * The peer's own certificate is a CA certificate.
     */
    TLSCONN_P_CA_AS_LEAF = 128,
    /**
     * A key is too short, or the peer's is of a kind or in a form that TLS here cannot use.
     */
    TLSCONN_P_WEAK_KEY = 256,
    /**
     * A signature algorithm is broken or not supported.
     */
    TLSCONN_P_WEAK_SIGNATURE = 512,
    /**
     * A certificate is older than X.509 version 3.
     */
    TLSCONN_P_OLD_VERSION = 1024,
    /**
     * Basic constraints, path length or name constraints are violated, a policy is demanded, or
     * there is an unknown critical extension.
     */
    TLSCONN_P_CONSTRAINT = 2048,
    /**
     * A revocation list (CRL) is required, and no usable one was found.
     */
    TLSCONN_P_CRL_MISSING = 4096,
    /**
     * The newest revocation list has expired: it is past its next update.
     */
    TLSCONN_P_CRL_EXPIRED = 8192,
    /**
     * A rule of form that public CAs follow is broken.
     */
    TLSCONN_P_FORM = 16384,
    /**
     * The certificate, or one above it, has been revoked. This and the problems below can
     * never be overridden, by any answer or policy.
     */
    TLSCONN_P_REVOKED = 65536,
    /**
     * The signature of a self-signed certificate, or of the handshake, is not valid.
     */
    TLSCONN_P_BAD_SIGNATURE = 131072,
    /**
     * What the peer sent is not a certificate, or is not encoded in DER.
     */
    TLSCONN_P_BAD_ENCODING = 262144,
    /**
     * Marked as distrusted, by certificate or by key.
     */
    TLSCONN_P_DISTRUSTED = 524288,
} tlsconn_problem;

/**
 * The version of the library, such as `0.1.0`. The string lives as long as the process. Any
 * thread.
 */
TLSCONN_API const char *tlsconn_version(void);

/**
 * The name of a problem as written in trusted.pem, such as `expired`.
 *
 * `one_problem` is one bit of `tlsconn_problem`. The string lives as long as the process; it
 * is empty for an unknown bit, or for more than one. Any thread.
 */
TLSCONN_API
const char *tlsconn_problem_name(int one_problem);

/* ---------- Errors ---------- */

/**
 * Get the last error of the calling thread.
 *
 * Never NULL: before the first failure its code is `TLSCONN_OK` and its message is empty. It
 * lives until the next failure on this thread. Success does not clear it, so look at it only
 * after a call has failed; or after tlsconn_ctx_set_client_dir() has succeeded, which leaves here
 * what it has to tell. Do not use it on another thread.
 */
TLSCONN_API
const tlsconn_error *tlsconn_last_error(void);

/**
 * Get the code of an error: one of `TLSCONN_E_*`, or `TLSCONN_OK` if nothing has failed or
 * `error` is NULL. Any thread.
 */
TLSCONN_API int tlsconn_error_code(const tlsconn_error *error);

/**
 * Get the message of an error: one English sentence that says what failed, UTF-8, escaped, without
 * a full stop, and shorter than 1,000 bytes. It lives as long as `error`, and is empty if `error`
 * is NULL. Any thread.
 */
TLSCONN_API
const char *tlsconn_error_message(const tlsconn_error *error);

/**
 * Get a hint on what to do about an error: one English sentence, shorter than 1,000 bytes; empty
 * if the error has no hint or `error` is NULL. It lives as long as `error`. Any thread.
 */
TLSCONN_API
const char *tlsconn_error_hint(const tlsconn_error *error);

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
 * first answer counts: after tlsconn_question_answer() in the callback itself, or on another
 * thread meanwhile, it does not matter what the callback returns; return `TLSCONN_ANSWER_LATER`
 * then. The answer is checked against the settings of the context at the time it is given.
 */
typedef int (*tlsconn_validator_fn)(tlsconn_question *question, void *userdata);

/**
 * Frees the userdata of a callback.
 *
 * Called once, after the last connection, question or context that uses the callback is gone, on
 * the thread that released it, with no lock held.
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
     * CA certificates. Do not add a server's own certificate here, where it would be trusted
     * for every name in it: add that as `TLSCONN_MAT_TRUSTED_PEER`.
     */
    TLSCONN_MAT_CA = 10,
    /**
     * Certificate revocation lists (CRLs). A list never replaces another: what any list of an
     * issuer revokes is revoked, and a list from memory is kept until the context is destroyed.
     * Where lists are renewed, add the file, replace it and call tlsconn_ctx_reload(): then only
     * the newest lists are kept.
     */
    TLSCONN_MAT_CRL = 11,
    /**
     * Your private key: PKCS#8, PKCS#1 or SEC1, or PKCS#8 encrypted with a passphrase.
     */
    TLSCONN_MAT_KEY = 12,
    /**
     * Your certificate, followed by the intermediates that lead to its CA.
     */
    TLSCONN_MAT_CERT = 13,
    /**
     * Certificates of servers, and of clients where marked `Role: client`, that are trusted
     * without a CA, in the format of trusted.pem (docs/trusted-pem.md).
     */
    TLSCONN_MAT_TRUSTED_PEER = 14,
} tlsconn_material;

/**
 * Sets of files with fixed names in a directory.
 */
typedef enum {
    /**
     * ca/cert.pem, ca/ca-crl.pem, client/cert.pem and client/key.pem, with server/trusted.pem
     * and client/trusted.pem as the stores of known servers and known clients. By default in
     * $TLSCONN_DIR, or in $HOME/.pki/tlsconn if that is not set.
     */
    TLSCONN_LAYOUT_TLSCONN = 20,
    /**
     * libvirt's client files: cacert.pem, cacrl.pem, clientcert.pem and clientkey.pem in one
     * directory (libvirt's pkipath). By default wherever libvirt looks for them. Everybody may
     * read the key, as libvirt's virt-pki-validate demands (mode 0644).
     */
    TLSCONN_LAYOUT_LIBVIRT = 21,
    /**
     * The same, with libvirt's servercert.pem and serverkey.pem.
     */
    TLSCONN_LAYOUT_LIBVIRT_SERVER = 22,
    /**
     * docker's ca.pem, cert.pem and key.pem. By default in $HOME/.docker.
     */
    TLSCONN_LAYOUT_DOCKER = 23,
    /**
     * QEMU's ca-cert.pem, ca-crl.pem, client-cert.pem and client-key.pem. It has no default
     * directory.
     */
    TLSCONN_LAYOUT_QEMU = 24,
} tlsconn_layout;

/**
 * Make a context that trusts no CA and knows no peer.
 *
 * Until a validator is set, a server with a valid certificate from one of the CAs you add is
 * accepted without asking. Never NULL. The context is yours: free it with tlsconn_ctx_unref().
 * Any thread.
 */
TLSCONN_API
tlsconn_ctx *tlsconn_ctx_new(void);

/**
 * Take one more reference.
 *
 * Returns `ctx`, or NULL for NULL. The reference is yours: free it with tlsconn_ctx_unref().
 * Any thread.
 */
TLSCONN_API
tlsconn_ctx *tlsconn_ctx_ref(tlsconn_ctx *ctx);

/**
 * Free a reference. NULL is allowed and does nothing.
 *
 * Connections keep what they need and carry on. Any thread; the `destroy` functions of
 * callbacks may be called on that thread.
 */
TLSCONN_API void tlsconn_ctx_unref(tlsconn_ctx *ctx);

/**
 * The default context of the process, which the functions of the 2007 proposal use.
 *
 * Never NULL, and always the same one. It is borrowed: never free it. Any thread.
 */
TLSCONN_API tlsconn_ctx *tlsconn_ctx_default(void);

/**
 * Add material from a PEM text in memory.
 *
 * `material` is one of `tlsconn_material`. `pem` is `len` bytes, needs no NUL at its end, and
 * is copied. Text around the PEM blocks is ignored, but a block that does not parse is an
 * error. The material is added to what is already there. You may add your certificate and its
 * key in either order: they replace the ones in use once both are there. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: added.
 * - `TLSCONN_E_PARSE`: `pem` holds nothing of this kind, or a block does not parse.
 * - `TLSCONN_E_PASSPHRASE`: the key is encrypted, and the passphrase is missing or wrong (see
 *   tlsconn_ctx_set_passphrase()).
 * - `TLSCONN_E_CERT`: your certificate has expired, is not valid yet or is not meant for TLS;
 *   or, with `TLSCONN_PROFILE_LIBVIRT`, libvirt would not start with your certificates and
 *   CAs.
 * - `TLSCONN_E_NOMEM`: out of memory.
 * - `TLSCONN_E_INVALID`: `ctx` or `pem` is NULL, `len` is not a valid length, or `material` is
 *   not one of `tlsconn_material`.
 *
 * On failure the context is unchanged.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add(tlsconn_ctx *ctx,
                    int material,
                    const void *pem,
                    size_t len);

/**
 * Add material from a PEM file. tlsconn_ctx_reload() reads it again if it changes.
 *
 * `material` is one of `tlsconn_material`; `path` is any bytes up to a NUL, and is copied. Any
 * thread.
 *
 * Returns what tlsconn_ctx_add() returns, with file and line in the message, and:
 * - `TLSCONN_E_FILE`: the file cannot be read, or is not a regular file (a directory, a FIFO,
 *   a device).
 * - `TLSCONN_E_TOO_BIG`: the file is too large.
 * - `TLSCONN_E_PERMISSION`: others can read a private key.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
 * - `TLSCONN_E_INVALID`: `ctx` or `path` is NULL, `path` is empty, or `material` is not one of
 *   `tlsconn_material`.
 *
 * On failure the context is unchanged.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_file(tlsconn_ctx *ctx,
                         int material,
                         const char *path);

/**
 * Add every PEM file in a directory. tlsconn_ctx_reload() lists the directory again.
 *
 * `material` is one of `tlsconn_material`; `dir` is any bytes up to a NUL, and is copied. Files
 * are chosen by their extension (.pem, .crt, .cer, .crl, .key) and read in the order of their
 * names; subdirectories are not searched. Any thread.
 *
 * Returns what tlsconn_ctx_add_file() returns for the first file that cannot be added, and:
 * - `TLSCONN_E_PARSE`: the directory has no such file.
 * - `TLSCONN_E_FILE`: `dir` is not a directory, or cannot be read.
 * - `TLSCONN_E_INVALID`: `ctx` or `dir` is NULL, `dir` is empty, or `material` is not one of
 *   `tlsconn_material`.
 *
 * On failure the context is unchanged.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_dir(tlsconn_ctx *ctx,
                        int material,
                        const char *dir);

/**
 * Add the files of a layout.
 *
 * `layout` is one of `tlsconn_layout`; `dir` is its directory, any bytes up to a NUL, and is
 * copied; NULL is the default directory of the layout. Only the CA certificate is required. For
 * `TLSCONN_LAYOUT_TLSCONN` the directories server/ and client/ are made with mode 0700 if they
 * are missing; if one cannot be made, the store in it is not used. They are not made in a
 * directory of another user, such as one in the home of a user by a program that root runs. Any
 * thread.
 *
 * Returns what tlsconn_ctx_add_file() returns, and:
 * - `TLSCONN_E_NO_CA`: the CA certificate is missing, or there is nowhere to look for it
 *   because, for example, `$HOME` is not set.
 * - `TLSCONN_E_NO_KEY`: the certificate has no key, or the key has no certificate.
 * - `TLSCONN_E_KEY_MISMATCH`: the key does not match the certificate.
 * - `TLSCONN_E_STORE`, `TLSCONN_E_PERMISSION`: as for tlsconn_ctx_set_known_file().
 * - `TLSCONN_E_PERMISSION`: server/ or client/ is missing, and the directory of the layout belongs
 *   to another user; the message names both.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL, `layout` is not one of `tlsconn_layout`, `dir` is
 *   empty, or `dir` is NULL and the layout has no default directory.
 *
 * On failure the context is unchanged.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_layout(tlsconn_ctx *ctx,
                           int layout,
                           const char *dir);

/**
 * Trust the CAs that the operating system trusts.
 *
 * They are those of the system's packages, or of the file `$SSL_CERT_FILE` and the directories
 * `$SSL_CERT_DIR`, separated by colons. They are read once, now; tlsconn_ctx_reload() does not read
 * them again. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: added.
 * - `TLSCONN_E_NO_CA`: the system, or what the variables name, has no CA certificates.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_add_system_roots(tlsconn_ctx *ctx);

/**
 * Set the file of known servers, to which `TLSCONN_ALLOW_ALWAYS` writes.
 *
 * `path` is any bytes up to a NUL, and is copied. The file need not exist yet, but its directory
 * must. File and directory must belong to you or to root, and nobody else may be able to write
 * them. The file is PEM with lines of text above each block, which docs/trusted-pem.md describes
 * for those who write it by hand, and other processes may change it at any time. A file that was
 * set before is no longer used. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: set.
 * - `TLSCONN_E_STORE`: the file is damaged (the message has the line) or cannot be read, or
 *   its directory is missing.
 * - `TLSCONN_E_PERMISSION`: others can write the file or its directory, or lead the way to it
 *   elsewhere.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
 * - `TLSCONN_E_INVALID`: `ctx` or `path` is NULL, or `path` does not name a file, or names the
 *   file of known clients.
 *
 * On failure the context is unchanged.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_known_file(tlsconn_ctx *ctx,
                               const char *path);

/**
 * Check every file again, and load those that have changed.
 *
 * It only looks at the times of each file first, so it is cheap enough to call before each
 * connection. Any thread.
 *
 * CAs, your certificate and key, and trusted servers are replaced together or not at all. If a
 * revocation list, a file of a directory, a certificate and key of
 * tlsconn_ctx_add_server_pair() or the ticket secret cannot be loaded, the error names it and
 * its old contents stay in use, while the others are loaded; of a certificate and key, both
 * files are loaded or neither. A missing file is an error, and its old contents stay in use
 * too. But a CA whose file is gone from a directory of tlsconn_ctx_add_dir() is no longer
 * trusted.
 *
 * Returns what tlsconn_ctx_add_file() returns for the first file that cannot be loaded, and:
 * - `TLSCONN_OK`: everything is up to date.
 * - `TLSCONN_E_KEY_MISMATCH`, `TLSCONN_E_NO_KEY`: a certificate and its key no longer match,
 *   or one of them is gone; the old ones stay in use.
 * - `TLSCONN_E_CRL_ROLLBACK`: in place of a revocation list in use, a file holds none from
 *   that issuer, an older one, one that covers fewer certificates, or one signed by another
 *   key although the CA whose key signed the old one is still there.
 * - `TLSCONN_E_BUSY`: another thread changed the context at the same time; call again.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_reload(tlsconn_ctx *ctx);

/**
 * Add a pattern to the list of allowed clients, which are identified by distinguished name (DN).
 *
 * `pattern` is NUL-terminated UTF-8, and is copied. NULL replaces the list by an empty one,
 * which allows nobody. Until the first call there is no list, and any name is allowed. In a
 * pattern `*` stands for any characters, `?` for one character, and everything else for
 * itself. A character that is escaped in the name counts as one, backslash included: `*`, `?`
 * or the same two characters match it, a plain `,` or `+` does not. The pattern must match the
 * whole name, case-sensitively, in the order in which it is encoded, and escaped as GnuTLS
 * does it: `C=GB,O=Lab,CN=alice`, as in libvirt's tls_allowed_dn_list and virt-pki-query-dn.
 * (certtool and openssl print the reverse order, or other escapes; the hint of an error shows
 * the pattern to add.)
 *
 * The list applies to peers of `TLSCONN_ROLE_CLIENT`, known ones included: no matter why a
 * client is trusted, its name must match a pattern. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: added.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL, or `pattern` is empty or not UTF-8.
 *
 * On failure the context is unchanged.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_allow_dn(tlsconn_ctx *ctx,
                         const char *pattern);

/**
 * Set the validator: the function that is asked about peers. It replaces the one set before.
 *
 * It is asked about clients only if `TLSCONN_OPT_ON_CLIENT` is ASK. `fn` may be NULL: then
 * nobody is asked, and if a validator was ever set, unknown servers are refused instead of
 * accepted. `userdata` is passed to `fn`; `destroy`, which may be NULL, gets it once it is no
 * longer used. If `fn` is NULL, both are ignored. Connections that are waiting for an answer
 * keep waiting. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: set.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL; `userdata` stays yours.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_validator(tlsconn_ctx *ctx,
                              tlsconn_validator_fn fn,
                              void *userdata,
                              tlsconn_destroy_fn destroy);

/**
 * Set the function that is asked for the passphrases of encrypted keys. It replaces the one
 * set before.
 *
 * It is used for keys that are added or reloaded from now on, and is called on the thread that
 * adds or reloads them. `fn` may be NULL: then encrypted keys cannot be added. `userdata` and
 * `destroy` are as for tlsconn_ctx_set_validator(). Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: set.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL; `userdata` stays yours.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_passphrase(tlsconn_ctx *ctx,
                               tlsconn_passphrase_fn fn,
                               void *userdata,
                               tlsconn_destroy_fn destroy);

/* ---------- Options ---------- */

/**
 * Options, each with its default.
 */
typedef enum {
    /**
     * A `tlsconn_policy` for unknown servers with a valid certificate from a CA. AUTO asks the
     * validator; if none was ever set, it accepts the server.
     */
    TLSCONN_OPT_ON_NEW = 200,
    /**
     * A `tlsconn_policy` for known servers whose certificate has changed. AUTO refuses. ALLOW
     * is invalid here.
     */
    TLSCONN_OPT_ON_CHANGED = 201,
    /**
     * A `tlsconn_policy` for known servers with a new certificate, from a CA, for their old
     * key. AUTO accepts, and replaces the entry once the connection is open.
     */
    TLSCONN_OPT_ON_RENEWED = 202,
    /**
     * A `tlsconn_policy` for unknown servers whose certificate has any problem: it is not from
     * a CA you trust, has expired, or is for another name. AUTO refuses; ASK is trust on first
     * use, as in ssh. ALLOW is invalid here.
     */
    TLSCONN_OPT_ON_UNTRUSTED = 203,
    /**
     * A `tlsconn_policy` for known servers with a problem that was not accepted before. AUTO
     * asks the validator, and refuses if there is none. ALLOW is invalid here.
     */
    TLSCONN_OPT_ON_NEW_PROBLEM = 204,
    /**
     * A `tlsconn_policy` for unknown clients: those that are in no directory of clients and
     * have no certificate from a CA that counts for clients. AUTO refuses; ASK asks, and a
     * lasting answer makes the client a known one. While 64 such questions are open,
     * connections of further unknown clients fail with `TLSCONN_E_NOMEM`. ALLOW is invalid
     * here.
     */
    TLSCONN_OPT_ON_CLIENT = 205,
    /**
     * A `tlsconn_client_auth`: whether a server asks its clients for a certificate. Default
     * REQUIRED.
     */
    TLSCONN_OPT_CLIENT_AUTH = 210,
    /**
     * A `tlsconn_send_cert`: when your certificate is sent to a server. Default MATCHING.
     */
    TLSCONN_OPT_SEND_CLIENT_CERT = 211,
    /**
     * A `tlsconn_crl_mode`: which revocation lists (CRLs) are required. Default IF_PRESENT.
     */
    TLSCONN_OPT_CRL_MODE = 212,
    /**
     * How many seconds past its next update a revocation list is still used. Default 0.
     */
    TLSCONN_OPT_CRL_GRACE_S = 213,
    /**
     * A `tlsconn_profile`: how strictly certificates are checked. Default STRICT.
     */
    TLSCONN_OPT_PROFILE = 214,
    /**
     * The time at which certificates are checked, in seconds since 1970; -1, the default, uses
     * the system clock.
     */
    TLSCONN_OPT_VERIFY_TIME = 215,
    /**
     * A `tlsconn_tls_version`: the oldest version allowed. Default TLS 1.2.
     */
    TLSCONN_OPT_MIN_VERSION = 216,
    /**
     * A `tlsconn_tls_version`: the newest version allowed. Default TLS 1.3.
     */
    TLSCONN_OPT_MAX_VERSION = 217,
    /**
     * 1, the default: resume sessions with servers (RFC 8446, 2.2), each only while the
     * decision that accepted the server still holds. 0: never resume. For sessions with
     * clients see `TLSCONN_OPT_TICKETS`.
     */
    TLSCONN_OPT_RESUMPTION = 218,
    /**
     * Timeout in milliseconds, 1 or more, for connecting and handshake together, not counting
     * the time spent waiting for an answer; -1: no timeout. Default 60000.
     */
    TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS = 219,
    /**
     * Timeout in milliseconds, 1 or more, for the answer to a question, from when the validator
     * is called or a call returns `TLSCONN_WANT_ANSWER`; -1: no timeout. Default 600000.
     */
    TLSCONN_OPT_ANSWER_TIMEOUT_MS = 220,
    /**
     * Timeout in milliseconds, 1 or more, for a blocking read, write or shutdown, and for a
     * shutdown of any connection that the library opened; -1, the default: no timeout.
     */
    TLSCONN_OPT_IO_TIMEOUT_MS = 221,
    /**
     * How many milliseconds a TLS 1.3 handshake waits, after it has sent your certificate, for
     * the server to continue or to refuse it. 0, the default: it does not wait, and the first
     * read reports a refusal.
     */
    TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS = 222,
    /**
     * A `tlsconn_identity`: which part of a client's certificate is its identity. Default CN.
     */
    TLSCONN_OPT_IDENTITY_FROM = 223,
    /**
     * 1: with a directory set by tlsconn_ctx_set_client_dir(), clients with a certificate from
     * a CA are accepted as well. 0, the default: with such a directory, a CA is not enough.
     */
    TLSCONN_OPT_DIR_AND_CA = 224,
    /**
     * 1: as a server, give clients tickets to resume their sessions with (RFC 8446, 2.2). A
     * ticket is valid for six hours, only while nothing that decides who is accepted has
     * changed, and a client that presents one is judged again. 0, the default: no tickets,
     * because some clients cannot handle them.
     */
    TLSCONN_OPT_TICKETS = 225,
    /**
     * 1: the group may write the directory of tlsconn_ctx_set_client_dir() and its entries, and so
     * say who is allowed; set it before that call. 0, the default: a directory that the group can
     * write is refused, and such an entry does not count.
     */
    TLSCONN_OPT_DIR_GROUP_WRITE = 226,
    /**
     * A string: application protocols (ALPN, RFC 7301), preferred first, separated by commas
     * without spaces. Default empty: a client offers none; a server accepts any.
     */
    TLSCONN_OPT_ALPN = 250,
    /**
     * A string: a file to which the secrets of every connection are written for debugging.
     * Whoever can read it can decrypt the traffic. It is made with mode 0600 if it is missing,
     * but not in a directory of another user. One that is there must be yours, a regular file
     * with one name and no symbolic link, and no one else may have any right to it, or be able to
     * lead the way to it elsewhere (see "Files" at the top of this header). Lines are added at its
     * end. Default empty: no key log.
     */
    TLSCONN_OPT_KEYLOG_FILE = 251,
    /**
     * A string: a file with a secret of at least 32 random bytes, from which ticket keys are
     * derived. Processes that name the same file can resume each other's sessions. The file is
     * refused if others can read it; tlsconn_ctx_reload() reads it again if it changes.
     * Default empty: a secret of this process alone.
     */
    TLSCONN_OPT_TICKET_SECRET_FILE = 252,
    /**
     * A string: key exchange groups by their names at IANA, preferred first, separated by commas
     * without spaces, such as `x25519,secp256r1`. There are `X25519MLKEM768`,
     * `SecP256r1MLKEM768`, `MLKEM768` and `MLKEM1024`, which only TLS 1.3 can use, `x25519`,
     * `secp256r1` and `secp384r1`. A client sends a key share for the first one; a server takes
     * the first of the client's that is in the list. A server of TLS 1.2 with an ECDSA
     * certificate may want its curve in a client's list as well (RFC 8422, 5.1). With
     * post-quantum groups (MLKEM) a client's first message is longer than one packet, which some
     * old servers and firewalls drop: leave these groups out there. Default empty:
     * `X25519MLKEM768,x25519,secp256r1,secp384r1`.
     */
    TLSCONN_OPT_GROUPS = 253,
    /**
     * A string: cipher suites by their names at IANA, preferred first, separated by commas
     * without spaces; those of TLS 1.3 and of TLS 1.2 in one list. There are
     * `TLS_AES_256_GCM_SHA384`, `TLS_AES_128_GCM_SHA256` and `TLS_CHACHA20_POLY1305_SHA256` of
     * TLS 1.3, and of TLS 1.2 `TLS_ECDHE_ECDSA_WITH_` and `TLS_ECDHE_RSA_WITH_`, each with
     * `AES_256_GCM_SHA384`, `AES_128_GCM_SHA256` or `CHACHA20_POLY1305_SHA256`. A server
     * prefers the order of its own list. Default empty: all of them, and a server prefers the
     * order of its client.
     */
    TLSCONN_OPT_CIPHERS = 254,
} tlsconn_option;

/**
 * What to do in a situation.
 */
typedef enum {
    /**
     * The default: see each option.
     */
    TLSCONN_POLICY_AUTO = 60,
    /**
     * Refuse.
     */
    TLSCONN_POLICY_REFUSE = 61,
    /**
     * Ask. Without a validator, a non-blocking connection returns `TLSCONN_WANT_ANSWER`, and a
     * blocking one `TLSCONN_E_NO_VALIDATOR`.
     */
    TLSCONN_POLICY_ASK = 62,
    /**
     * Accept; only for servers with a valid certificate from a CA.
     */
    TLSCONN_POLICY_ALLOW = 63,
} tlsconn_policy;

/**
 * Which revocation lists (CRLs) are required.
 */
typedef enum {
    /**
     * None: revocation lists are ignored.
     */
    TLSCONN_CRL_OFF = 40,
    /**
     * An issuer for which you have added any list must have one that is verified and up to
     * date. A known server or client needs none, as for REQUIRED.
     */
    TLSCONN_CRL_IF_PRESENT = 41,
    /**
     * Every issuer must have one that is verified and up to date. A known server or client
     * needs none: you vouch for it, and not its issuer. A list that revokes it refuses it.
     */
    TLSCONN_CRL_REQUIRED = 42,
} tlsconn_crl_mode;

/**
 * How strictly a certificate chain is checked.
 */
typedef enum {
    /**
     * What RFC 5280 and RFC 9525 ask of those who check. A leaf's key usage must have
     * digitalSignature, because every handshake is signed.
     */
    TLSCONN_PROFILE_STRICT = 70,
    /**
     * Accepts and refuses what libvirt's own TLS code does, so that a PKI made for libvirt
     * works. Your certificate is checked against the CAs and against libvirt's rules whenever
     * the certificate, the CAs or the profile change: add it after the CA that issued it.
     */
    TLSCONN_PROFILE_LIBVIRT = 71,
    /**
     * STRICT, and the rules that public CAs follow and home-made ones often break:
     * `TLSCONN_P_FORM`. A revocation list that breaks one, such as a list without a number, can
     * revoke a certificate but never shows that one is not revoked: `TLSCONN_P_CRL_MISSING`.
     */
    TLSCONN_PROFILE_PEDANTIC = 72,
} tlsconn_profile;

/**
 * When to send your certificate to a server that asks for one.
 */
typedef enum {
    /**
     * If the server names no CAs, or names one in your certificate's chain.
     */
    TLSCONN_SEND_CERT_MATCHING = 180,
    /**
     * To every server that asks.
     */
    TLSCONN_SEND_CERT_ALWAYS = 181,
    /**
     * Never.
     */
    TLSCONN_SEND_CERT_NEVER = 182,
} tlsconn_send_cert;

/**
 * Whether a server asks its clients for a certificate.
 */
typedef enum {
    /**
     * Do not ask.
     */
    TLSCONN_CLIENT_AUTH_NONE = 30,
    /**
     * Ask, but also accept clients without a certificate: they have no identity. If there is a
     * list of allowed clients, they are refused.
     */
    TLSCONN_CLIENT_AUTH_OPTIONAL = 31,
    /**
     * Refuse clients without a certificate.
     */
    TLSCONN_CLIENT_AUTH_REQUIRED = 32,
} tlsconn_client_auth;

/**
 * Which part of a client's certificate is its identity. There must be exactly one such part,
 * not empty, without control characters and without spaces at either end.
 */
typedef enum {
    /**
     * The common name (CN) of the subject.
     */
    TLSCONN_IDENTITY_CN = 80,
    /**
     * The DNS name in the subject alternative names.
     */
    TLSCONN_IDENTITY_SAN_DNS = 81,
    /**
     * The e-mail address in the subject alternative names.
     */
    TLSCONN_IDENTITY_SAN_EMAIL = 82,
    /**
     * The whole subject (DN), such as `C=GB,O=Lab,CN=alice`: in the order in which it is
     * encoded, with values escaped as GnuTLS prints them.
     */
    TLSCONN_IDENTITY_DN = 83,
    /**
     * The SHA-256 fingerprint of the certificate, as pairs of hexadecimal digits.
     */
    TLSCONN_IDENTITY_SHA256 = 84,
} tlsconn_identity;

/**
 * TLS versions, with their numbers in the protocol.
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
 * Set a number option.
 *
 * `option` is any `tlsconn_option` that is not a string; `value` is as described there. It
 * applies to connections made from now on; policies, profile, time and revocation also to
 * connections that have not been judged yet. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: set.
 * - `TLSCONN_E_INVALID`: `ctx` is NULL, `option` is not a number option, `value` is not
 *   allowed for it, the oldest version would be newer than the newest, or `TLSCONN_OPT_GROUPS`
 *   or `TLSCONN_OPT_CIPHERS` would have nothing for a version that is allowed.
 * - `TLSCONN_E_CERT`: the profile does not allow your certificate.
 *
 * On failure nothing is changed.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_ctx_set_int(tlsconn_ctx *ctx,
                        int option,
                        int64_t value);

/**
 * Set a string option.
 *
 * `option` is any `tlsconn_option` that is a string; `value` is copied, and an empty string
 * sets the default. It applies to connections made from now on. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: set.
 * - `TLSCONN_E_FILE`: the key log cannot be written, or is a symbolic link, a FIFO or a device, or
 *   has a second name; or the ticket secret cannot be read.
 * - `TLSCONN_E_PERMISSION`: the key log belongs to another user or is open to others, or would be
 *   made in a directory of another user, or others can lead the way to it elsewhere; or others can
 *   read the ticket secret.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
 * - `TLSCONN_E_PARSE`, `TLSCONN_E_TOO_BIG`: the file does not hold a valid ticket secret.
 * - `TLSCONN_E_INVALID`: `ctx` or `value` is NULL, `option` is not a string option, the name of
 *   a protocol is empty or longer than 255 bytes, the name of a group or a cipher suite is
 *   empty, unknown or repeated, or the list would have none for a version that is allowed.
 *
 * On failure nothing is changed.
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
     * One line of less than 1,000 characters.
     */
    TLSCONN_STYLE_LINE = 50,
    /**
     * A few lines for a dialog: what, why, and what to do. A line with text from a certificate
     * has at most 79 columns and goes on behind `|`; names are cut after 200 characters. A
     * fingerprint takes two lines, and the first ends with a colon.
     */
    TLSCONN_STYLE_SUMMARY = 51,
    /**
     * Everything, in the same form; values are cut after 1,000 characters, lists after 100
     * values.
     */
    TLSCONN_STYLE_FULL = 52,
    /**
     * One JSON object (RFC 8259). Its strings are exact, as those of tlsconn_cert_str(), and
     * cut like them; `cut` says whether anything was.
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
 * Any other number rejects, and so do end of input and a timeout. 0 rejects, so zeroed memory
 * does too. Nothing else in this header has the numbers that allow: what a validator returns by
 * mistake, such as `TLSCONN_WANT_ANSWER`, allows nobody.
 */
typedef enum {
    /**
     * No. This is never stored: the question is asked again next time.
     */
    TLSCONN_REJECT = 0,
    /**
     * Yes, for the connections that are waiting for this question now. Later ones ask again.
     */
    TLSCONN_ALLOW_ONCE = 1001,
    /**
     * Yes, from now on: stored in the file of known servers, or of known clients. Without such
     * a file it is the same as `TLSCONN_ALLOW_SESSION`.
     */
    TLSCONN_ALLOW_ALWAYS = 1002,
    /**
     * Yes, until the context is freed. It does not override an entry of the file of known
     * servers: there it is the same as `TLSCONN_ALLOW_ONCE`.
     */
    TLSCONN_ALLOW_SESSION = 1003,
    /**
     * From a validator only: the answer will be given with tlsconn_question_answer().
     */
    TLSCONN_ANSWER_LATER = 1004,
} tlsconn_answer;

/**
 * Why there is a question.
 */
typedef enum {
    /**
     * An unknown server with a valid certificate from a CA that you trust. No problems.
     */
    TLSCONN_SITUATION_NEW = 150,
    /**
     * The certificate of a known server has changed.
     */
    TLSCONN_SITUATION_CHANGED = 151,
    /**
     * A known server has a new certificate, from a CA, for its old key.
     */
    TLSCONN_SITUATION_RENEWED = 152,
    /**
     * An unknown server whose certificate has any problem: it is not from a CA you trust, has
     * expired, or is for another name.
     */
    TLSCONN_SITUATION_UNTRUSTED = 153,
    /**
     * A known server has a problem that was not accepted before.
     */
    TLSCONN_SITUATION_NEW_PROBLEM = 154,
    /**
     * A client that is not in the directory of clients and has no valid certificate from a CA,
     * or a known client with a problem that was not accepted before. Only if
     * `TLSCONN_OPT_ON_CLIENT` is ASK.
     */
    TLSCONN_SITUATION_CLIENT = 155,
} tlsconn_situation;

/**
 * A ready-made validator: asks on the terminal of the process.
 *
 * Pass it to tlsconn_ctx_set_validator() with `userdata` NULL. It shows the summary on
 * /dev/tty, not on the standard streams, and waits for a word to be typed there; anything
 * typed before is discarded. The line that asks names the peer, and offers an answer for the
 * session only to a server, or once the context has made more than one connection.
 *
 * One question at a time is on a terminal, across threads and programs: the terminal's device is
 * locked or, if you are not allowed to open it, the user is told that it cannot be locked. When
 * its turn comes, the files of known servers and known clients are read again, and nothing is
 * asked if another program has stored the answer.
 *
 * It rejects if there is no terminal, at end of input, after three words that are not answers,
 * when a signal handler has run on this thread, such as for Ctrl-C, when tlsconn_conn_abort() was
 * called for the connection that asks, and if `question` is NULL. Any thread.
 *
 * Returns one of `tlsconn_answer`. `TLSCONN_ANSWER_LATER`: there is no answer, and no need for
 * one, because the time to answer is over, the question was answered elsewhere, or the peer is
 * judged again without it.
 */
TLSCONN_API
int tlsconn_ask_terminal(tlsconn_question *question,
                         void *userdata);

/**
 * Take one more reference, to keep a question after a callback has returned or a connection
 * was freed.
 *
 * Returns `question`, or NULL for NULL. The reference is yours: free it with
 * tlsconn_question_unref(). Any thread.
 */
TLSCONN_API tlsconn_question *tlsconn_question_ref(tlsconn_question *question);

/**
 * Free a reference. NULL is allowed and does nothing. If nobody is left to answer a question,
 * it is rejected when its connections time out. Any thread.
 */
TLSCONN_API
void tlsconn_question_unref(tlsconn_question *question);

/**
 * Why there is a question: one of `tlsconn_situation`; 0 if `question` is NULL. Any thread.
 */
TLSCONN_API int tlsconn_question_situation(const tlsconn_question *question);

/**
 * Everything that is wrong with the peer, bits of `tlsconn_problem`. An answer that allows the
 * peer accepts these problems and no others. 0 if `question` is NULL. Any thread.
 */
TLSCONN_API
uint32_t tlsconn_question_problems(const tlsconn_question *question);

/**
 * The host that you connect to, or the verify name; never a name from the certificate.
 *
 * UTF-8; it lives as long as `question`, and is empty if that is NULL or about a client. Any
 * thread.
 */
TLSCONN_API
const char *tlsconn_question_host(const tlsconn_question *question);

/**
 * The port that you connect to; 0 if `question` is NULL or about a client. Any thread.
 */
TLSCONN_API int tlsconn_question_port(const tlsconn_question *question);

/**
 * The identity that the client would have.
 *
 * UTF-8; it lives as long as `question`, and is empty if that is NULL or about a server. Any
 * thread.
 */
TLSCONN_API
const char *tlsconn_question_identity(const tlsconn_question *question);

/**
 * The chain that the peer sent: its own certificate at 0, then the others.
 *
 * Borrowed from `question`; NULL past the end, or if `question` is NULL. Any thread.
 */
TLSCONN_API tlsconn_cert *tlsconn_question_cert(const tlsconn_question *question, size_t i);

/**
 * The certificate by which the peer is known; NULL if it is not known, or if `question` is
 * NULL.
 *
 * Borrowed from `question`. tlsconn_question_text() explains the difference. Any thread.
 */
TLSCONN_API tlsconn_cert *tlsconn_question_previous(const tlsconn_question *question);

/**
 * The question in words, ready for a dialog: what, why, and what to do.
 *
 * `style` is one of `tlsconn_style`. UTF-8, bounded, and escaped so that it cannot control a
 * terminal; no line that the peer wrote looks like one of ours. For a known server it says in
 * which file and line its entry stands and, if the certificate is another one, shows both
 * fingerprints and says whether a CA vouches for the new one.
 * It lives as long as `question`, and is empty if that is NULL or `style` is not one of
 * `tlsconn_style`. Any thread.
 */
TLSCONN_API
const char *tlsconn_question_text(const tlsconn_question *question,
                                  int style);

/**
 * Whether you can offer an answer: 1 or 0.
 *
 * `answer` is one of `tlsconn_answer`. `TLSCONN_ALLOW_ALWAYS` needs a file of known servers,
 * or of known clients; `TLSCONN_ALLOW_SESSION` cannot override an entry of one. 0 if
 * `question` is NULL or `answer` is not one of `tlsconn_answer`. Any thread.
 */
TLSCONN_API
int tlsconn_question_allows(const tlsconn_question *question,
                            int answer);

/**
 * Answer a question.
 *
 * `answer` is one of `tlsconn_answer`; any other number rejects. The first answer counts.
 * Every waiting connection wakes up and judges the peer again with the answer, which does not
 * cover problems that have appeared since. If no connection is waiting any more, a lasting
 * answer is still recorded. Any thread, even the one that runs the validator.
 *
 * Returns:
 * - `TLSCONN_OK`: answered.
 * - `TLSCONN_E_STALE`: the question has already been answered.
 * - `TLSCONN_E_FORKED`: called in a child process.
 * - `TLSCONN_E_STORE`, `TLSCONN_E_STORE_LOCKED`, `TLSCONN_E_PERMISSION`, `TLSCONN_E_NOMEM` (out of
 *   memory or file descriptors): the answer had to be stored at once and could not be; it lasts
 *   until the context is freed.
 * - `TLSCONN_E_CERT_CHANGED`: meanwhile another certificate was allowed for this host; that
 *   one stays.
 * - `TLSCONN_E_INVALID`: `question` is NULL, or `answer` is `TLSCONN_ANSWER_LATER`; the
 *   question stays open.
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
 * `flags` is 0 or bits of `tlsconn_flag`. A name with a trailing dot is looked up as it is,
 * without the resolver's search list; otherwise the dot makes no difference. All addresses of
 * the host are tried, a quarter of a second apart, alternating between IPv6 and IPv4 (RFC 8305).
 * Names are looked up on threads of the library, so timeouts and tlsconn_conn_abort() work during
 * the lookup too. Connections that want the same name share a lookup, and at most 16 names are
 * looked up at once; others wait. `*out` is yours; free it with tlsconn_conn_free(). It is NULL on
 * failure. Any thread.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: the connection was created.
 * - `TLSCONN_E_NO_KEY`: the context has your certificate without its key, or the key without
 *   its certificate.
 * - `TLSCONN_E_KEY_MISMATCH`: your key does not belong to your certificate.
 * - `TLSCONN_E_NOMEM`: there is no memory for another connection.
 * - `TLSCONN_E_UNSUPPORTED`: the system gives no random numbers.
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
 * `fd` stays yours: keep it open until tlsconn_conn_free() has returned, then close it; see
 * tlsconn_conn_shutdown() for what to do before, so that everything arrives. Its flags are not
 * changed; it may be blocking or non-blocking. A socket that is still connecting, after a
 * connect() that returned EINPROGRESS, is waited for by the handshake. `host` and `port` say which
 * server it is
 * connected to; the certificate and the known servers are checked against them. `*out`, `flags`
 * and everything else are as for tlsconn_connect(). Any thread.
 *
 * Returns what tlsconn_connect() returns, and also:
 *
 * - `TLSCONN_E_INVALID`: `fd` is not open, or no stream socket that is connected or connecting:
 *   one that was never connected or whose connect() has failed, a listener, a datagram socket, a
 *   pipe, a file. For pipes and the like use tlsconn_connect_mem().
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
 *   connection, and nothing is lost: read again. But if this call was still doing the handshake
 *   and ran into `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS`, the connection has ended; only then does
 *   tlsconn_conn_error() have this code too.
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
 * Takes `len` bytes from `buf`, and sets `*n` to the number of bytes taken on every return,
 * failures included. A blocking connection takes all of them unless it fails, and `n` may be
 * NULL. A non-blocking one takes as many as there is room for, at least one if it returns
 * `TLSCONN_OK`. What was taken is on its way, so never pass it again: what there was no room for
 * is sent by later calls. To go on after `TLSCONN_E_TIMEOUT`, write the bytes after the first
 * `*n`; then nothing is lost and nothing is sent twice. After an error that ended the connection
 * nobody knows how many of them the peer has received. One thread at a time may write.
 *
 * Returns what tlsconn_conn_handshake() returns, and also:
 *
 * - `TLSCONN_OK`: `*n` bytes were taken.
 * - `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE`, `TLSCONN_WANT_ANSWER`: nothing was taken yet, and
 *   `*n` is 0; from a non-blocking connection only.
 * - `TLSCONN_E_STATE`: tlsconn_conn_shutdown() was called before. You can still read.
 * - `TLSCONN_E_TIMEOUT`: not everything could be sent within `TLSCONN_OPT_IO_TIMEOUT_MS`. Does not
 *   end the connection: go on as said above. But if this call was still doing the handshake and
 *   ran into `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS`, the connection has ended, and `*n` is 0; only
 *   then does tlsconn_conn_error() have this code too.
 * - `TLSCONN_E_IO`, `TLSCONN_E_CANCELLED` and the other errors of the handshake: `*n` bytes were
 *   taken before.
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
 * If the library opened the connection, this also ends its side of the TCP connection, and waits
 * until the peer's system has received everything, or the peer has ended its own side: what you
 * wrote arrives, even if you free the connection next. What the peer sends meanwhile is kept for
 * you, up to about 100 kB; a peer that sends more may take nothing until you read. Without
 * `TLSCONN_OPT_IO_TIMEOUT_MS` a blocking call waits as long as the connection lives.
 *
 * On a descriptor of yours, and over memory, this only sends. A socket that is closed while unread
 * bytes are in it, or to which some come later, is reset, and what the system has not sent by then
 * is lost: a server's session tickets are such bytes. So, to be sure that everything arrives, call
 * shutdown(fd, SHUT_WR), read with tlsconn_conn_read() until it returns an error or
 * `TLSCONN_EOF`, and close the descriptor after that.
 *
 * Counts as writing: one thread at a time.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: close_notify was sent, and has arrived if the library opened the connection,
 *   now or before.
 * - `TLSCONN_WANT_WRITE`: not everything is sent; from a non-blocking connection only.
 * - `TLSCONN_WANT_READ`: not everything has arrived; from a non-blocking connection only. Poll as
 *   tlsconn_conn_poll() says: the timeout counts, because nothing announces the arrival.
 * - `TLSCONN_E_STATE`: the handshake is not complete; nothing is sent.
 * - `TLSCONN_E_TIMEOUT`: `TLSCONN_OPT_IO_TIMEOUT_MS` passed, for a non-blocking connection since
 *   its first call. Does not end the connection: call again to go on waiting.
 * - `TLSCONN_E_BUSY`: as for tlsconn_conn_write().
 * - `TLSCONN_E_IO`: the network failed, or the peer broke the connection off before it had
 *   received everything. What came before can still be read.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
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
 * A loop that does so never spins. `*timeout_ms` is 0 only while a call gets further at once:
 * before the first call, when the question has been answered, when there is something to read or
 * over memory to process, and after the end of the connection. When TLSCONN_EOF was returned and
 * nothing is being written, there is nothing to wait for: `*timeout_ms` is -1. During a
 * tlsconn_conn_shutdown() it is at most 250, because nothing announces that data has arrived.
 *
 * A server with thousands of clients can save this descriptor: if `fd` is NULL and the connection
 * uses your own descriptor, poll that one for `*events`. While a question is open, and after
 * TLSCONN_EOF, `*events` is 0. Then leave the descriptor out of the poll set, because poll()
 * reports a hangup even if you do not ask for it. While a question is open nothing wakes you: make
 * the call again yourself when the question is answered, the connection is aborted or the timeout
 * has passed. If the client has gone by then, the call returns `TLSCONN_E_PEER_GONE`.
 *
 * Returns:
 *
 * - `TLSCONN_OK`: `*fd`, `*events` and `*timeout_ms` are set. On failure they are -1, 0 and 0.
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
 * Any thread, once every other call with it has returned. It never waits. A connection that the
 * library opened is closed at once, without telling the peer, and what has not arrived may be
 * lost: wait for `TLSCONN_OK` from tlsconn_conn_shutdown() first if the peer must have everything
 * and know that this is the end. A descriptor of yours stays open. Everything borrowed from the
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
     * The IANA name of the key exchange group, such as `X25519MLKEM768` or `x25519`: the same that
     * `TLSCONN_OPT_GROUPS` takes.
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
     * for clients without a certificate. It is the identity byte
     * for byte, of at most 400 characters, all of them visible: names that have others are no
     * identity.
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
     * asked, and you have none) or `withheld` (the server named other CAs). The server cannot tell
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
 * such as a file of known servers that could not be written.
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
 * keep it open until tlsconn_conn_free() has returned, then close it; see tlsconn_conn_shutdown()
 * for what to do before, so that everything arrives. Its flags are not changed; it may be blocking
 * or non-blocking. `flags` is 0 or bits of `tlsconn_flag`. This call sends
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
 * - `TLSCONN_E_NOMEM`: there is no memory for another connection.
 * - `TLSCONN_E_UNSUPPORTED`: the system gives no random numbers.
 * - `TLSCONN_E_INVALID`: a pointer is NULL, `flags` is invalid, or `fd` is not a connected stream
 *   socket. A client that has already hung up is not an error here: the handshake reports it.
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
 * The directory and each entry must belong to you or to root, and nobody else may be able to
 * write them; with `TLSCONN_OPT_DIR_GROUP_WRITE` the group may. An entry may be a symbolic link,
 * as in volumes of containers: the same is then asked of the file that it leads to, and of each
 * directory on the way (in a sticky one, such as /tmp, others may write), as it is of the way to
 * the directory itself.
 *
 * A file with the name of an entry that does not count is reported twice: by this call, which
 * reads every file once, and by the error of a client that the file would have allowed. When this
 * call returns `TLSCONN_OK`, tlsconn_last_error() has the code `TLSCONN_OK` if every file counts;
 * else it has the code `TLSCONN_E_FILE`, and its message names the first files that do not count
 * and says why. From 200 entries without a hash link on, it says that too, and its hint has the
 * command that makes the links.
 *
 * On failure the context is unchanged. Returns:
 *
 * - `TLSCONN_OK`: the directory is set.
 * - `TLSCONN_E_FILE`: `dir` is not a directory or cannot be read.
 * - `TLSCONN_E_PERMISSION`: it belongs to another user, or others can write to it, or lead the way
 *   to it elsewhere.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
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
 * this function is never called, there is no list. `identity` is UTF-8 and is copied. Any thread.
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
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
 * - `TLSCONN_E_FORKED`: the connection was created before fork().
 * - `TLSCONN_E_INVALID`: `conn` is NULL.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_conn_recheck(tlsconn_conn *conn);

/* ---------- Known peers ---------- */

/**
 * Which side of a connection a peer is on.
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
 * A peer that is known by its certificate, or a certificate that is distrusted.
 *
 * Borrowed, and valid only during the call of `tlsconn_known_fn`. New members are added at the
 * end.
 */
typedef struct {
    /**
     * The host, UTF-8. Empty for a client, which has none, and for a server entry without a
     * host, which applies to the names in its certificate.
     */
    const char *host;
    /**
     * The port. 0 means any port; also 0 for a client.
     */
    int port;
    /**
     * One of `tlsconn_role`.
     */
    int role;
    /**
     * 1 if the certificate is distrusted, else 0.
     */
    int distrusted;
    /**
     * The problems that were accepted with it, bits of `tlsconn_problem`.
     */
    uint32_t accepted;
    /**
     * When it was added, in seconds since 1970; 0 if unknown.
     */
    int64_t added;
    /**
     * When it expires and is no longer accepted, in seconds since 1970; 0 for never.
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
 * Gets one known peer. Returns 0 to continue. A number above 0 stops and is what
 * tlsconn_known_each() returns; a number below 0 stops, too, and makes it fail with
 * `TLSCONN_E_CALLBACK`. It may call the library, and may also add and remove known peers.
 */
typedef int (*tlsconn_known_fn)(const tlsconn_known *known, void *userdata);

/**
 * List the known peers: those in the files of known servers and known clients, those added as
 * trusted material, and those allowed until the context is freed.
 *
 * `host` is UTF-8, and is copied. With `host` NULL all are listed, including clients, distrusted
 * certificates and entries without a host, and `port` is ignored. Otherwise only those for this
 * host are listed and, unless `port` is 0, only those for this port or for any port. The list is
 * as it was when the call began. `fn` is called on this thread, with `userdata`, which stays
 * yours. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: all have been listed.
 * - A number above 0: what `fn` returned. This function has no such result of its own, and never
 *   returns a `TLSCONN_WANT_` or `TLSCONN_EOF`.
 * - `TLSCONN_E_CALLBACK`: `fn` returned a number below 0; the message quotes it.
 * - `TLSCONN_E_STORE`, `TLSCONN_E_PERMISSION`: a file cannot be read, or cannot be trusted.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
 * - `TLSCONN_E_INVALID`: `ctx` or `fn` is NULL, or `host` or `port` is not valid.
 */
TLSCONN_API
int tlsconn_known_each(tlsconn_ctx *ctx,
                       const char *host,
                       int port,
                       tlsconn_known_fn fn,
                       void *userdata);

/**
 * Add a known server with this certificate. It replaces the entry for this host and port.
 *
 * `host` is UTF-8, and is copied; `port` is 1 to 65535; `cert` stays yours; `accepted` is the
 * problems that are accepted with this certificate, bits of `tlsconn_problem` below 0x10000. The
 * entry is written to the file of known servers; without such a file it lasts until the context is
 * freed. It does not undo distrust. Any
 * thread.
 *
 * Returns:
 * - `TLSCONN_OK`: added.
 * - `TLSCONN_E_STORE`: the file of known servers cannot be written. It is unchanged, unless the
 *   message says that the change may have been stored: a disk that fails may allow neither.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors. The file is as above; the same call can
 *   succeed later.
 * - `TLSCONN_E_STORE_LOCKED`: another process has locked it for too long.
 * - `TLSCONN_E_PERMISSION`: others can write it, or lead the way to it elsewhere.
 * - `TLSCONN_E_INVALID`: a pointer is NULL, or `host`, `port` or `accepted` is not valid.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_set(tlsconn_ctx *ctx,
                      const char *host,
                      int port,
                      tlsconn_cert *cert,
                      uint32_t accepted);

/**
 * Forget the server at this host and port: the next connection treats it as unknown.
 *
 * `host` and `port` are as for tlsconn_known_set(). Entries for any port, entries without a
 * host, trusted material and distrust stay. Any thread.
 *
 * Returns what tlsconn_known_set() returns, and:
 * - `TLSCONN_OK`: removed.
 * - `TLSCONN_E_NOT_FOUND`: there is no such entry.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_remove(tlsconn_ctx *ctx,
                         const char *host,
                         int port);

/**
 * Forget every peer, server or client, that is known by this certificate.
 *
 * It is removed from the files of known servers and known clients, and from what was allowed
 * until the context is freed. A client has no host, so this is the way to forget one: its next
 * connection is from an unknown client, and for those already open tlsconn_conn_recheck() says
 * so. Trusted material and distrust stay. Any thread.
 *
 * Returns what tlsconn_known_set() returns, and:
 * - `TLSCONN_OK`: removed.
 * - `TLSCONN_E_NOT_FOUND`: no peer is known by it.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_remove_cert(tlsconn_ctx *ctx,
                              tlsconn_cert *cert);

/**
 * Mark a certificate as distrusted, or remove the mark.
 *
 * With `on` 1 this certificate, and every certificate with the same key, is refused
 * everywhere: for any host, port and role, as the peer's own or anywhere above it in the
 * chain. Only this call with `on` 0 undoes that. The mark is written to the file of known servers,
 * or to that of known clients if only that one is set; with neither, it lasts until the context is
 * freed. A mark in either file applies to servers and clients alike, and is removed from both.
 * `cert` stays yours. Any thread.
 *
 * Returns what tlsconn_known_set() returns, and:
 * - `TLSCONN_OK`: marked, or the mark is removed.
 * - `TLSCONN_E_NOT_FOUND`: there is no mark to remove.
 * - `TLSCONN_E_STORE`, `TLSCONN_E_STORE_LOCKED`, `TLSCONN_E_PERMISSION`, `TLSCONN_E_NOMEM`: as for
 *   tlsconn_known_set(). Whatever the file says then, this context goes on distrusting the
 *   certificate until it is freed, or the mark is removed by a call that succeeds.
 * - `TLSCONN_E_INVALID`: `on` is neither 0 nor 1.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_known_distrust(tlsconn_ctx *ctx,
                           tlsconn_cert *cert,
                           int on);

/* ---------- Client directories ---------- */

/**
 * Update the hash links of a directory, as `openssl rehash` does.
 *
 * A file gets a link if its name ends in `.pem`, `.crt`, `.cer` or `.crl`, in upper or lower
 * case, and it holds a single certificate, with or without its key, or a single revocation
 * list (CRL). If several files hold the same, the first by name gets the link. Other files are
 * skipped. New links are made before old ones are removed, so no certificate is ever missing
 * meanwhile. Files that are not hash links are never touched. Call it after files were added,
 * removed or renamed, or when the subject of a certificate has changed. It waits up to a minute
 * for another call, in any process, that is updating the same directory. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: the links are up to date.
 * - `TLSCONN_E_FILE`: the directory cannot be read or written, or another program changed its
 *   links at the same time.
 * - `TLSCONN_E_BUSY`: another process has been updating it for more than a minute.
 * - `TLSCONN_E_TOO_BIG`: more than 256 files have the same hash; nothing was changed.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
 * - `TLSCONN_E_INVALID`: `dir` is NULL or empty.
 */
TLSCONN_API
TLSCONN_MUST
int tlsconn_dir_rehash(const char *dir);

/* ---------- Judging without a connection ---------- */

/**
 * Check a certificate chain without a connection, as if the peer had proved that it holds the
 * key.
 *
 * The checks are those of a connection (RFC 5280, 6125 and 9525), with the CAs, revocation
 * lists (CRLs), known peers, profile and time of the context. The result is that of a
 * connection which asks nobody and has every policy at `TLSCONN_POLICY_AUTO`. `role` is the
 * `tlsconn_role` of the peer whose chain it is. `host` is the name that a server's certificate
 * must be for; if NULL, names are not checked. `port` is the port of the host; if it is 0 or
 * `host` is NULL, known servers are not looked up. `chain_pem` is `len` bytes of PEM, the
 * peer's own certificate first; it needs no NUL at its end, and is not kept.
 *
 * For a client `host` and `port` are ignored. Its chain is checked as for a client that
 * connects: against the directory of clients, the known clients, the CAs as far as they count
 * for clients, and the lists of allowed clients. It must have an identity, which no other
 * client may have.
 *
 * `*problems` is set to everything that is wrong, bits of `tlsconn_problem`, including what
 * was accepted with a known peer. `*why` is set to a text for people. First it has a line that
 * begins with `!` for each problem, naming the certificate, date, CA or revocation list. Then
 * it has the path, a line for each depth, from `0:`, the peer's own certificate, up to the CA,
 * with the revocation list that was consulted, if one was up to date. The text lives until the
 * next call of this function on this thread. `problems` and `why` may be NULL. If the chain could
 * not be judged, as on `TLSCONN_E_INVALID`, `TLSCONN_E_PARSE` and `TLSCONN_E_STORE`, they are set
 * to 0 and an empty text. Any thread.
 *
 * Returns:
 * - `TLSCONN_OK`: the peer would be accepted.
 * - `TLSCONN_E_CERT`: refused, the certificate has problems.
 * - `TLSCONN_E_CERT_REVOKED`: refused, a certificate has been revoked.
 * - `TLSCONN_E_CERT_CHANGED`: refused, the host is known by another certificate.
 * - `TLSCONN_E_CERT_UNKNOWN`: refused, the client is unknown.
 * - `TLSCONN_E_CERT_DISTRUSTED`: refused, a certificate or key is marked as distrusted.
 * - `TLSCONN_E_PROTOCOL`: refused, the peer is known, but TLS here cannot use its key.
 * - `TLSCONN_E_NOT_ALLOWED`: refused, the client is not on a list of allowed clients, has no
 *   identity, or has the identity of another client; `*problems` may be 0.
 * - `TLSCONN_E_PARSE`: `chain_pem` holds no certificate.
 * - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
 * - `TLSCONN_E_STORE`, `TLSCONN_E_FILE`, `TLSCONN_E_PERMISSION`: a file of known servers or
 *   clients, or the directory of clients, cannot be read, or cannot be trusted.
 * - `TLSCONN_E_INVALID`: `ctx` or `chain_pem` is NULL, `role` is not one of `tlsconn_role`,
 *   `host` is not a valid host, `port` is not 0 to 65535, or `len` is not a valid length.
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
     * none. After 100 names, or 4,000 characters, comes `and 9900 more`.
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
 * - `TLSCONN_E_NOMEM`: out of memory.
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
 * The text is exact, for programs that compare: what is not one visible character is an escape
 * such as `\x0a` or `\u{200b}`, and the second and each further blank in a row is `\x20`. It
 * is cut after 1,000 characters; tlsconn_cert_der() has everything.
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
 * The kinds of certificate data: the four that the mail defines, and the fifth that its text
 * mentions.
 */
typedef enum {
    /**
     * CA certificates.
     */
    VIR_CERT_CA_CERT = 0,
    /**
     * Certificate revocation lists (CRLs).
     */
    VIR_CERT_CA_CRL = 1,
    /**
     * Your private key.
     */
    VIR_CERT_CLIENT_KEY = 2,
    /**
     * Your certificate.
     */
    VIR_CERT_CLIENT_CERT = 3,
    /**
     * Trusted server certificates. If added as a file, it becomes the file of known servers,
     * which need not exist yet.
     */
    VIR_CERT_TRUSTED_SERVER = 4,
} virConnectCertDataType;

/**
 * Decides about an unknown server with a valid certificate from a CA.
 *
 * `hostname` is the host that you connect to; `cert` is the server's certificate in PEM; both
 * live until it returns. It runs on the thread that called the library, and may call the
 * library itself. Its answers are the numbers of the proposal: 0 rejects the server, 1 allows it
 * once, 2 allows it permanently, and any other number rejects it, one of `tlsconn_answer` too.
 */
typedef int (*virConnectCertificateValidator)(const char *hostname, const char *cert);

/**
 * Add certificate data from memory to the default context.
 *
 * `dataType` is one of `virConnectCertDataType`; `data` is a NUL-terminated PEM text, and is
 * copied. Any thread.
 *
 * Returns 0, or -1 on failure: tlsconn_last_error() then has the error that tlsconn_ctx_add()
 * would have returned, and the context is unchanged.
 */
TLSCONN_API
int virConnectAddCertData(int dataType,
                          const char *data);

/**
 * Add certificate data from a PEM file to the default context.
 *
 * `dataType` is one of `virConnectCertDataType`; `dataFile` is a path, any bytes up to a NUL.
 * A file of `VIR_CERT_TRUSTED_SERVER` becomes the file of known servers, to which an answer of 2
 * writes. Any thread.
 *
 * Returns 0, or -1 on failure: tlsconn_last_error() then has the error that
 * tlsconn_ctx_add_file() or tlsconn_ctx_set_known_file() would have returned, and the context
 * is unchanged.
 */
TLSCONN_API
int virConnectAddCertDataFile(int dataType,
                              const char *dataFile);

/**
 * Set the function that decides about unknown servers, on the default context.
 *
 * It is asked only about servers whose certificate passed every check; in any other situation
 * that would need an answer the server is refused, and the error has its problems. `cb` may be
 * NULL: if a function was ever set, unknown servers are then refused.
 * tlsconn_ctx_set_validator() on tlsconn_ctx_default() replaces it. Any thread.
 *
 * Returns 0.
 */
TLSCONN_API
int virConnectSetCertificateValidator(virConnectCertificateValidator cb);

#ifdef __cplusplus
}
#endif

#endif  /* TLSCONN_H */
