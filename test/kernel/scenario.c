// Carries out a scenario against the real kernel: every operation, but no `fail=N`. Static, for an initramfs. Writes
// `op: LINE` and `ret: LINE = RESULT` to the trace marker, and the results to standard output.
#define _GNU_SOURCE
#include "scenario.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioctl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

// Copied from <linux/kvm.h> of 6.8; older headers do not have them.
struct guest_memfd { uint64_t size, flags, reserved[6]; };
struct region { uint32_t slot, flags; uint64_t gpa, size, address, offset; uint32_t fd, pad; uint64_t more[14]; };
#define CREATE_VM _IO(0xAE, 0x01)
#define CREATE_GUEST_MEMFD _IOWR(0xAE, 0xd4, struct guest_memfd)
#define SET_REGION _IOW(0xAE, 0x49, struct region)
#define REGION_HAS_GUEST_MEMFD 4

enum { MAX_NAMES = 64, MAX_THREADS = 8, MAX_QUEUED = 32 };
static struct { char name[32]; int fd; } names[MAX_NAMES];
static int named;
static int marker = -1;
// Threads that the next `go` starts, with their lines.
static struct thread { char name[32], line[MAX_QUEUED][MAX_LINE]; int lines; pthread_t id; } threads[MAX_THREADS];
static int queued;
// Held while names or what is printed change, and by nobody who waits.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int fd_of(const char *name) {
  int fd = -1;
  pthread_mutex_lock(&mutex);
  for (int k = 0; k < named; k++) if (!strcmp(names[k].name, name)) fd = names[k].fd;
  pthread_mutex_unlock(&mutex);
  return fd;
}

long name_fd(const char *name, long fd) {
  int k = 0;
  if (fd < 0) return fd;
  pthread_mutex_lock(&mutex);
  while (k < named && strcmp(names[k].name, name)) k++;
  if (k == MAX_NAMES) exit(2);
  if (k == named) named++;
  snprintf(names[k].name, sizeof names[k].name, "%s", name);
  names[k].fd = fd;
  pthread_mutex_unlock(&mutex);
  return fd;
}

uint64_t number(const char *text) {
  char *end;
  uint64_t value = strtoull(text, &end, 0);
  return value << (*end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0);
}

static void mark(const char *text) {
  if (marker >= 0 && write(marker, text, strlen(text)) < 0) perror("trace_marker");
}

static long make_vm(const char *name) {
  int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (kvm < 0) return -1;
  long vm = ioctl(kvm, CREATE_VM, 0);
  int error = errno;
  close(kvm);
  errno = error;
  return name_fd(name, vm);
}

static long load(const char *module) {
  char path[64];
  snprintf(path, sizeof path, "/mods/%s.ko", module);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  long result = syscall(SYS_finit_module, file, "", 0);
  int error = errno;
  close(file);
  errno = error;
  return result;
}

static long set_region(char **word, int bound) {
  struct region region = {.slot = number(word[2])};
  if (bound) {
    region.flags = REGION_HAS_GUEST_MEMFD;
    region.gpa = number(word[3]);
    region.size = number(word[4]);
    region.fd = fd_of(word[5]);
    region.offset = word[6] ? number(word[6]) : 0;
    region.address = (uintptr_t)mmap(0, region.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  return ioctl(fd_of(word[1]), SET_REGION, &region);
}

static long set_capabilities(int raised) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data) < 0) return -1;
  for (int k = 0; k < 2; k++) data[k].effective = raised ? data[k].permitted : 0;
  return syscall(SYS_capset, &header, data);
}

