/* The environment: the header lists every variable that is read, and a program with rights that its
 * caller does not have believes none of them. */
#include <sys/stat.h>

#include "contract_effects.h"

/* Of XSI, which is not asked for. */
extern int setreuid(uid_t real, uid_t effective);
extern char *realpath(const char *path, char *resolved);
extern char **environ;

#define STRANGER 54321

/* The names that were asked for; the library's own calls of getenv() come here, too, some of them
 * before main(). */
static char asked[64][64];
static size_t names;

char *getenv(const char *name)
{
    size_t length = strlen(name), i;

    for (i = 0; i < names; i++)
        if (strcmp(asked[i], name) == 0)
            break;
    if (i == names && i < sizeof asked / sizeof *asked && length < sizeof *asked)
        strcpy(asked[names++], name);
    for (i = 0; environ && environ[i]; i++)
        if (strncmp(environ[i], name, length) == 0 && environ[i][length] == '=')
            return environ[i] + length + 1;
    return NULL;
}

static int was_asked(const char *name)
{
    size_t i;

    for (i = 0; i < names; i++)
        if (strcmp(asked[i], name) == 0)
            return 1;
    return 0;
}

/* Whether TLSCONN_DIR and HOME are believed. */
static void find_layout(int is_found)
{
    char *inside = path_in(pki, "layout"), *layout = or_die(realpath(inside, NULL));
    static const char *const variables[] = { "TLSCONN_DIR", "HOME" };
    char home[] = "/tmp/tlsconn-contract-XXXXXX", pki_dir[64], link[128];
    size_t i;

    or_die(mkdtemp(home));
    snprintf(pki_dir, sizeof pki_dir, "%s/.pki", home);
    snprintf(link, sizeof link, "%s/tlsconn", pki_dir);
    CHECK(mkdir(pki_dir, 0755) == 0 && symlink(layout, link) == 0);
    for EACH(i, variables) {
        tlsconn_ctx *ctx = tlsconn_ctx_new();
        tlsconn_ctx *other = tlsconn_ctx_new();

        CHECK(unsetenv("TLSCONN_DIR") == 0 && unsetenv("HOME") == 0);
        CHECK(setenv(variables[i], i == 0 ? layout : home, 1) == 0);
        EXPECT(is_found ? TLSCONN_OK : TLSCONN_E_NO_CA, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, NULL));
        if (!is_found) {
            CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), "neither TLSCONN_DIR nor HOME") != NULL);
            EXPECT(TLSCONN_E_NO_CA, tlsconn_ctx_add_layout(other, TLSCONN_LAYOUT_DOCKER, NULL));
        }
        tlsconn_ctx_unref(other);
        tlsconn_ctx_unref(ctx);
    }
    CHECK(unlink(link) == 0 && rmdir(pki_dir) == 0 && rmdir(home) == 0);
    free(layout);
    free(inside);
}

/* Whether SSL_CERT_FILE and SSL_CERT_DIR are believed. */
static void find_roots(int is_found)
{
    static const char *const variables[] = { "SSL_CERT_FILE", "SSL_CERT_DIR" };
    char *file = path_in(pki, "ca.pem");
    char *directories = or_die(malloc(2 * strlen(pki) + 64));
    uint32_t problems;
    size_t i;

    sprintf(directories, "/nowhere:%s/layout/ca", pki);
    for EACH(i, variables) {
        tlsconn_ctx *ctx = tlsconn_ctx_new();
        int code;

        CHECK(unsetenv("SSL_CERT_FILE") == 0 && unsetenv("SSL_CERT_DIR") == 0);
        CHECK(setenv(variables[i], i == 0 ? file : directories, 1) == 0);
        code = tlsconn_ctx_add_system_roots(ctx);
        /* Without the variable there may be none here. */
        CHECK(code == TLSCONN_OK || (!is_found && code == TLSCONN_E_NO_CA));
        code = judged(ctx, TLSCONN_ROLE_SERVER, "localhost", 443, "server.pem", &problems);
        CHECK(is_found ? code == TLSCONN_OK : (problems & TLSCONN_P_UNKNOWN_ISSUER) != 0);
        tlsconn_ctx_unref(ctx);
    }
    CHECK(unsetenv("SSL_CERT_FILE") == 0 && unsetenv("SSL_CERT_DIR") == 0);
    free(directories);
    free(file);
}

