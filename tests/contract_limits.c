/* What the header says of stacks, of memory and of random numbers. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <sys/resource.h>

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
    alarm(300); /* No failure of a test may become a wait for ever. */
    pki = argv[1];
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
    /* A checker of memory has an allocator of its own. */
    if (!preloaded || !strstr(preloaded, "valgrind"))
        in_a_child(without_memory);
#endif
#ifdef __linux__
    in_a_child(without_random_numbers);
#endif
    a_small_stack();
    return result(argv[0]);
}
