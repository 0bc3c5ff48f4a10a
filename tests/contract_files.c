/* Files that the library makes, writes or believes: whose they are, who may write them, and what
 * they are instead of files. What needs another user is tried by root, in children. */
#include <sys/stat.h>

#include "contract_both.h"

#define STRANGER 54321

static const char *message(void)
{
    return tlsconn_error_message(tlsconn_last_error());
}

static void write_file(const char *path, const char *text, size_t len, mode_t mode)
{
    FILE *file = or_die(fopen(path, "w"));

    CHECK(fwrite(text, 1, len, file) == len && fclose(file) == 0 && chmod(path, mode) == 0);
}

static mode_t mode_of(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 ? found.st_mode & 07777 : 0;
}

static uid_t owner_of(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 ? found.st_uid : (uid_t)-1;
}

static int is_root(const char *what)
{
    if (geteuid() != 0)
        fprintf(stderr, "contract_files: not root, so not tried: %s\n", what);
    return geteuid() == 0;
}

/* ---------- the key log ---------- */

static int key_log(const char *path)
{
    tlsconn_ctx *ctx = a_server();
    int code = tlsconn_ctx_set_str(ctx, TLSCONN_OPT_KEYLOG_FILE, path);

    if (code == TLSCONN_OK)
        EXPECT(TLSCONN_OK, comes(ctx, "client"));
    tlsconn_ctx_unref(ctx);
    return code;
}

static void key_logs(void)
{
    char directory[64];
    char *log = path_in(scratch(directory), "log");
    char *other = path_in(directory, "other");
    size_t len;
    char *text;
    mode_t umask_before = umask(0);

    EXPECT(TLSCONN_OK, key_log(log));
    umask(0777);
    CHECK(mode_of(log) == 0600 && unlink(log) == 0);
    EXPECT(TLSCONN_OK, key_log(log));
    umask(umask_before);
    CHECK(mode_of(log) == 0600);
    text = contents(directory, "log", &len);
    CHECK(strstr(text, "CLIENT_") != NULL || strstr(text, "SERVER_") != NULL);
    free(text);
    EXPECT(TLSCONN_OK, key_log(log));

    CHECK(chmod(log, 0640) == 0);
    EXPECT(TLSCONN_E_PERMISSION, key_log(log));
    CHECK(strstr(message(), log) != NULL && strstr(message(), "mode 0640") != NULL);
    CHECK(chmod(log, 0600) == 0 && link(log, other) == 0);
    EXPECT(TLSCONN_E_FILE, key_log(other));
    CHECK(strstr(message(), "second name") != NULL);
    CHECK(unlink(other) == 0 && symlink(log, other) == 0);
    EXPECT(TLSCONN_E_FILE, key_log(other));
    CHECK(strstr(message(), "symbolic link") != NULL);
    CHECK(unlink(other) == 0 && mkfifo(other, 0600) == 0);
    EXPECT(TLSCONN_E_FILE, key_log(other));
    CHECK(strstr(message(), "named pipe") != NULL);
    EXPECT(TLSCONN_E_FILE, key_log(directory));
    EXPECT(TLSCONN_E_FILE, key_log("/dev/null"));
    EXPECT(TLSCONN_E_FILE, key_log("/nowhere/at/all"));
    CHECK(unlink(other) == 0);

    if (is_root("a key log of another user")) {
        CHECK(chown(log, STRANGER, (gid_t)-1) == 0);
        EXPECT(TLSCONN_E_PERMISSION, key_log(log));
        CHECK(strstr(message(), "belongs to user 54321") != NULL);
        CHECK(unlink(log) == 0 && chown(directory, STRANGER, (gid_t)-1) == 0);
        EXPECT(TLSCONN_E_PERMISSION, key_log(log));
        CHECK(strstr(message(), directory) != NULL && strstr(message(), "user 54321") != NULL);
        CHECK(access(log, F_OK) != 0);
    } else {
        CHECK(unlink(log) == 0);
    }
    CHECK(rmdir(directory) == 0);
    free(other);
    free(log);
}

