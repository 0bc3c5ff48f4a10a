#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order of the parameters is that of `bind_object` for all that take an object. */
enum statement { BEGIN, COMMIT, ROLLBACK, CREATE, MODIFY, DELETE, GET, LIST, STATEMENTS };

static const char *const SQL[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [CREATE] = "INSERT INTO object (owner, kind, name, kind1, name1, kind2, name2, text)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [MODIFY] = "UPDATE object SET kind1 = ?4, name1 = ?5, kind2 = ?6, name2 = ?7, text = ?8"
               " WHERE owner = ?1 AND kind = ?2 AND name = ?3",
    [DELETE] = "DELETE FROM object WHERE owner = ?1 AND kind = ?2 AND name = ?3",
    [GET] = "SELECT name, kind1, name1, kind2, name2, text FROM object"
            " WHERE owner = ?1 AND kind = ?2 AND name = ?3",
    [LIST] = "SELECT name FROM object WHERE owner = ?1 AND kind = ?2 AND name > ?3 ORDER BY name LIMIT ?4",
};

/* The owner is in every key, in those of the references too: nobody can use what is another's. */
static const char SCHEMA[] =
    "CREATE TABLE object ("
    "  owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,"
    "  kind1 TEXT, name1 TEXT, kind2 TEXT, name2 TEXT, text BLOB NOT NULL,"
    "  PRIMARY KEY (owner, kind, name),"
    "  FOREIGN KEY (owner, kind1, name1) REFERENCES object (owner, kind, name),"
    "  FOREIGN KEY (owner, kind2, name2) REFERENCES object (owner, kind, name)"
    ") WITHOUT ROWID;"
    "CREATE INDEX object_uses1 ON object (owner, kind1, name1);"
    "CREATE INDEX object_uses2 ON object (owner, kind2, name2);"
    "PRAGMA user_version = 1;";

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    int changing; /* a transaction is open */
    int broken;   /* and has failed */
};

static enum store_result failed(struct store *store)
{
    fprintf(stderr, "hostmanager: database: %s\n", sqlite3_errmsg(store->db));
    store->broken = 1;
    return STORE_BROKEN;
}

/* Run a statement that has its parameters and gives no rows. */
static int run(struct store *store, enum statement which)
{
    int result = sqlite3_step(store->statements[which]);

    if (result != SQLITE_DONE)
        result = sqlite3_extended_errcode(store->db);
    sqlite3_reset(store->statements[which]);
    sqlite3_clear_bindings(store->statements[which]);
    return result;
}

