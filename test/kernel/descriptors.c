// Operations on descriptors but opening and closing: copies, ranges, children, other programs, messages, mappings.
#define _GNU_SOURCE
#include "scenario.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_MAPPINGS = 64, PAGE = 4096, CLOSE_RANGE = 436 };

// Path of this program: one that it executes has the same name.
static char itself[256];
static struct { char name[32]; volatile char *at; size_t length; } mappings[MAX_MAPPINGS];
static int mapped;

static long dup_many(int fd, int times) {
  long result = -1;
  for (int k = 0; k < times && (result = dup(fd)) >= 0; k++) {}
  return result;
}

// A pair of sockets, by the names S.0 and S.1.
static long make_sockets(const char *name) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return -1;
  for (int k = 0; k < 2; k++) {
    char end[40];
    snprintf(end, sizeof end, "%s.%d", name, k);
    name_fd(end, ends[k]);
  }
  return 0;
}

// A message of one byte, with room for a descriptor.
struct message { char byte; struct iovec part; char control[CMSG_SPACE(sizeof(int))]; struct msghdr header; };

static struct msghdr *of_one_byte(struct message *message) {
  memset(message, 0, sizeof *message);
  message->part = (struct iovec){&message->byte, 1};
  message->header = (struct msghdr){.msg_iov = &message->part, .msg_iovlen = 1, .msg_control = message->control,
                                    .msg_controllen = sizeof message->control};
  return &message->header;
}

static long send_fd(int socket, int fd) {
  struct message message;
  struct msghdr *header = of_one_byte(&message);
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  *control = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(control), &fd, sizeof fd);
  return sendmsg(socket, header, 0);
}

static long receive_fd(int socket, const char *name, char *more, size_t room) {
  struct message message;
  struct msghdr *header = of_one_byte(&message);
  long result = recvmsg(socket, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (result < 0) return result;
  snprintf(more, room, " flags=%x", header->msg_flags & ~MSG_CMSG_CLOEXEC);
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  if (!control) return -1;
  int fd;
  memcpy(&fd, CMSG_DATA(control), sizeof fd);
  return name_fd(name, fd);
}

static long map(const char *name, int fd, uint64_t offset, uint64_t length) {
  void *at = mmap(0, length, PROT_READ | PROT_WRITE, name ? MAP_SHARED : MAP_PRIVATE, fd, offset);
  if (at == MAP_FAILED) return -1;
  if (!name) return munmap(at, length);
  if (mapped == MAX_MAPPINGS) exit(2);
  snprintf(mappings[mapped].name, sizeof mappings[mapped].name, "%s", name);
  mappings[mapped].at = at;
  mappings[mapped++].length = length;
  return 0;
}

// The mapping that got this name last, or -1.
static int mapping_of(const char *name) {
  int k = mapped - 1;
  while (k >= 0 && strcmp(mappings[k].name, name)) k--;
  return k;
}

static long poke(const char *name) {
  int k = mapping_of(name);
  if (k < 0) return -1;
  for (size_t at = 0; at < mappings[k].length; at += PAGE) mappings[k].at[at] = 1;
  return 0;
}

static long unmap(const char *name) {
  int k = mapping_of(name);
  if (k < 0) return -1;
  mappings[k].name[0] = 0;
  return munmap((void *)mappings[k].at, mappings[k].length);
}

static long touch(int fd, uint64_t offset, uint64_t length) {
  volatile char *at = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  if (at == MAP_FAILED) return -1;
  for (size_t k = 0; k < length; k += PAGE) at[k] = 1;
  return munmap((void *)at, length);
}

// A child that sleeps and exits.
static long begin_child(const char *ms) {
  pid_t child = fork();
  if (child != 0) return child < 0 ? -1 : 0;
  usleep(1000 * (ms ? number(ms) : 1));
  _exit(0);
}

// The same, but as another program.
static long begin_program(int shares, char *ms) {
  char *argument[] = {"scenario", "-sleep", ms ? ms : "1", 0};
  pid_t child = shares ? vfork() : fork();
  if (child != 0) return child < 0 ? -1 : 0;
  execv(itself, argument);
  _exit(9);
}

// Its page tables are not filled: what is asked is whether its code could run.
static long map_executable(int fd, uint64_t offset, uint64_t length) {
  void *at = mmap(0, length, PROT_READ | PROT_EXEC, MAP_SHARED, fd, offset);
  return at == MAP_FAILED ? -1 : munmap(at, length);
}

static long protect_executable(const char *name) {
  int k = mapping_of(name);
  if (k < 0) return -1;
  return mprotect((void *)mappings[k].at, mappings[k].length, PROT_READ | PROT_EXEC);
}

static long status_flags(int fd, char *more, size_t room) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -1;
  snprintf(more, room, " flags=%x", flags);
  return 0;
}

