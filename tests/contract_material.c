/* Material that is no good, passphrases, and known servers: each failure has its own code and
 * leaves the context as it was. */
#include <sys/stat.h>

#include "contract.h"

#define EACH(i, list) ((i) = 0; (i) < sizeof(list) / sizeof *(list); (i)++)

static int count(const tlsconn_known *known, void *userdata)
{
    CHECK(known->host && known->origin && known->cert);
    ++*(int *)userdata;
    return 0;
}

static int known_to(tlsconn_ctx *ctx)
{
    int found = 0;

    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, NULL, 0, count, &found));
    return found;
}

static void text_that_is_no_good(const char *pki)
{
    static const int kinds[] = { TLSCONN_MAT_CA, TLSCONN_MAT_CRL, TLSCONN_MAT_KEY, TLSCONN_MAT_CERT,
                                 TLSCONN_MAT_TRUSTED_PEER };
    static const char *const bad[] = { "binary.pem", "empty.pem", "cut.pem", "server.der", "openssl.cnf" };
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    size_t i;
    size_t j;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t len;
        char *text = contents(pki, bad[i], &len);
        tlsconn_cert *cert;

        for (j = 0; j < sizeof kinds / sizeof *kinds; j++) {
            EXPECT(TLSCONN_E_PARSE, tlsconn_ctx_add(ctx, kinds[j], text, len));
            /* A key must be ours alone, which is looked at first. */
            if (kinds[j] != TLSCONN_MAT_KEY) {
                EXPECT(TLSCONN_E_PARSE, add_file(ctx, kinds[j], pki, bad[i]));
                CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), bad[i]) != NULL);
            }
        }
        if (strcmp(bad[i], "server.der") != 0)
            EXPECT(TLSCONN_E_PARSE, tlsconn_cert_parse(text, len, &cert));
        free(text);
    }
    EXPECT(TLSCONN_E_PARSE, add_file(ctx, TLSCONN_MAT_CA, pki, "crl.pem"));
    EXPECT(TLSCONN_E_PARSE, add_file(ctx, TLSCONN_MAT_CRL, pki, "ca.pem"));
    EXPECT(TLSCONN_E_PARSE, add_file(ctx, TLSCONN_MAT_CERT, pki, "client.key"));
    EXPECT(TLSCONN_E_PARSE, add_file(ctx, TLSCONN_MAT_TRUSTED_PEER, pki, "client.key"));
    CHECK(known_to(ctx) == 0);
    tlsconn_ctx_unref(ctx);
}

static void files_that_are_no_good(const char *pki)
{
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    tlsconn_conn *conn = NULL;
    char *empty = path_in(pki, "empty");
    char *layout = path_in(pki, "layout");
    char *ca = path_in(pki, "ca.pem");

    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, "/nowhere/at/all"));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, pki));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_file(ctx, TLSCONN_MAT_CA, "/dev/zero"));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_dir(ctx, TLSCONN_MAT_CA, "/nowhere/at/all"));
    EXPECT(TLSCONN_E_FILE, tlsconn_ctx_add_dir(ctx, TLSCONN_MAT_CA, ca));
    EXPECT(TLSCONN_E_PARSE, tlsconn_ctx_add_dir(ctx, TLSCONN_MAT_CA, empty));
    EXPECT(TLSCONN_E_NO_CA, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, empty));
    EXPECT(TLSCONN_E_NO_CA, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_QEMU, empty));
    EXPECT(TLSCONN_E_NO_CA, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_DOCKER, empty));
    EXPECT(TLSCONN_OK, tlsconn_ctx_add_layout(ctx, TLSCONN_LAYOUT_TLSCONN, layout));
    EXPECT(TLSCONN_OK, tlsconn_ctx_reload(ctx));
    EXPECT(TLSCONN_E_PERMISSION, add_file(ctx, TLSCONN_MAT_KEY, pki, "open.key"));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CRL, pki, "crl.pem"));

    /* Half a pair, and two halves of two pairs. */
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_CERT, pki, "client.pem"));
    EXPECT(TLSCONN_E_NO_KEY, tlsconn_connect(ctx, "localhost", 1, 0, &conn));
    CHECK(conn == NULL);
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_KEY, pki, "server.key"));
    EXPECT(TLSCONN_E_KEY_MISMATCH, tlsconn_connect(ctx, "localhost", 1, 0, &conn));
    EXPECT(TLSCONN_OK, add_file(ctx, TLSCONN_MAT_KEY, pki, "client.key"));
    EXPECT(TLSCONN_OK, tlsconn_connect(ctx, "localhost", 1, 0, &conn));
    tlsconn_conn_free(conn);
    free(empty);
    free(layout);
    free(ca);
    tlsconn_ctx_unref(ctx);
}