static int bind_text(struct store *store, enum statement which, int place, const char *text)
{
    /* NULL is bound as SQL's NULL. What is bound outlives the statement's run. */
    return sqlite3_bind_text(store->statements[which], place, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static int bind_key(struct store *store, enum statement which, const char *owner, const char *kind,
                    const char *name)
{
    return bind_text(store, which, 1, owner) && bind_text(store, which, 2, kind)
        && bind_text(store, which, 3, name);
}

static int bind_object(struct store *store, enum statement which, const char *owner,
                       const struct store_object *object)
{
    if (!bind_key(store, which, owner, object->kind, object->name))
        return 0;
    for (int i = 0; i < STORE_USES; i++) {
        const char *name = object->uses[i].name;
        if (!bind_text(store, which, 4 + 2 * i, name ? object->uses[i].kind : NULL)
            || !bind_text(store, which, 5 + 2 * i, name))
            return 0;
    }
    return sqlite3_bind_blob(store->statements[which], 4 + 2 * STORE_USES, object->text,
                             (int)strlen(object->text), SQLITE_STATIC) == SQLITE_OK;
}

static int begin(struct store *store)
{
    if (!store->broken && !store->changing) {
        if (run(store, BEGIN) == SQLITE_DONE)
            store->changing = 1;
        else
            failed(store);
    }
    return !store->broken;
}

/* `unmet` is the result when a reference would point to no object. */
static enum store_result change(struct store *store, enum statement which, enum store_result unmet)
{
    switch (run(store, which)) {
    case SQLITE_DONE: return sqlite3_changes(store->db) == 1 ? STORE_OK : STORE_NOT_FOUND;
    case SQLITE_CONSTRAINT_PRIMARYKEY: return STORE_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return unmet;
    default: return failed(store);
    }
}

enum store_result store_create(struct store *store, const char *owner, const struct store_object *object)
{
    if (!begin(store))
        return STORE_BROKEN;
    if (!bind_object(store, CREATE, owner, object))
        return failed(store);
    return change(store, CREATE, STORE_NOT_FOUND);
}

enum store_result store_modify(struct store *store, const char *owner, const struct store_object *object)
{
    if (!begin(store))
        return STORE_BROKEN;
    if (!bind_object(store, MODIFY, owner, object))
        return failed(store);
    return change(store, MODIFY, STORE_NOT_FOUND);
}

enum store_result store_delete(struct store *store, const char *owner, const char *kind, const char *name)
{
    if (!begin(store))
        return STORE_BROKEN;
    if (!bind_key(store, DELETE, owner, kind, name))
        return failed(store);
    return change(store, DELETE, STORE_IN_USE);
}

static const char *column(sqlite3_stmt *statement, int i)
{
    return (const char *)sqlite3_column_text(statement, i);
}

enum store_result store_get(struct store *store, const char *owner, const char *kind, const char *name,
                            store_found_fn found, void *userdata)
{
    sqlite3_stmt *statement = store->statements[GET];
    enum store_result result = STORE_NOT_FOUND;

    if (store->broken)
        return STORE_BROKEN;
    if (!bind_key(store, GET, owner, kind, name))
        return failed(store);
    int step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        struct store_object object = { kind, column(statement, 0), { { NULL, NULL } }, NULL };
        for (int i = 0; i < STORE_USES; i++) {
            object.uses[i].kind = column(statement, 1 + 2 * i);
            object.uses[i].name = column(statement, 2 + 2 * i);
        }
        object.text = column(statement, 1 + 2 * STORE_USES);
        if (object.name && object.text) {
            found(&object, userdata);
            result = STORE_OK;
        } else
            result = failed(store);
    } else if (step != SQLITE_DONE)
        result = failed(store);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

enum store_result store_list(struct store *store, const char *owner, const char *kind, const char *after,
                             int limit, store_found_fn found, void *userdata)
{
    sqlite3_stmt *statement = store->statements[LIST];
    enum store_result result = STORE_OK;
    int step;

    if (store->broken)
        return STORE_BROKEN;
    if (!bind_key(store, LIST, owner, kind, after) || sqlite3_bind_int(statement, 4, limit) != SQLITE_OK)
        return failed(store);
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct store_object object = { kind, column(statement, 0), { { NULL, NULL } }, "" };
        if (object.name)
            found(&object, userdata);
        else
            result = failed(store);
    }
    if (step != SQLITE_DONE)
        result = failed(store);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

int store_commit(struct store *store)
{
    int ok = !store->broken;

    if (ok && store->changing && run(store, COMMIT) != SQLITE_DONE) {
        failed(store);
        ok = 0;
    }
    /* Some failures have rolled back by themselves; then this one has nothing to do. */
    if (!sqlite3_get_autocommit(store->db))
        run(store, ROLLBACK);
    store->changing = store->broken = 0;
    return ok;
}

/* The number of the schema that the database has; -1 on failure. */
static int schema(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK
        && sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

static int execute(struct store *store, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* FULL: a commit returns once it is on the disk, so that a power failure loses nothing. */
static int prepare(struct store *store)
{
    sqlite3_busy_timeout(store->db, 2000);
    if (!execute(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        || !execute(store, "BEGIN IMMEDIATE")
        || (schema(store->db) == 0 && !execute(store, SCHEMA))
        || !execute(store, "COMMIT"))
        return 0;
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(store->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL)
            != SQLITE_OK)
            return 0;
    return 1;
}

struct store *store_open(const char *path)
{
    struct store *store = calloc(1, sizeof *store);

    if (!store) {
        fprintf(stderr, "hostmanager: no memory\n");
        return NULL;
    }
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK
        || !prepare(store))
        fprintf(stderr, "hostmanager: %s: %s\n", path, store->db ? sqlite3_errmsg(store->db) : "no memory");
    else if (schema(store->db) != 1)
        fprintf(stderr, "hostmanager: %s: this is the database of a newer hostmanager\n", path);
    else
        return store;
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store);
}