/* No FIFO is waited for, wherever a file is read. */
static void pipes(void)
{
    static const int materials[] = { TLSCONN_MAT_CA, TLSCONN_MAT_CRL, TLSCONN_MAT_KEY, TLSCONN_MAT_CERT,
                                     TLSCONN_MAT_TRUSTED_PEER };
    char directory[64];
    char *pipe = path_in(scratch(directory), "trusted.pem");
    char *lock = path_in(directory, "trusted.pem.lock");
    tlsconn_ctx *ctx = a_server();
    tlsconn_cert *cert = certificate(pki, "server.pem");
    size_t i;

    CHECK(mkfifo(pipe, 0600) == 0);
    for EACH(i, materials)
        EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_file(ctx, materials[i], pipe));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_set_str(ctx, TLSCONN_OPT_TICKET_SECRET_FILE, pipe));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_server_pair(ctx, NULL, pipe, pipe));
    EXPECT(TLSCONN_E_STORE, tlsconn_ctx_set_known_file(ctx, pipe));
    EXPECT(TLSCONN_E_STORE, tlsconn_ctx_set_known_client_file(ctx, pipe));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(ctx, directory));
    CHECK(strstr(message(), "trusted.pem: it is a named pipe") != NULL);
    EXPECT(TLSCONN_E_CERT_UNKNOWN, comes(ctx, "client"));
    CHECK(unlink(pipe) == 0 && mkfifo(lock, 0600) == 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(ctx, pipe));
    EXPECT(TLSCONN_E_STORE, tlsconn_known_set(ctx, "a.example", 1, cert, 0));
    CHECK(strstr(message(), "named pipe") != NULL);
    tlsconn_cert_unref(cert);
    tlsconn_ctx_unref(ctx);
    remove_scratch(directory);
    free(lock);
    free(pipe);
}

/* ---------- the directory of clients ---------- */

static void client_directory(void)
{
    char directory[64];
    char *entry = path_in(scratch(directory), "trusted.pem");
    tlsconn_ctx *ctx = a_server();
    tlsconn_ctx *failed = tlsconn_ctx_new();
    size_t len;
    char *text = contents(pki, "client.pem", &len);

    write_file(entry, text, len, 0644);
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_client_dir(ctx, NULL));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(ctx, directory));
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_OK && !*message());
    EXPECT(TLSCONN_OK, comes(ctx, "client"));

    /* What does not count is told by the call, and by the refusal. */
    CHECK(chmod(entry, 0664) == 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(ctx, directory));
    CHECK(tlsconn_error_code(tlsconn_last_error()) == TLSCONN_E_FILE);
    CHECK(strstr(message(), directory) != NULL);
    CHECK(strstr(message(), "trusted.pem: it is writable by its group (mode 0664)") != NULL);
    CHECK(*tlsconn_error_hint(tlsconn_last_error()) != 0);
    EXPECT(TLSCONN_E_CERT_UNKNOWN, comes(ctx, "client"));
    CHECK(strstr(message(), "trusted.pem: it is writable by its group (mode 0664)") != NULL);
    EXPECT(TLSCONN_E_CERT_UNKNOWN, comes(ctx, "self"));
    CHECK(strstr(message(), "trusted.pem") == NULL);

    CHECK(chmod(entry, 0644) == 0 && chmod(directory, 0770) == 0);
    EXPECT(TLSCONN_E_PERMISSION, comes(ctx, "client"));
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_client_dir(failed, directory));
    CHECK(strstr(message(), "is writable by its group (mode 0770)") != NULL);
    CHECK(chmod(directory, 0700) == 0);
    if (is_root("a directory of clients of another user")) {
        CHECK(chown(entry, STRANGER, (gid_t)-1) == 0);
        EXPECT(TLSCONN_OK, tlsconn_ctx_set_client_dir(ctx, directory));
        CHECK(strstr(message(), "trusted.pem: it belongs to user 54321") != NULL);
        EXPECT(TLSCONN_E_CERT_UNKNOWN, comes(ctx, "client"));
        CHECK(strstr(message(), "trusted.pem: it belongs to user 54321") != NULL);
        CHECK(chown(directory, STRANGER, (gid_t)-1) == 0);
        EXPECT(TLSCONN_E_PERMISSION, tlsconn_ctx_set_client_dir(failed, directory));
        EXPECT(TLSCONN_E_PERMISSION, comes(ctx, "client"));
        CHECK(strstr(message(), "belongs to user 54321") != NULL);
    }
    remove_scratch(directory);
    tlsconn_ctx_unref(failed);
    tlsconn_ctx_unref(ctx);
    free(text);
    free(entry);
}