// A program that is the file of the descriptor: none that a scenario names is one.
static long become(int fd) {
  char *argument[] = {"scenario", 0}, *environment[] = {0};
  return syscall(SYS_execveat, fd, "", argument, environment, AT_EMPTY_PATH);
}

static long become_closer(int fd) {
  char text[16];
  snprintf(text, sizeof text, "%d", fd);
  return execl(itself, "scenario", "-close", text, (char *)0);
}

// A child that carries out the line behind it, and the wait for that.
static long in_child(char **word) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    perform_words(word);
    _exit(0);
  }
  return child > 0 && waitpid(child, 0, 0) == child ? 0 : -1;
}

int became(int count, char **argument) {
  if (readlink("/proc/self/exe", itself, sizeof itself - 1) < 0) return 2;
  if (count < 3) return -1;
  if (!strcmp(argument[1], "-sleep")) return usleep(1000 * atoi(argument[2])), 0;
  if (!strcmp(argument[1], "-close")) return close(atoi(argument[2])), 0;
  return -1;
}

int carry_out_descriptors(char **word, long *result, char *more, size_t room) {
  const char *what = word[0];
  if (!strcmp(what, "dup")) *result = name_fd(word[1], dup(fd_of(word[2])));
  else if (!strcmp(what, "dup2")) *result = dup2(fd_of(word[2]), fd_of(word[1]));
  else if (!strcmp(what, "dupto")) *result = name_fd(word[1], dup2(fd_of(word[3]), number(word[2])));
  else if (!strcmp(what, "dupfd")) *result = name_fd(word[1], fcntl(fd_of(word[2]), F_DUPFD, (int)number(word[3])));
  else if (!strcmp(what, "dupmany")) *result = dup_many(fd_of(word[1]), number(word[2]));
  else if (!strcmp(what, "closerange")) {
    unsigned flags = word[3] ? number(word[3]) : 0;
    *result = syscall(CLOSE_RANGE, (unsigned)number(word[1]), (unsigned)number(word[2]), flags);
  } else if (!strcmp(what, "cloexec")) *result = fcntl(fd_of(word[1]), F_SETFD, FD_CLOEXEC);
  else if (!strcmp(what, "unsharefiles")) *result = unshare(CLONE_FILES);
  else if (!strcmp(what, "socket")) *result = make_sockets(word[1]);
  else if (!strcmp(what, "send")) *result = send_fd(fd_of(word[1]), fd_of(word[2]));
  else if (!strcmp(what, "recv")) *result = receive_fd(fd_of(word[1]), word[2], more, room);
  else if (!strcmp(what, "map")) *result = map(word[1], fd_of(word[2]), number(word[3]), number(word[4]));
  else if (!strcmp(what, "mapprivate")) *result = map(0, fd_of(word[1]), number(word[2]), number(word[3]));
  else if (!strcmp(what, "mapexec")) *result = map_executable(fd_of(word[1]), number(word[2]), number(word[3]));
  else if (!strcmp(what, "protectexec")) *result = protect_executable(word[1]);
  else if (!strcmp(what, "getfl")) *result = status_flags(fd_of(word[1]), more, room);
  else if (!strcmp(what, "execveat")) *result = become(fd_of(word[1]));
  else if (!strcmp(what, "touch")) *result = touch(fd_of(word[1]), number(word[2]), number(word[3]));
  else if (!strcmp(what, "poke")) *result = poke(word[1]);
  else if (!strcmp(what, "unmap")) *result = unmap(word[1]);
  else if (!strcmp(what, "fork")) *result = begin_child(word[1]);
  else if (!strcmp(what, "exec")) *result = begin_program(0, word[1]);
  else if (!strcmp(what, "vfork")) *result = begin_program(1, word[1]);
  else if (!strcmp(what, "execself")) *result = become_closer(fd_of(word[1]));
  else if (!strcmp(what, "child")) *result = in_child(word + 1);
  else if (!strcmp(what, "wait")) {
    while (wait(0) > 0) {}
    *result = 0;
  } else if (!strcmp(what, "sleep")) *result = usleep(1000 * number(word[1]));
  else return 0;
  return 1;
}