/* No FIFO makes the library wait. */
static void find_roots_in_a_pipe(void)
{
    char directory[64];
    char *pipe = path_in(scratch(directory), "trusted.pem");
    tlsconn_ctx *ctx = tlsconn_ctx_new();

    CHECK(mkfifo(pipe, 0600) == 0 && setenv("SSL_CERT_FILE", pipe, 1) == 0);
    EXPECT(TLSCONN_E_NO_CA, tlsconn_ctx_add_system_roots(ctx));
    CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), "named pipe") != NULL);
    CHECK(unsetenv("SSL_CERT_FILE") == 0);
    tlsconn_ctx_unref(ctx);
    free(pipe);
    remove_scratch(directory);
}

/* Connections, by name and over memory, and everything else that might ask. */
static void work(void)
{
    tlsconn_ctx *server = a_server();
    tlsconn_ctx *client = context(pki);
    tlsconn_conn *conn = NULL;

    EXPECT(TLSCONN_OK, comes(server, "client"));
    EXPECT(TLSCONN_OK, tlsconn_connect(client, "localhost", 1, 0, &conn));
    CHECK(tlsconn_conn_handshake(conn) < 0);
    tlsconn_conn_free(conn);
    tlsconn_ctx_unref(client);
    tlsconn_ctx_unref(server);
}

/* The header says so of each name that was asked for. */
static void compare_with_the_header(void)
{
    static const char *const ours[] = { "TLSCONN_DIR", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR" };
    size_t len, i;
    char *header = contents("include", "tlsconn.h", &len);
    char *list = strstr(header, " * Environment:");
    char *end = list ? strstr(list, "No other variable is read.") : NULL;

    CHECK(list != NULL && end != NULL);
    if (list && end) {
        *end = 0;
        for (i = 0; i < names; i++) {
            if (!strstr(list, asked[i])) {
                fprintf(stderr, "%s is read, and the header does not say so\n", asked[i]);
                failures++;
            }
        }
    }
    for EACH(i, ours)
        CHECK(was_asked(ours[i]));
    free(header);
}

/* In a process whose caller has fewer rights: also after it has become the other user altogether. */
static int secured(void)
{
    CHECK(getuid() == STRANGER && geteuid() == 0);
    find_layout(0);
    find_roots(0);
    CHECK(setuid(0) == 0 && getuid() == 0 && geteuid() == 0);
    find_layout(0);
    find_roots(0);
    return failures;
}

/* A daemon that has given up root's rights goes on believing who started it. */
static void run_dropped(void)
{
    pid_t child;
    int status = 0;

    if (geteuid() != 0 || getuid() != 0) {
        fprintf(stderr, "contract_environment: not root, so no rights are given up\n");
        return;
    }
    child = fork();
    if (child == 0) {
        tlsconn_ctx *ctx = tlsconn_ctx_new();

        CHECK(setenv("TLSCONN_DIR", "/nowhere/at/all", 1) == 0);
        CHECK(setgid(STRANGER) == 0 && setuid(STRANGER) == 0);
        EXPECT(TLSCONN_E_NO_CA, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, NULL));
        CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), "/nowhere/at/all/ca/cert.pem") != NULL);
        _exit(failures);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void run_secured(const char *program)
{
    pid_t child;
    int status = 0;

    if (geteuid() != 0 || getuid() != 0) {
        fprintf(stderr, "contract_environment: not root, so a set-user-ID program is not tried\n");
        return;
    }
    child = fork();
    if (child == 0) {
        if (setreuid(STRANGER, 0) == 0)
            execl(program, program, pki, "secured", (char *)NULL);
        perror("contract_environment: a set-user-ID program");
        _exit(125);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3)
        return 2;
    pki = argv[1];
    if (argc == 3)
        _exit(secured());
    find_layout(1);
    find_roots(1);
    find_roots_in_a_pipe();
    work();
    compare_with_the_header();
    run_dropped();
    run_secured(argv[0]);
    return result(argv[0]);
}
