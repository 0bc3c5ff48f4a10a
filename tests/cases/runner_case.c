#include "runner_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tlsconn.h"

static void *or_die(void *memory)
{
    if (!memory) {
        perror("case-runner");
        exit(2);
    }
    return memory;
}

void add(text *to, const char *what)
{
    size_t len = strlen(what);

    if (to->room - to->len <= len) {
        to->room = 2 * to->room + len + 256;
        to->bytes = or_die(realloc(to->bytes, to->room));
    }
    memcpy(to->bytes + to->len, what, len + 1);
    to->len += len;
}

void add_number(text *to, long number)
{
    char digits[32];

    snprintf(digits, sizeof digits, "%ld", number);
    add(to, digits);
}

void note(test_case *one, const char *first, const char *second)
{
    add(&one->notes, "- ");
    add(&one->notes, first);
    add(&one->notes, second);
    add(&one->notes, "\n");
}

static const char *string_or_null(const json *value)
{
    return value && value->kind == JSON_STRING ? value->text : NULL;
}

int is(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

static int is_null(const json *value)
{
    return !value || value->kind == JSON_NULL;
}

/* A list of strings, or none. */
static int read_list(const json *line, const char *name, const json **list)
{
    const json *found = json_member(line, name);
    const json *item;

    *list = NULL;
    if (is_null(found))
        return 1;
    if (found->kind != JSON_ARRAY)
        return 0;
    for (item = found->first; item; item = item->next)
        if (item->kind != JSON_STRING)
            return 0;
    *list = found->first;
    return 1;
}

static int read_time(const json *value, test_case *one)
{
    char *end;

    if (is_null(value))
        return 1;
    if (value->kind != JSON_NUMBER)
        return 0;
    errno = 0;
    one->time = strtoll(value->text, &end, 10);
    one->has_time = 1;
    if (one->time < 0) {
        note(one, "the library judges at no time before 1970: refused", "");
        one->refused = 1;
    }
    return !errno && !*end;
}

static int read_peer_name(const json *value, test_case *one)
{
    const char *kind;

    if (is_null(value))
        return 1;
    kind = string_or_null(json_member(value, "kind"));
    one->host = string_or_null(json_member(value, "value"));
    if (!kind || !one->host)
        return 0;
    if (!is(kind, "DNS") && !is(kind, "IP")) {
        note(one, "a peer's name of this kind cannot be checked: refused: ", kind);
        one->refused = 1;
    }
    return 1;
}

/* What `trusted` means; see --help. */
static void read_trust(const json *features, int told, test_case *one)
{
    int said = 0;

    for (; features; features = features->next) {
        if (strncmp(features->text, "TRUSTED_", 8) != 0)
            continue;
        said = 1;
        one->anchors |= strncmp(features->text, "TRUSTED_ANCHOR", 14) == 0;
        one->known |= strstr(features->text, "_LEAF") != NULL;
        one->self_signed |= strstr(features->text, "_REQUIRE_SELF_SIGNED") != NULL;
    }
    if (!said)
        one->anchors = 1;
    if (!told)
        one->known = 1;
}

static void read_demands(const json *line, const json *usages, const json *key_usage, test_case *one)
{
    const char *own = one->role == TLSCONN_ROLE_SERVER ? "serverAuth" : "clientAuth";

    for (; usages; usages = usages->next)
        if (!is(usages->text, own))
            note(one, "the library does not know the demand for the extended key usage ", usages->text);
    for (; key_usage; key_usage = key_usage->next)
        note(one, "the library does not know the demand for the key usage ", key_usage->text);
    if (!is_null(json_member(line, "max_chain_depth")))
        note(one, "the library does not know the demand max_chain_depth", "");
}

const char *read_case(const json *line, test_case *one)
{
    const char *kind = string_or_null(json_member(line, "kind"));
    const json *features;
    const json *usages;
    const json *key_usage;

    one->id = string_or_null(json_member(line, "id"));
    if (!one->id)
        return "it has no id";
    one->leaf = string_or_null(json_member(line, "leaf"));
    if (!one->leaf)
        return "it has no leaf";
    if (!is(kind, "SERVER") && !is(kind, "CLIENT"))
        return "its kind is neither SERVER nor CLIENT";
    one->role = is(kind, "SERVER") ? TLSCONN_ROLE_SERVER : TLSCONN_ROLE_CLIENT;
    if (!read_list(line, "trusted", &one->trusted) || !read_list(line, "crls", &one->crls)
        || !read_list(line, "intermediates", &one->intermediates) || !read_list(line, "features", &features)
        || !read_list(line, "eku", &usages) || !read_list(line, "key_usage", &key_usage))
        return "what must be a list of strings is not one";
    if (!read_time(json_member(line, "time"), one))
        return "its time is no whole number";
    if (!read_peer_name(json_member(line, "peer_name"), one))
        return "its peer_name has no kind or no value";
    read_trust(features, json_member(line, "features") != NULL, one);
    read_demands(line, usages, key_usage, one);
    return NULL;
}
