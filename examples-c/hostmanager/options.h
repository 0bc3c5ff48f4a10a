/* What the daemon is told: by a file, and by the command line, which wins. */
#ifndef OPTIONS_H
#define OPTIONS_H

enum { OPTION_SIZE = 4096 };

struct options {
    char listen[OPTION_SIZE], cert[OPTION_SIZE], key[OPTION_SIZE], clients[OPTION_SIZE], ca[OPTION_SIZE],
        crl[OPTION_SIZE], database[OPTION_SIZE]; /* empty: there is none */
    int deadline_s;
};

/* 1: all is well. 0: it is not, and what is wrong has been told on the standard error stream. */
int options_read(int argc, char **argv, struct options *options);

#endif
