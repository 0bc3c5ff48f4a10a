#include "buffer.h"

#include <stdlib.h>
#include <string.h>

void buffer_add(struct buffer *buffer, const char *text)
{
    size_t len = strlen(text);

    if (buffer->failed)
        return;
    if (buffer->size - buffer->end < len) {
        size_t size = 2 * (buffer->end + len);
        char *bytes = realloc(buffer->bytes, size);
        if (!bytes) {
            buffer->failed = 1;
            return;
        }
        buffer->bytes = bytes;
        buffer->size = size;
    }
    memcpy(buffer->bytes + buffer->end, text, len);
    buffer->end += len;
}

void buffer_drop(struct buffer *buffer, size_t n)
{
    buffer->at += n;
    if (buffer->at == buffer->end)
        buffer_free(buffer); /* thousands of idle clients cost nothing here */
    else if (buffer->at > buffer->size / 2) {
        memmove(buffer->bytes, buffer->bytes + buffer->at, buffer_waiting(buffer));
        buffer->end -= buffer->at;
        buffer->at = 0;
    }
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    buffer->bytes = NULL;
    buffer->at = buffer->end = buffer->size = 0;
}
