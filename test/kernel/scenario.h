// Declarations that the files of the scenario program share.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { MAX_WORDS = 8, MAX_LINE = 256 };

// The descriptor of a name; -1 for a name that never got one.
int fd_of(const char *name);
// Gives the descriptor a name; an error, below 0, changes none.
long name_fd(const char *name, long fd);
// Sizes may end in K, M or G.
uint64_t number(const char *text);
// Carries out a line, given by its words, with the marks around it.
void perform_words(char **word);

// Operations of descriptors.c: returns true if `word[0]` names one of them; then *result is its result, and `more` the
// text to print after it. -1 with errno 0: the object of the operation does not exist.
int carry_out_descriptors(char **word, long *result, char *more, size_t room);
// Runs the program that this one was executed as; returns its exit status, or -1 to carry out a scenario instead.
int became(int count, char **argument);
