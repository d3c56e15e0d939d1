// What the files of the scenario program know of each other.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { MAX_WORDS = 8, MAX_LINE = 256 };

// The descriptor behind a name; -1 for a name that never got one.
int fd_of(const char *name);
// Gives the descriptor a name; an error, below 0, changes none.
long name_fd(const char *name, long fd);
// Sizes may end in K, M or G.
uint64_t number(const char *text);
// Carries out a line, given by its words, with the marks around it.
void perform_words(char **word);

// Operations of descriptors.c: whether `word[0]` names one of them; then what it came to is in *result, and in `more` what
// is printed behind that. -1 with errno 0: there was nothing to do it to.
int carry_out_descriptors(char **word, long *result, char *more, size_t room);
// What another program does that this one became: its exit status, or -1 where a scenario is to be carried out.
int became(int count, char **argument);