static long limit_descriptors(uint64_t count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
  limit.rlim_cur = count;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

static long allocate(char **word, int mode) {
  return fallocate(fd_of(word[1]), mode, number(word[2]), number(word[3]));
}

static long put(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  long written = write(file, text, strlen(text));
  close(file);
  return written < 0 ? -1 : 0;
}

static long status_of(const char *name, char *more, size_t room) {
  struct stat status;
  struct statfs system;
  char path[64], link[128] = "";
  int fd = fd_of(name);
  if (fstat(fd, &status) < 0 || fstatfs(fd, &system) < 0) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (readlink(path, link, sizeof link - 1) < 0) return -1;
  snprintf(more, room, " mode=%o size=%lld blocks=%lld dev=%llx ino=%llu f_type=%llx link=%s", status.st_mode, (long long)status.st_size,
           (long long)status.st_blocks, (unsigned long long)status.st_dev, (unsigned long long)status.st_ino, (unsigned long long)system.f_type, link);
  return 0;
}

static long file_system_of(int fd, char *more, size_t room) {
  struct statfs system;
  if (fstatfs(fd, &system) < 0) return -1;
  snprintf(more, room, " f_type=%llx f_flags=%llx", (unsigned long long)system.f_type, (unsigned long long)system.f_flags);
  return 0;
}

static long references(const char *module, char *more, size_t room) {
  char path[96], text[32] = "";
  snprintf(path, sizeof path, "/sys/module/%s/refcnt", module);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  long got = read(file, text, sizeof text - 1);
  close(file);
  text[strcspn(text, "\n")] = 0;
  snprintf(more, room, " refcnt=%s", text);
  return got > 0 ? 0 : -1;
}

static void *run_thread(void *argument);

// Starts the threads that were queued, and joins them.
static long go(void) {
  for (int k = 0; k < queued; k++) if (pthread_create(&threads[k].id, 0, run_thread, &threads[k])) exit(2);
  for (int k = 0; k < queued; k++) pthread_join(threads[k].id, 0);
  queued = 0;
  return 0;
}

static long carry_out(char **word, char *more, size_t room) {
  const char *what = word[0];
  long result;
  if (carry_out_descriptors(word, &result, more, room)) return result;
  if (!strcmp(what, "go")) return go();
  if (!strcmp(what, "load")) return load(word[1]);
  if (!strcmp(what, "unload")) return syscall(SYS_delete_module, word[1], O_NONBLOCK);
  if (!strcmp(what, "vm")) return make_vm(word[1]);
  if (!strcmp(what, "gmem")) {
    struct guest_memfd create = {.size = number(word[3]), .flags = word[4] ? number(word[4]) : 0};
    return name_fd(word[1], ioctl(fd_of(word[2]), CREATE_GUEST_MEMFD, &create));
  }
  if (!strcmp(what, "bind")) return set_region(word, 1);
  if (!strcmp(what, "unbind")) return set_region(word, 0);
  if (!strcmp(what, "close")) return close(fd_of(word[1]));
  if (!strcmp(what, "stat")) return status_of(word[1], more, room);
  if (!strcmp(what, "statfs")) return file_system_of(fd_of(word[1]), more, room);
  if (!strcmp(what, "refcnt")) return references(word[1], more, room);
  if (!strcmp(what, "nofile")) return limit_descriptors(number(word[1]));
  if (!strcmp(what, "allocate")) return allocate(word, FALLOC_FL_KEEP_SIZE);
  if (!strcmp(what, "punch")) return allocate(word, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE);
  if (!strcmp(what, "truncate")) return ftruncate(fd_of(word[1]), number(word[2]));
  if (!strcmp(what, "write")) return write(fd_of(word[1]), (char[64]){0}, 64);
  if (!strcmp(what, "filemax")) return put("/proc/sys/fs/file-max", word[1]);
  if (!strcmp(what, "dropcaps")) return set_capabilities(0);
  if (!strcmp(what, "raisecaps")) return set_capabilities(1);
  if (!strcmp(what, "rcu")) return usleep(300000);
  fprintf(stderr, "scenario: %s is not among the operations of this program\n", what);
  exit(2);
}

void perform_words(char **word) {
  char text[MAX_LINE + 8] = "", result[2 * MAX_LINE + 64], more[MAX_LINE] = "";
  for (int k = 0; word[k]; k++) snprintf(text + strlen(text), sizeof text - strlen(text), k ? " %s" : "%s", word[k]);
  snprintf(result, sizeof result, "op: %s\n", text);
  mark(result);
  errno = 0;
  long value = carry_out(word, more, sizeof more);
  const char *error = value < 0 ? strerrorname_np(errno) : 0;
  snprintf(result, sizeof result, "ret: %s = %ld%s%s%s\n", text, value, error ? " " : "", error ? error : "", more);
  mark(result);
  pthread_mutex_lock(&mutex);
  fputs(result + strlen("ret: "), stdout);
  fflush(stdout);
  pthread_mutex_unlock(&mutex);
}

static void perform(char *line) {
  char *word[MAX_WORDS + 1] = {0}, *rest;
  int words = 0;
  line[strcspn(line, "#\n")] = 0;
  for (char *w = strtok_r(line, " \t", &rest); w && words < MAX_WORDS; w = strtok_r(0, " \t", &rest)) word[words++] = w;
  if (words > 0) perform_words(word);
}

static void *run_thread(void *argument) {
  struct thread *thread = argument;
  prctl(PR_SET_NAME, thread->name);
  for (int k = 0; k < thread->lines; k++) perform(thread->line[k]);
  return 0;
}

// `@T LINE`: the line waits for `go`.
static void queue(const char *line) {
  int k = 0, name = strcspn(line, " \t");
  while (k < queued && (strncmp(threads[k].name, line, name) || threads[k].name[name])) k++;
  if (k == MAX_THREADS || (k < queued && threads[k].lines == MAX_QUEUED)) exit(2);
  if (k == queued) {
    threads[queued++].lines = 0;
    snprintf(threads[k].name, sizeof threads[k].name, "%.*s", name, line);
  }
  snprintf(threads[k].line[threads[k].lines++], MAX_LINE, "%s", line + name);
}

int main(int count, char **argument) {
  char line[MAX_LINE];
  int status = became(count, argument);
  if (status >= 0) return status;
  const char *path = getenv("KREEL_TRACE_MARKER");
  FILE *scenario = count > 1 ? fopen(argument[1], "re") : stdin;
  if (!scenario) return perror(argument[1]), 2;
  marker = open(path ? path : "/sys/kernel/tracing/trace_marker", O_WRONLY | O_CLOEXEC);
  while (fgets(line, sizeof line, scenario)) line[0] == '@' ? queue(line + 1) : perform(line);
  return 0;
}
