#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Read if it is there; one that --config names must be. */
static const char DEFAULT_FILE[] = "/etc/tomato/hostmanager.conf";

/* Each is a line `NAME = VALUE` in the file, and `--NAME VALUE` on the command line. */
static const struct { const char *name; size_t at; const char *value; } KNOWN[] = {
    { "listen", offsetof(struct options, listen), "0.0.0.0:8000" },
    { "cert", offsetof(struct options, cert), "/etc/tomato/server.pem" },
    { "key", offsetof(struct options, key), "/etc/tomato/server.pem" },
    { "clients", offsetof(struct options, clients), "/etc/tomato/client_certs" },
    { "ca", offsetof(struct options, ca), "" },
    { "crl", offsetof(struct options, crl), "" },
    { "database", offsetof(struct options, database), "/var/lib/tomato/hostmanager.db" },
};
enum { TEXTS = sizeof KNOWN / sizeof *KNOWN, DEADLINE = TEXTS, CONFIG, OPTIONS };

static const char *set(struct options *options, size_t which, const char *value)
{
    char *end = NULL;

    if (which == DEADLINE) {
        long seconds = strtol(value, &end, 10);
        if (end == value || *end != '\0' || seconds < 1 || seconds > 86400)
            return "the deadline must be 1 to 86400 seconds";
        options->deadline_s = (int)seconds;
        return NULL;
    }
    if (strlen(value) >= OPTION_SIZE)
        return "the value is too long";
    strcpy((char *)options + KNOWN[which].at, value);
    return NULL;
}

static size_t find(const char *name)
{
    for (size_t i = 0; i < TEXTS; i++)
        if (strcmp(name, KNOWN[i].name) == 0)
            return i;
    return strcmp(name, "deadline") == 0 ? (size_t)DEADLINE : (size_t)OPTIONS;
}

/* Without the blanks around it. */
static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

/* NULL, or what is wrong with the line. An empty line and one that begins with # say nothing. */
static const char *read_line(struct options *options, char *line)
{
    char *value, *name = trim(line);

    if (*name == '\0' || *name == '#')
        return NULL;
    if (!(value = strchr(name, '=')))
        return "this is not NAME = VALUE";
    *value++ = '\0';
    size_t which = find(trim(name));
    return which == OPTIONS ? "there is no option of this name" : set(options, which, trim(value));
}

static int read_file(struct options *options, const char *path)
{
    char line[OPTION_SIZE + 64];
    const char *why = NULL;
    FILE *file = fopen(path ? path : DEFAULT_FILE, "r");

    if (!file && !path && errno == ENOENT)
        return 1;
    path = path ? path : DEFAULT_FILE;
    if (!file) {
        fprintf(stderr, "hostmanager: %s: %s\n", path, strerror(errno));
        return 0;
    }
    for (int number = 1; !why && fgets(line, sizeof line, file); number++) {
        why = strchr(line, '\n') || feof(file) ? read_line(options, line) : "the line is too long";
        if (why)
            fprintf(stderr, "hostmanager: %s, line %d: %s\n", path, number, why);
    }
    if (ferror(file))
        why = strerror(errno), fprintf(stderr, "hostmanager: %s: %s\n", path, why);
    fclose(file);
    return !why;
}

int options_read(int argc, char **argv, struct options *options)
{
    struct option words[OPTIONS + 1];
    const char *file = NULL, *why = NULL, *given[TEXTS + 1] = { NULL };
    int which;

    memset(words, 0, sizeof words);
    for (int i = 0; i < OPTIONS; i++) {
        words[i].name = i < TEXTS ? KNOWN[i].name : i == DEADLINE ? "deadline" : "config";
        words[i].has_arg = required_argument;
        words[i].val = i;
    }
    while ((which = getopt_long(argc, argv, "", words, NULL)) != -1) {
        if (which == CONFIG)
            file = optarg;
        else if (which >= 0 && which < CONFIG)
            given[which] = optarg;
        else
            optind = argc + 1;
    }
    if (optind != argc) {
        fprintf(stderr, "usage: %s [--config FILE] [--listen HOST:PORT] [--cert FILE] [--key FILE]\n"
                        "       [--clients DIRECTORY] [--database FILE] [--ca FILE [--crl FILE]]\n"
                        "       [--deadline SECONDS]\n", argv[0]);
        return 0;
    }
    memset(options, 0, sizeof *options);
    options->deadline_s = 30;
    for (size_t i = 0; i < TEXTS; i++)
        (void)set(options, i, KNOWN[i].value);
    if (!read_file(options, file))
        return 0;
    for (size_t i = 0; !why && i <= TEXTS; i++)
        why = given[i] ? set(options, i, given[i]) : NULL;
    if (why)
        fprintf(stderr, "hostmanager: %s\n", why);
    return !why;
}
