/* What the header says of stacks, of memory and of random numbers. */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#endif

#include "contract_effects.h"

/* ---------- the least stack ---------- */

#define STACK ((size_t)128 << 10)

/* Where the files of the test are. */
static char directory[64];

static int answers(tlsconn_question *question, void *userdata)
{
    int style;

    (void)userdata;
    for (style = TLSCONN_STYLE_LINE; style <= TLSCONN_STYLE_PEM; style++)
        CHECK(*tlsconn_question_text(question, style));
    return TLSCONN_ALLOW_ALWAYS;
}

static int shows(const tlsconn_known *known, void *userdata)
{
    int style;

    (void)userdata;
    for (style = TLSCONN_STYLE_LINE; style <= TLSCONN_STYLE_PEM; style++)
        CHECK(*tlsconn_cert_text(known->cert, style));
    return 0;
}

static int passphrase(const char *what, uint32_t attempt, char *buf, size_t size, void *userdata)
{
    (void)what;
    (void)attempt;
    (void)userdata;
    CHECK(size >= 5);
    memcpy(buf, "right", 5);
    return 5;
}

static tlsconn_ctx *a_full_client(const char *known)
{
    tlsconn_ctx *ctx = context(pki);

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_passphrase(ctx, passphrase, NULL, NULL));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CERT, pki, "client.pem"));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_KEY, pki, "locked.key"));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "crl.pem"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(ctx, known));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_validator(ctx, answers, NULL, NULL));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_ON_UNTRUSTED, TLSCONN_POLICY_ASK));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(ctx, TLSCONN_OPT_SEND_CLIENT_CERT, TLSCONN_SEND_CERT_ALWAYS));
    return ctx;
}

/* Both sides of a connection, with everything that is done for one. */
static void the_whole_job(int version)
{
    static const char *const chains[] = { "server.pem", "strange.pem", "self.pem", "revoked.pem", "sha1.pem" };
    char *known = path_in(directory, "trusted.pem");
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_full_client(known);
    struct both both;
    char some[64];
    size_t n;
    size_t i;
    uint32_t problems;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(client, TLSCONN_OPT_MAX_VERSION, version));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(server, pki));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_DIR_AND_CA, 1));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_TICKETS, 1));
    both = meet(server, client);
    EXPECT(TLSCONN_OK, run(&both));
    EXPECT(TLSCONN_OK, tlsconn_conn_write(both.client, "hello", 5, &n));
    carry(both.client, both.server);
    EXPECT(TLSCONN_OK, tlsconn_conn_read(both.server, some, sizeof some, &n));
    EXPECT(TLSCONN_OK, tlsconn_conn_recheck(both.server));
    EXPECT(TLSCONN_OK, tlsconn_conn_recheck(both.client));
    for EACH(i, chains) {
        (void)judged(client, TLSCONN_ROLE_SERVER, "localhost", 1, chains[i], &problems);
        (void)judged(server, TLSCONN_ROLE_CLIENT, NULL, 0, chains[i], &problems);
    }
    EXPECT(TLSCONN_OK, tlsconn_known_each(client, NULL, 0, shows, NULL));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(client));
    EXPECT(TLSCONN_OK, tlsconn_conn_shutdown(both.client));
    part(&both);
    EXPECT(TLSCONN_OK, tlsconn_known_remove(client, "localhost", 1));
    EXPECT(TLSCONN_OK, tlsconn_dir_rehash(directory));
    tlsconn_ctx_unref(server);
    tlsconn_ctx_unref(client);
    free(known);
}

static void *works(void *userdata)
{
    (void)userdata;
    the_whole_job(TLSCONN_TLS_1_2);
    the_whole_job(TLSCONN_TLS_1_3);
    return NULL;
}

static void a_small_stack(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    scratch(directory);
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, works, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
    remove_scratch(directory);
}

/* ---------- memory and random numbers, each in a process of its own ---------- */

