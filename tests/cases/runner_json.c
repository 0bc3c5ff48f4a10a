#include "runner_json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 32
#define MOST_MEMBERS 256

typedef struct {
    char *at;
    const char *end; /* There is a NUL here. */
    json *nodes;
    size_t used;
    const char *problem;
} reader;

static int read_value(reader *in, int depth, json *value);

static int refuse(reader *in, const char *problem)
{
    in->problem = problem;
    return 0;
}

static void skip_blanks(reader *in)
{
    while (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r')
        in->at++;
}

static int take(reader *in, char what)
{
    skip_blanks(in);
    if (*in->at != what)
        return 0;
    in->at++;
    return 1;
}

static int read_word(reader *in, const char *word, json_kind kind, json *value)
{
    size_t len = strlen(word);

    if (strncmp(in->at, word, len) != 0)
        return refuse(in, "a value is not valid JSON");
    in->at += len;
    value->kind = kind;
    return 1;
}

static int digits(reader *in)
{
    const char *start = in->at;

    while (*in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > start;
}

/* The character behind a number may be one of the grammar, so the number's text is moved one to
 * the left, where its first character's neighbour is: always a grammar character or a blank. */
static int read_number(reader *in, json *value)
{
    char *start = in->at;
    size_t len;

    if (*in->at == '-')
        in->at++;
    if (*in->at == '0')
        in->at++;
    else if (!digits(in))
        return refuse(in, "a number has no digits");
    if (*in->at == '.') {
        in->at++;
        if (!digits(in))
            return refuse(in, "a number has no digits behind its point");
    }
    if (*in->at == 'e' || *in->at == 'E') {
        in->at++;
        if (*in->at == '+' || *in->at == '-')
            in->at++;
        if (!digits(in))
            return refuse(in, "a number has no exponent");
    }
    len = (size_t)(in->at - start);
    memmove(start - 1, start, len);
    start[len - 1] = 0;
    value->kind = JSON_NUMBER;
    value->text = start - 1;
    return 1;
}

/* Four hexadecimal digits; -1 where there are none. */
static long read_unit(reader *in)
{
    long unit = 0;
    int i;

    for (i = 0; i < 4; i++, in->at++) {
        char c = *in->at;

        unit *= 16;
        if (c >= '0' && c <= '9')
            unit += c - '0';
        else if (c >= 'a' && c <= 'f')
            unit += c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            unit += c - 'A' + 10;
        else
            return -1;
    }
    return unit;
}

/* A `\u`, and its second half where it is the first of two, as UTF-8. It is never longer than it
 * was. */
static int read_unicode(reader *in, char **to)
{
    long code = read_unit(in);
    unsigned char *out = (unsigned char *)*to;

    if (code >= 0xd800 && code < 0xdc00 && in->at[0] == '\\' && in->at[1] == 'u') {
        long low;

        in->at += 2;
        low = read_unit(in);
        if (low < 0xdc00 || low >= 0xe000)
            return refuse(in, "half of a surrogate pair stands alone");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code <= 0)
        return refuse(in, "a \\u is not followed by four digits, or is a NUL");
    if (code >= 0xd800 && code < 0xe000)
        return refuse(in, "half of a surrogate pair stands alone");
    if (code < 0x80) {
        *out++ = (unsigned char)code;
    } else if (code < 0x800) {
        *out++ = (unsigned char)(0xc0 | code >> 6);
        *out++ = (unsigned char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (unsigned char)(0xe0 | code >> 12);
        *out++ = (unsigned char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (unsigned char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (unsigned char)(0xf0 | code >> 18);
        *out++ = (unsigned char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (unsigned char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (unsigned char)(0x80 | (code & 0x3f));
    }
    *to = (char *)out;
    return 1;
}

static int read_escape(reader *in, char **to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    char c = *in->at++;
    const char *found = c ? strchr(from, c) : NULL;

    if (c == 'u')
        return read_unicode(in, to);
    if (!found)
        return refuse(in, "a backslash stands before what needs none");
    *(*to)++ = into[found - from];
    return 1;
}

/* One character of two bytes or more; shortest forms only, no surrogate, nothing above 10FFFF. */
static int read_wide(reader *in, char **to)
{
    const unsigned char *at = (const unsigned char *)in->at;
    int more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : 1;
    int i;

    if (at[0] < 0xc2 || at[0] > 0xf4 || (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)
        || (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return refuse(in, "a string is not UTF-8");
    for (i = 1; i <= more; i++)
        if ((at[i] & 0xc0) != 0x80)
            return refuse(in, "a string is not UTF-8");
    for (i = 0; i <= more; i++)
        *(*to)++ = *in->at++;
    return 1;
}

static const char *read_string(reader *in)
{
    char *start;
    char *to;

    if (!take(in, '"')) {
        refuse(in, "a string was expected");
        return NULL;
    }
    start = to = in->at;
    for (;;) {
        unsigned char c = (unsigned char)*in->at;

        if (c == '"')
            break;
        if (c < 0x20) {
            refuse(in, "a string does not end, or holds a control character");
            return NULL;
        }
        if (c == '\\') {
            in->at++;
            if (!read_escape(in, &to))
                return NULL;
        } else if (c >= 0x80) {
            if (!read_wide(in, &to))
                return NULL;
        } else {
            *to++ = *in->at++;
        }
    }
    in->at++;
    *to = 0;
    return start;
}

/* What stands between `open` and `close`, separated by commas; with names in an object. */
static int read_many(reader *in, int depth, char close, json *value)
{
    const json **link = &value->first;
    int members = 0;

    value->kind = close == '}' ? JSON_OBJECT : JSON_ARRAY;
    in->at++;
    if (depth == DEEPEST)
        return refuse(in, "arrays or objects stand too deep in each other");
    if (take(in, close))
        return 1;
    do {
        json *node = &in->nodes[in->used++];

        if (value->kind == JSON_OBJECT) {
            node->name = read_string(in);
            if (!node->name)
                return 0;
            if (++members > MOST_MEMBERS)
                return refuse(in, "an object has too many members");
            if (json_member(value, node->name))
                return refuse(in, "a member is named twice");
            if (!take(in, ':'))
                return refuse(in, "a member has no value");
        }
        if (!read_value(in, depth + 1, node))
            return 0;
        *link = node;
        link = &node->next;
    } while (take(in, ','));
    return take(in, close) || refuse(in, "an array or an object does not end");
}

static int read_value(reader *in, int depth, json *value)
{
    skip_blanks(in);
    switch (*in->at) {
    case '{': return read_many(in, depth, '}', value);
    case '[': return read_many(in, depth, ']', value);
    case '"':
        value->kind = JSON_STRING;
        value->text = read_string(in);
        return value->text != NULL;
    case 'n': return read_word(in, "null", JSON_NULL, value);
    case 't': return read_word(in, "true", JSON_TRUE, value);
    case 'f': return read_word(in, "false", JSON_FALSE, value);
    default: return read_number(in, value);
    }
}

json *json_read(char *text, size_t len, const char **problem)
{
    reader in = { text, text + len, NULL, 1, NULL };
    size_t most = 1;
    size_t i;

    /* Every value but the outermost follows one of these. */
    for (i = 0; i < len; i++)
        most += text[i] == '[' || text[i] == '{' || text[i] == ',';
    in.nodes = calloc(most, sizeof *in.nodes);
    if (!in.nodes) {
        *problem = "there is no memory";
        return NULL;
    }
    skip_blanks(&in);
    if (*in.at != '{' && *in.at != '[')
        refuse(&in, "it is neither an object nor an array");
    else if (read_value(&in, 0, in.nodes)) {
        skip_blanks(&in);
        if (in.at != in.end)
            refuse(&in, "something follows behind its end");
    }
    if (!in.problem)
        return in.nodes;
    *problem = in.problem;
    free(in.nodes);
    return NULL;
}

const json *json_member(const json *object, const char *name)
{
    const json *member;

    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (member = object->first; member; member = member->next)
        if (strcmp(member->name, name) == 0)
            return member;
    return NULL;
}
