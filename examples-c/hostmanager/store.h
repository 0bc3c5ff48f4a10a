/* Objects in SQLite. Every question names an owner, and is answered out of what that owner has:
   there is no way to ask for the object of another, so a foreign one is a missing one.

   Changes are gathered until store_commit(). A change that breaks a rule changes nothing; any
   other failure takes everything back that was changed since the last store_commit(). */
#ifndef STORE_H
#define STORE_H

enum { STORE_USES = 2 }; /* how many others an object may use */

struct store_object {
    const char *kind, *name;
    struct { const char *kind, *name; } uses[STORE_USES]; /* of the same owner; name NULL: none */
    const char *text;
};

enum store_result {
    STORE_OK,
    STORE_NOT_FOUND, /* the object, or one that it would use */
    STORE_EXISTS,
    STORE_IN_USE,
    STORE_BROKEN     /* the database failed; nothing is done before the next store_commit() */
};

struct store;
typedef void (*store_found_fn)(const struct store_object *object, void *userdata);

/* NULL on failure, which has been told on the standard error stream. */
struct store *store_open(const char *path);
void store_close(struct store *store);

enum store_result store_create(struct store *store, const char *owner, const struct store_object *object);
enum store_result store_modify(struct store *store, const char *owner, const struct store_object *object);
enum store_result store_delete(struct store *store, const char *owner, const char *kind, const char *name);
enum store_result store_get(struct store *store, const char *owner, const char *kind, const char *name,
                            store_found_fn found, void *userdata);

/* Names only, in order, from the first one after `after`; at most `limit`. */
enum store_result store_list(struct store *store, const char *owner, const char *kind, const char *after,
                             int limit, store_found_fn found, void *userdata);

/* 1: what was changed is on the disk. 0: nothing of it happened. */
int store_commit(struct store *store);

#endif
