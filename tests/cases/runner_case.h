/* A case of others' test suites, as a line of JSON says it. */
#ifndef RUNNER_CASE_H
#define RUNNER_CASE_H

#include <stddef.h>
#include <stdint.h>

#include "runner_json.h"

/* Text that grows. */
typedef struct {
    char *bytes; /* NUL-terminated, once something was added. */
    size_t len;
    size_t room;
} text;

void add(text *to, const char *what);
void add_number(text *to, long number);

typedef struct {
    const char *id;
    int role;
    int has_time;
    int64_t time;
    const char *host; /* NULL: names are not looked at. */
    const char *leaf;
    const json *intermediates;
    const json *trusted;
    const json *crls;
    int anchors;     /* The trusted ones are authorities. */
    int known;       /* The very leaf is believed where it is among them. */
    int self_signed; /* And only where it names itself as issuer. */
    text notes;      /* What cannot be done as the case wants it; a line each. */
    int refused;     /* It can only be refused. */
} test_case;

/* Reads the case; what is wrong with the line, or NULL: nothing. It points into `line`. */
const char *read_case(const json *line, test_case *one);

/* A line for what cannot be done as the case wants it. */
void note(test_case *one, const char *first, const char *second);

/* Whether there is such a text, and it is this one. */
int is(const char *text, const char *wanted);

#endif