static void in_a_child(void (*test)(void))
{
    int status = -1;
    pid_t child;

    fflush(stderr);
    child = fork();
    if (child == 0) {
        failures = 0;
        test();
        fflush(stderr);
        _exit(failures ? 1 : 0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
/* How much address space the process has, in bytes. */
static size_t address_space(void)
{
    FILE *file = or_die(fopen("/proc/self/statm", "r"));
    unsigned long pages = 0;

    CHECK(fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void without_memory(void)
{
    const size_t copies = 20000;
    size_t len;
    char *one = contents(pki, "ca.pem", &len);
    char *many = or_die(malloc(len * copies));
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = a_client("client");
    static struct both open[20000];
    tlsconn_cert *cert = (tlsconn_cert *)&client;
    uint32_t problems = 77;
    const char *why = NULL;
    struct rlimit limit;
    size_t count = 0;
    size_t i;
    int code = TLSCONN_OK;

    for (i = 0; i < copies; i++)
        memcpy(many + i * len, one, len);
    limit.rlim_cur = limit.rlim_max = address_space() + ((size_t)16 << 20);
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);

    EXPECT(TLSCONN_E_NOMEM, tlsconn_ctx_add(client, TLSCONN_MAT_CA, many, len * copies));
    EXPECT(TLSCONN_E_NOMEM, tlsconn_ctx_add(client, TLSCONN_MAT_TRUSTED_PEER, many, len * copies));
    EXPECT(TLSCONN_E_NOMEM, tlsconn_ctx_add(client, TLSCONN_MAT_CERT, many, len * copies));
    EXPECT(TLSCONN_E_NOMEM, tlsconn_ctx_add(client, TLSCONN_MAT_KEY, many, len * copies));
    EXPECT(TLSCONN_E_NOMEM, tlsconn_ctx_add(client, TLSCONN_MAT_CRL, many, len * copies));
    EXPECT(TLSCONN_E_NOMEM, tlsconn_cert_parse(many, len * copies, &cert));
    CHECK(cert == NULL);
    EXPECT(TLSCONN_E_NOMEM, tlsconn_ctx_verify(client, TLSCONN_ROLE_SERVER, NULL, 0, many, len * copies, &problems, &why));
    CHECK(problems == 0 && why && !*why);
    /* What is small is still taken, and so are connections as long as there is room for them. */
    EXPECT(TLSCONN_OK, tlsconn_ctx_add(client, TLSCONN_MAT_CA, one, len));
    while (code == TLSCONN_OK && count < sizeof open / sizeof *open) {
        code = tlsconn_accept_mem(server, &open[count].server);
        if (code == TLSCONN_OK)
            code = tlsconn_connect_mem(client, "localhost", 1, &open[count].client);
        if (code == TLSCONN_OK)
            code = run(&open[count]);
        count++;
    }
    EXPECT(TLSCONN_E_NOMEM, code);
    CHECK(count > 1);
    /* There is room again once some are gone. */
    for (i = 0; i < count; i++)
        part(&open[i]);
    EXPECT(TLSCONN_OK, comes(server, "client"));
}
#endif

/* ---------- descriptors ---------- */

/* No descriptor can be opened, or, with 0, as many as before. */
static void no_more_descriptors(int none)
{
    static struct rlimit before;
    struct rlimit limit;

    if (none) {
        int next = dup(STDERR_FILENO);

        CHECK(next > 0 && close(next) == 0);
        CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
        limit = before;
        limit.rlim_cur = (rlim_t)next;
    } else
        limit = before;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void write_file(const char *path, const void *text, size_t len)
{
    FILE *file = or_die(fopen(path, "w"));

    CHECK(fwrite(text, 1, len, file) == len);
    CHECK(fclose(file) == 0);
    CHECK(chmod(path, 0600) == 0);
}

static void write_file_in(const char *where, const char *name, const void *text, size_t len)
{
    char *path = path_in(where, name);

    write_file(path, text, len);
    free(path);
}

/* Removes every file in a directory. */
static void empty(const char *where)
{
    DIR *list = or_die(opendir(where));
    struct dirent *entry;

    while ((entry = readdir(list))) {
        char *path = path_in(where, entry->d_name);

        (void)unlink(path);
        free(path);
    }
    closedir(list);
}

static int counts(const tlsconn_known *known, void *userdata)
{
    (void)known;
    ++*(int *)userdata;
    return 0;
}

static void without_descriptors(void)
{
    enum { LEAST = 0, CA_FILE = LEAST, CA_DIR, PAIR, KNOWN_FILE, CLIENT_DIR, REHASH, KEY_LOG, SECRET,
           RELOAD, EACH_KNOWN, SET, REMOVE, DISTRUST, JUDGE, SHAKE, MOST = SHAKE };
    char *known, *clients, *log, *secret, *ca, *cert, *key, *revoked;
    tlsconn_ctx *ctx, *server = a_server();
    tlsconn_cert *one = NULL;
    size_t len, chain_len;
    char *pem, *list, *chain;
    int what, none, seen;

    EXPECT(TLSCONN_OK, tlsconn_ctx_set_int(server, TLSCONN_OPT_CLIENT_AUTH, TLSCONN_CLIENT_AUTH_NONE));
    scratch(directory);
    known = path_in(directory, "trusted.pem");
    clients = path_in(directory, "clients");
    log = path_in(directory, "keys.log");
    secret = path_in(directory, "secret");
    revoked = path_in(directory, "crl.pem");
    ca = path_in(pki, "ca.pem");
    cert = path_in(pki, "server.pem");
    key = path_in(pki, "server.key");
    pem = contents(pki, "self.pem", &len);
    EXPECT(TLSCONN_OK, tlsconn_cert_parse(pem, len, &one));
    CHECK(mkdir(clients, 0700) == 0);
    write_file(secret, "0123456789abcdefghijklmnopqrstuvwxyz", 36);
    list = contents(pki, "ca.pem", &len);
    write_file_in(clients, "ca.pem", list, len);
    free(list);
    free(pem);
    chain = contents(pki, "server.pem", &chain_len);
    list = contents(pki, "crl.pem", &len);
    for (what = LEAST; what <= MOST; what++) {
        ctx = context(pki);
        write_file(revoked, list, len);
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(ctx, known));
        EXPECT(TLSCONN_OK, tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CRL, revoked));
        /* Another file of the same name, which a reload must read. */
        CHECK(unlink(revoked) == 0);
        write_file(revoked, list, len);
        EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "first.example", 1, one, 0));
        if (what == JUDGE || what == SHAKE || what == EACH_KNOWN) {
            /* Somebody else has written the file since it was read. */
            tlsconn_ctx *another = context(pki);

            EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(another, known));
            EXPECT(TLSCONN_OK, tlsconn_known_set(another, "second.example", 1, one, 0));
            tlsconn_ctx_unref(another);
        }
        for (none = 1; none >= 0; none--) {
            int wanted = none ? TLSCONN_E_NOMEM : TLSCONN_OK, code = 1;
            struct both both;

            if (none)
                no_more_descriptors(1);
            switch (what) {
            case CA_FILE: code = tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, ca); break;
            case CA_DIR: code = tlsconn_ctx_add_dir(ctx, TLSCONN_MAT_CA, clients); break;
            case PAIR: code = tlsconn_ctx_add_server_pair(ctx, NULL, cert, key); break;
            case KNOWN_FILE: code = tlsconn_ctx_set_known_file(ctx, known); break;
            case CLIENT_DIR: code = tlsconn_ctx_set_client_dir(ctx, clients); break;
            case REHASH: code = tlsconn_dir_rehash(clients); break;
            case KEY_LOG: code = tlsconn_ctx_set_str(ctx, TLSCONN_OPT_KEYLOG_FILE, log); break;
            case SECRET: code = tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, secret); break;
            case RELOAD: code = tlsconn_ctx_reload(ctx); break;
            case EACH_KNOWN:
                seen = 0;
                code = tlsconn_known_each(ctx, NULL, 0, counts, &seen);
                CHECK(seen == (none ? 0 : 2));
                break;
            case SET: code = tlsconn_known_set(ctx, "third.example", 1, one, 0); break;
            case REMOVE: code = tlsconn_known_remove(ctx, "first.example", 1); break;
            case DISTRUST: code = tlsconn_known_distrust(ctx, one, 1); break;
            case JUDGE:
                code = tlsconn_ctx_verify(ctx, TLSCONN_ROLE_SERVER, "localhost", 1, chain, chain_len, NULL, NULL);
                break;
            case SHAKE:
                both = meet(server, ctx);
                code = run_client(&both);
                part(&both);
                break;
            default: break;
            }
            if (none)
                no_more_descriptors(0);
            if (code != wanted)
                fprintf(stderr, "case %d, without descriptors %d: ", what, none);
            EXPECT(wanted, code);
        }
        tlsconn_ctx_unref(ctx);
        CHECK(unlink(known) == 0);
    }
    tlsconn_ctx_unref(server);
    tlsconn_cert_unref(one);
    empty(clients);
    CHECK(rmdir(clients) == 0);
    empty(directory);
    free(known);
    free(clients);
    free(log);
    free(secret);
    free(revoked);
    free(ca);
    free(cert);
    free(key);
    free(chain);
    free(list);
    remove_scratch(directory);
}

