/* What the judging programs share: reading files, thread CPU time, memory, and one result line. */
#ifndef MEASURE_H
#define MEASURE_H

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often the chain is judged; times are divided by it. */
#define ROUNDS 2000

static inline double cpu_seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
        abort();
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Bytes that malloc has given out and not got back. */
static inline double heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
}

/* The most memory that the process ever had, in kilobytes. */
static inline double peak_kilobytes(void)
{
    char line[256];
    double peak = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL)
        return 0;
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtod(line + 6, NULL);
    fclose(status);
    return peak;
}

static inline char *slurp(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
        text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    fclose(file);
    text[size] = '\0';
    *len = (size_t)size;
    return text;
}

static inline void report(double load_seconds, double heap, double peak, double judge_seconds)
{
    printf("load_ms %.3f heap_mb %.3f peak_mb %.3f judge_us %.3f\n", load_seconds * 1e3,
           heap / 1e6, peak * 1024 / 1e6, judge_seconds * 1e6 / ROUNDS);
}

#endif
