/* A strict reader of one JSON text (RFC 8259). It works inside the text that it is given, takes
 * one piece of memory, and refuses what is doubtful: bad UTF-8, a NUL in a string, a member that
 * is named twice, more than 256 members in an object, more than 32 levels. */
#ifndef RUNNER_JSON_H
#define RUNNER_JSON_H

#include <stddef.h>

typedef enum { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind;

typedef struct json json;
struct json {
    json_kind kind;
    const char *name;  /* Of a member of an object; else NULL. */
    const char *text;  /* Of a string, UTF-8; of a number, as it was written. */
    const json *first; /* Of an array or an object. */
    const json *next;  /* In the same array or object. */
};

/* Reads the whole of `text`, which is `len` bytes and a NUL, and is changed. What is returned
 * points into it, and is one piece of memory for free(); NULL on failure, and `*problem` says
 * why. */
json *json_read(char *text, size_t len, const char **problem);

/* The member of this name; NULL where there is none, or `object` is NULL or no object. */
const json *json_member(const json *object, const char *name);

#endif