/* ---------- passphrases ---------- */

enum behaviour { GIVES_UP, WRONG, TOO_LONG, EMPTY, RIGHT_AT_LAST };

struct keeper {
    enum behaviour behaviour;
    uint32_t asked;
    int destroyed;
};

static int passphrase(const char *what, uint32_t attempt, char *buf, size_t size, void *userdata)
{
    struct keeper *keeper = userdata;

    CHECK(what && *what);
    CHECK(attempt == ++keeper->asked);
    CHECK(keeper->destroyed == 0);
    switch (keeper->behaviour) {
    case GIVES_UP:
        return -1;
    case TOO_LONG:
        memset(buf, 'x', size);
        return INT_MAX;
    case EMPTY:
        return 0;
    case RIGHT_AT_LAST:
        if (attempt == 3) {
            memcpy(buf, "right", 5);
            return 5;
        }
        /* fall through */
    case WRONG:
    default:
        memcpy(buf, "wrong", 5);
        return 5;
    }
}

static void forget(void *userdata)
{
    ((struct keeper *)userdata)->destroyed++;
}

static void one_passphrase(const char *pki, enum behaviour behaviour, int want, uint32_t asked)
{
    struct keeper keeper = { GIVES_UP, 0, 0 };
    tlsconn_ctx *ctx = tlsconn_ctx_new();

    keeper.behaviour = behaviour;
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_passphrase(ctx, passphrase, &keeper, forget));
    EXPECT(want, add_file(ctx, TLSCONN_MAT_KEY, pki, "locked.key"));
    CHECK(keeper.asked == asked);
    CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), "wrong") == NULL || want == TLSCONN_OK
          || !strstr(tlsconn_error_message(tlsconn_last_error()), "\"wrong\""));
    CHECK(keeper.destroyed == 0);
    tlsconn_ctx_unref(ctx);
    CHECK(keeper.destroyed == 1);
}

static void passphrases(const char *pki)
{
    struct keeper first = { RIGHT_AT_LAST, 0, 0 };
    struct keeper second = { RIGHT_AT_LAST, 0, 0 };
    tlsconn_ctx *ctx = tlsconn_ctx_new();

    EXPECT(TLSCONN_E_PASSPHRASE, add_file(ctx, TLSCONN_MAT_KEY, pki, "locked.key"));
    one_passphrase(pki, GIVES_UP, TLSCONN_E_PASSPHRASE, 1);
    one_passphrase(pki, TOO_LONG, TLSCONN_E_PASSPHRASE, 1);
    one_passphrase(pki, WRONG, TLSCONN_E_PASSPHRASE, 3);
    one_passphrase(pki, EMPTY, TLSCONN_E_PASSPHRASE, 3);
    one_passphrase(pki, RIGHT_AT_LAST, TLSCONN_OK, 3);

    /* One takes the place of the other, which is then of no use to anybody. */
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_passphrase(ctx, passphrase, &first, forget));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_passphrase(ctx, passphrase, &second, forget));
    CHECK(first.destroyed == 1 && second.destroyed == 0);
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_passphrase(ctx, NULL, NULL, NULL));
    CHECK(first.destroyed == 1 && second.destroyed == 1);
    EXPECT(TLSCONN_E_PASSPHRASE, add_file(ctx, TLSCONN_MAT_KEY, pki, "locked.key"));
    tlsconn_ctx_unref(ctx);
    CHECK(first.destroyed == 1 && second.destroyed == 1);
}

/* ---------- known servers ---------- */

struct changes {
    tlsconn_ctx *ctx;
    int seen;
};

static int changes_what_it_sees(const tlsconn_known *known, void *userdata)
{
    struct changes *changes = userdata;

    changes->seen++;
    EXPECT(TLSCONN_OK, tlsconn_known_set(changes->ctx, "new.example", 1 + changes->seen, known->cert, 0));
    EXPECT(TLSCONN_OK, tlsconn_known_remove(changes->ctx, known->host, known->port));
    return 0;
}

static int stops(const tlsconn_known *known, void *userdata)
{
    (void)known;
    return *(int *)userdata;
}