/* ---------- somebody else's home ---------- */

/* Adds our layout in HOME and knows a server, as this user: what the first of the two came to. */
static int at_home(uid_t user, int wanted, const char *home)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        tlsconn_cert *cert = certificate(pki, "server.pem");
        tlsconn_ctx *ctx = tlsconn_ctx_new();

        failures = 0;
        CHECK(setenv("HOME", home, 1) == 0 && unsetenv("TLSCONN_DIR") == 0);
        CHECK(setgid(user) == 0 && setuid(user) == 0);
        EXPECT(wanted, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, NULL));
        if (wanted == TLSCONN_OK) {
            EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "a.example", 1, cert, 0));
        } else {
            CHECK(strstr(message(), "server is not made: the directory ") != NULL);
            CHECK(strstr(message(), "/.pki/tlsconn belongs to user 54321") != NULL);
        }
        _exit(failures);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void homes(void)
{
    static const char *const folders[] = { "", "/.pki", "/.pki/tlsconn", "/.pki/tlsconn/ca" };
    static const char *const made[] = { "/.pki/tlsconn/server/trusted.pem", "/.pki/tlsconn/server/trusted.pem.lock",
                                        "/.pki/tlsconn/server", "/.pki/tlsconn/client" };
    char home[64], path[128];
    size_t len, i;
    char *text = contents(pki, "ca.pem", &len);

    if (is_root("a home of another user")) {
        scratch(home);
        for EACH(i, folders) {
            snprintf(path, sizeof path, "%s%s", home, folders[i]);
            CHECK((i == 0 || mkdir(path, 0755) == 0) && chmod(path, 0755) == 0);
            CHECK(chown(path, STRANGER, STRANGER) == 0);
        }
        snprintf(path, sizeof path, "%s/.pki/tlsconn/ca/cert.pem", home);
        write_file(path, text, len, 0644);
        CHECK(at_home(0, TLSCONN_E_PERMISSION, home) == 0);
        for EACH(i, made) {
            snprintf(path, sizeof path, "%s%s", home, made[i]);
            CHECK(access(path, F_OK) != 0);
        }
        CHECK(at_home(STRANGER, TLSCONN_OK, home) == 0);
        for EACH(i, made) {
            snprintf(path, sizeof path, "%s%s", home, made[i]);
            CHECK(owner_of(path) == STRANGER && (mode_of(path) & 077) == 0);
            CHECK(remove(path) == 0);
        }
        snprintf(path, sizeof path, "%s/.pki/tlsconn/ca/cert.pem", home);
        CHECK(unlink(path) == 0);
        for (i = sizeof folders / sizeof *folders; i-- > 0;) {
            snprintf(path, sizeof path, "%s%s", home, folders[i]);
            CHECK(rmdir(path) == 0);
        }
    }
    free(text);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    pki = argv[1];
    key_logs();
    pipes();
    client_directory();
    homes();
    return result(argv[0]);
}
