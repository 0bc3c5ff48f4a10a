/* A buffer: bytes are added at the end and removed from the front. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>

struct buffer {
    char *bytes;
    size_t at, end, size; /* what waits is from `at` to `end` */
    int failed;           /* out of memory: the content is incomplete */
};

void buffer_add(struct buffer *buffer, const char *text);
void buffer_drop(struct buffer *buffer, size_t n); /* from the front */
void buffer_free(struct buffer *buffer);

static inline size_t buffer_waiting(const struct buffer *buffer)
{
    return buffer->end - buffer->at;
}

#endif