static void known_servers(tlsconn_ctx *ctx, tlsconn_cert *cert)
{
    static const int passed[] = { TLSCONN_WANT_READ, TLSCONN_EOF, 7, TLSCONN_ALLOW_ONCE, INT_MAX };
    static const int failing[] = { -1, TLSCONN_E_STORE, TLSCONN_E_CALLBACK, -1000, INT_MIN };
    struct changes changes = { NULL, 0 };
    size_t i;
    int found = 0;

    changes.ctx = ctx;
    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "One.Example.", 1, cert, 0));
    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "::ffff:192.0.2.1", 65535, cert, TLSCONN_P_EXPIRED));
    CHECK(known_to(ctx) == 2);
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, "one.example", 1, count, &found));
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, "192.0.2.1", 0, count, &found));
    CHECK(found == 2);
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, "one.example", 2, count, &found));
    CHECK(found == 2);
    /* What a callback returns is never taken for a code: above 0 there is none here, and below 0
     * there is one for all, with a sentence of its own. */
    for EACH(i, passed)
        EXPECT(passed[i], tlsconn_known_each(ctx, NULL, 0, stops, (void *)&passed[i]));
    for EACH(i, failing) {
        char number[16];

        EXPECT(TLSCONN_E_CALLBACK, tlsconn_known_each(ctx, NULL, 0, stops, (void *)&failing[i]));
        snprintf(number, sizeof number, "%d", failing[i]);
        CHECK(strstr(tlsconn_error_message(tlsconn_last_error()), number) != NULL);
    }
    EXPECT(TLSCONN_OK, tlsconn_known_each(ctx, NULL, 0, changes_what_it_sees, &changes));
    CHECK(changes.seen == 2);
    CHECK(known_to(ctx) == 2);
    EXPECT(TLSCONN_E_NOT_FOUND, tlsconn_known_remove(ctx, "one.example", 1));
    EXPECT(TLSCONN_OK, tlsconn_known_remove(ctx, "new.example", 2));
    EXPECT(TLSCONN_OK, tlsconn_known_remove(ctx, "new.example", 3));
    EXPECT(TLSCONN_OK, tlsconn_known_distrust(ctx, cert, 1));
    CHECK(known_to(ctx) == 1);
    EXPECT(TLSCONN_OK, tlsconn_known_distrust(ctx, cert, 0));
    EXPECT(TLSCONN_E_NOT_FOUND, tlsconn_known_distrust(ctx, cert, 0));
    CHECK(known_to(ctx) == 0);
}

static void known_files(tlsconn_cert *cert)
{
    char text[64];
    char *directory = scratch(text);
    char *path = path_in(directory, "trusted.pem");
    tlsconn_ctx *ctx = tlsconn_ctx_new();
    FILE *file;

    EXPECT(TLSCONN_E_STORE, tlsconn_ctx_set_known_file(ctx, "/nowhere/at/all"));
    EXPECT(TLSCONN_E_INVALID, tlsconn_ctx_set_known_file(ctx, "/"));
    EXPECT(TLSCONN_OK, tlsconn_ctx_set_known_file(ctx, path));
    known_servers(ctx, cert);
    EXPECT(TLSCONN_OK, tlsconn_known_set(ctx, "kept.example", 1, cert, 0));

    CHECK(chmod(path, 0666) == 0);
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_known_set(ctx, "late.example", 1, cert, 0));
    CHECK(chmod(path, 0600) == 0);
    CHECK(known_to(ctx) == 1);
    CHECK(chmod(directory, 0777) == 0);
    EXPECT(TLSCONN_E_PERMISSION, tlsconn_known_set(ctx, "late.example", 1, cert, 0));
    CHECK(chmod(directory, 0700) == 0);
    CHECK(known_to(ctx) == 1);

    file = or_die(fopen(path, "a"));
    fputs("Host: a\n-----BEGIN CERTIFICATE-----\n", file);
    fclose(file);
    EXPECT(TLSCONN_E_STORE, tlsconn_known_each(ctx, NULL, 0, stops, ctx));
    EXPECT(TLSCONN_E_STORE, tlsconn_known_set(ctx, "late.example", 1, cert, 0));
    EXPECT(TLSCONN_E_STORE, tlsconn_ctx_set_known_file(ctx, path));
    unlink(path);
    EXPECT(TLSCONN_E_STORE, tlsconn_known_each(ctx, NULL, 0, stops, ctx));
    tlsconn_ctx_unref(ctx);
    remove_scratch(directory);
    free(path);
}

int main(int argc, char **argv)
{
    tlsconn_ctx *ctx;
    tlsconn_cert *cert;

    if (argc != 2)
        return 2;
    text_that_is_no_good(argv[1]);
    files_that_are_no_good(argv[1]);
    passphrases(argv[1]);
    cert = certificate(argv[1], "server.pem");
    ctx = tlsconn_ctx_new();
    known_servers(ctx, cert);
    known_files(cert);
    tlsconn_cert_unref(cert);
    tlsconn_ctx_unref(ctx);
    return result(argv[0]);
}
