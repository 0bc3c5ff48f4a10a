/* One request, one reply: the protocol of README.md. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>

#include "buffer.h"
#include "store.h"

enum {
    REQUEST_SIZE = 4096, /* the bytes of the longest line, its end not counted */
    REQUEST_NAME = 64,   /* the bytes of the longest name */
    REQUEST_LIST = 256   /* the most names in a reply */
};

/* Answer the line of `len` bytes, which may hold any bytes, is changed, and ends in a NUL of ours. */
void request_answer(struct store *store, const char *owner, char *line, size_t len, struct buffer *reply);

#endif