#ifdef __linux__
/* Refuses getrandom() from now on, as a sandbox may. */
static void refuse_random(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void without_random_numbers(void)
{
    tlsconn_ctx *ctx;
    tlsconn_conn *conn = (tlsconn_conn *)&ctx;

    refuse_random();
    ctx = a_server();
    EXPECT(TLSCONN_E_UNSUPPORTED, tlsconn_connect_mem(ctx, "localhost", 1, &conn));
    CHECK(conn == NULL && strstr(tlsconn_error_message(tlsconn_last_error()), "random") != NULL);
    EXPECT(TLSCONN_E_UNSUPPORTED, tlsconn_connect(ctx, "localhost", 1, 0, &conn));
    EXPECT(TLSCONN_E_UNSUPPORTED, tlsconn_accept_mem(ctx, &conn));
    tlsconn_ctx_unref(ctx);
}
#endif

int main(int argc, char **argv)
{
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
    const char *preloaded = getenv("LD_PRELOAD");
#endif

    if (argc != 2)
        return 2;
    pki = argv[1];
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
    /* A checker of memory has an allocator of its own. */
    if (!preloaded || !strstr(preloaded, "valgrind"))
        in_a_child(without_memory);
#endif
    in_a_child(without_descriptors);
#ifdef __linux__
    in_a_child(without_random_numbers);
#endif
    a_small_stack();
    return result(argv[0]);
}
