#include "request.h"

#include <string.h>

/* The kinds of object, and what each uses: the request has a name for every use. */
static const struct kind {
    const char *name;
    const char *uses[STORE_USES];
    int optional; /* can be - */
} KINDS[] = {
    { "element", { "template", NULL }, 1 },
    { "connection", { "element", "element" }, 0 },
    { "network", { NULL, NULL }, 0 },
    { "template", { NULL, NULL }, 0 },
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; name && i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strcmp(KINDS[i].name, name) == 0)
            return &KINDS[i];
    return NULL;
}

static int is_name(const char *name)
{
    size_t len = name ? strlen(name) : 0;

    return name && len <= REQUEST_NAME && strspn(name, LETTERS) > 0 && strspn(name, LETTERS "._-") == len;
}

/* No control characters, NUL above all; any encoding. */
static int is_text(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            return 0;
    return 1;
}

/* Cuts off the next word, or returns NULL. Words are separated by one blank. */
static char *next_word(char **rest)
{
    char *word = *rest;

    if (word) {
        char *blank = strchr(word, ' ');
        if (blank)
            *blank = '\0';
        *rest = blank ? blank + 1 : NULL;
    }
    return word;
}

/* Ask for one more than is shown, to see whether there are more. */
struct list { struct buffer *reply; int left; };

static void add_name(const struct store_object *object, void *userdata)
{
    struct list *list = userdata;

    if (list->left-- > 0) {
        buffer_add(list->reply, "+ ");
        buffer_add(list->reply, object->name);
        buffer_add(list->reply, "\n");
    }
}

/* In the words that would create it. */
static void add_object(const struct store_object *object, void *userdata)
{
    const struct kind *kind = find_kind(object->kind);
    struct buffer *reply = userdata;

    buffer_add(reply, "ok");
    for (int i = 0; kind && i < STORE_USES && kind->uses[i]; i++) {
        buffer_add(reply, " ");
        buffer_add(reply, object->uses[i].name ? object->uses[i].name : "-");
    }
    if (object->text[0]) {
        buffer_add(reply, " ");
        buffer_add(reply, object->text);
    }
    buffer_add(reply, "\n");
}

/* The reply repeats nothing of the request, so it is always safe to show. */
static void add_result(enum store_result result, struct buffer *reply)
{
    switch (result) {
    case STORE_OK: buffer_add(reply, "ok\n"); break;
    case STORE_NOT_FOUND: buffer_add(reply, "error not-found\n"); break;
    case STORE_EXISTS: buffer_add(reply, "error exists\n"); break;
    case STORE_IN_USE: buffer_add(reply, "error in-use\n"); break;
    case STORE_BROKEN: buffer_add(reply, "error storage\n"); break;
    }
}

static void answer_list(struct store *store, const char *owner, const struct kind *kind, char *rest,
                        struct buffer *reply)
{
    struct list list = { reply, REQUEST_LIST };
    const char *after = next_word(&rest);

    if (rest || (after && !is_name(after))) {
        buffer_add(reply, "error syntax\n");
        return;
    }
    enum store_result result = store_list(store, owner, kind->name, after ? after : "", REQUEST_LIST + 1,
                                          add_name, &list);
    if (result == STORE_OK && list.left < 0)
        buffer_add(reply, "ok more\n");
    else
        add_result(result, reply);
}

/* The names of what it uses, and its text; 0 if one of them is invalid. */
static int read_object(const struct kind *kind, char *rest, struct store_object *object)
{
    for (int i = 0; i < STORE_USES && kind->uses[i]; i++) {
        const char *name = next_word(&rest);
        if (kind->optional && name && strcmp(name, "-") == 0)
            continue;
        if (!is_name(name))
            return 0;
        object->uses[i].kind = kind->uses[i];
        object->uses[i].name = name;
    }
    object->text = rest ? rest : "";
    return 1;
}

void request_answer(struct store *store, const char *owner, char *line, size_t len, struct buffer *reply)
{
    char *rest = line;
    int known = is_text(line, len);
    const char *verb = known ? next_word(&rest) : NULL;
    const struct kind *kind = known ? find_kind(next_word(&rest)) : NULL;
    struct store_object object = { NULL, NULL, { { NULL, NULL } }, "" };

    if (kind && strcmp(verb, "list") == 0) {
        answer_list(store, owner, kind, rest, reply);
        return;
    }
    object.kind = kind ? kind->name : NULL;
    object.name = kind ? next_word(&rest) : NULL;
    if (!is_name(object.name))
        known = 0;
    else if (strcmp(verb, "get") == 0 && !rest) {
        enum store_result result = store_get(store, owner, object.kind, object.name, add_object, reply);
        if (result != STORE_OK)
            add_result(result, reply);
        return;
    } else if (strcmp(verb, "delete") == 0 && !rest)
        add_result(store_delete(store, owner, object.kind, object.name), reply);
    else if (strcmp(verb, "create") == 0 && read_object(kind, rest, &object))
        add_result(store_create(store, owner, &object), reply);
    else if (strcmp(verb, "modify") == 0 && read_object(kind, rest, &object))
        add_result(store_modify(store, owner, &object), reply);
    else
        known = 0;
    if (!known)
        buffer_add(reply, "error syntax\n");
}
