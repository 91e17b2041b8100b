/* \file Reads the affinity of the thread, and the quotas of its control groups. */
#include "runtime/processors.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "runtime/runtime.h"

/* The groups of a process take a line for each hierarchy, at most a dozen. Lines past this size are ignored. */
enum { GROUPS_SIZE = 8192, PATH_SIZE = 2048 };
/* The largest set of processors of any kernel. A cpu_set_t has only 1024, and the call fails with it on larger machines. */
enum { AFFINITY_WORDS = 1 << 10 };

/* Reads the beginning of a file as a string; "" if there is no file. */
static void read_text(const char* path, char* text, size_t size) {
  size_t length = 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  while (file >= 0 && length < size - 1) {
    const ssize_t more = read(file, text + length, size - 1 - length); /* no signal interrupts reads of these files */
    if (more <= 0) break;
    length += (size_t)more;
  }
  if (file >= 0) close(file);
  text[length] = '\0';
}

/* Moves `*text` past a number above 0 and returns the number; 0 if there is none. */
static int64_t read_number(const char** text) {
  int64_t number = 0;
  for (; **text >= '0' && **text <= '9'; ++*text) {
    if (number > INT64_MAX / 10 - 1) return 0;
    number = number * 10 + (**text - '0');
  }
  return number;
}

static int32_t whole_processors(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0 || quota / period >= INT32_MAX) return INT32_MAX;
  return quota < period ? 1 : (int32_t)(quota / period);
}

/* A path, and the length of the folder's name in it. */
typedef struct folder {
  char path[PATH_SIZE];
  size_t length;
} folder;

static int append(folder* to, const char* text, size_t length) {
  if (length >= sizeof to->path - to->length) return 0;
  memcpy(to->path + to->length, text, length);
  to->length += length;
  to->path[to->length] = '\0';
  return 1;
}

static void shorten(folder* at, size_t length) {
  at->length = length;
  at->path[length] = '\0';
}

/* Reads a file in the folder. */
static void read_file_of(folder* at, const char* name, char* text, size_t size) {
  const size_t length = at->length;
  text[0] = '\0';
  if (append(at, name, strlen(name))) read_text(at->path, text, size);
  shorten(at, length);
}

/* The quota of a group of version 2. The text is "200000 100000", and the first number may be "max". */
static int32_t quota_2(folder* group) {
  char text[64];
  read_file_of(group, "/cpu.max", text, sizeof text);
  const char* at = text;
  const int64_t quota = read_number(&at);
  if (*at != ' ') return INT32_MAX;
  ++at;
  return whole_processors(quota, read_number(&at));
}

/* The quota of a group of version 1. The number is -1 if there is no quota. */
static int32_t quota_1(folder* group) {
  char quota[32], period[32];
  read_file_of(group, "/cpu.cfs_quota_us", quota, sizeof quota);
  read_file_of(group, "/cpu.cfs_period_us", period, sizeof period);
  const char *quota_at = quota, *period_at = period;
  return whole_processors(read_number(&quota_at), read_number(&period_at));
}

/* The least quota of the group `path` of the hierarchy at `mount`, and of the groups above it. */
static int32_t least_quota(folder* mount, const char* path, int32_t (*quota_of)(folder* group)) {
  const size_t top = mount->length;
  folder* group = mount;
  /* A group above the mount cannot be seen, nor one whose path is too long. */
  if (strncmp(path, "/..", 3) != 0 && path[1] != '\0') append(group, path, strlen(path));
  int32_t least = INT32_MAX;
  for (;;) {
    const int32_t quota = quota_of(group);
    if (quota < least) least = quota;
    if (group->length == top) return least;
    size_t length = group->length - 1;
    while (length > top && group->path[length] != '/') --length;
    shorten(group, length);
  }
}

static int has_cpu(const char* controllers, size_t length) {
  const char* const end = controllers + length;
  for (const char* at = controllers; at < end;) {
    const char* comma = memchr(at, ',', (size_t)(end - at));
    const char* name_end = comma != NULL ? comma : end;
    if (name_end - at == 3 && memcmp(at, "cpu", 3) == 0) return 1;
    at = name_end + 1;
  }
  return 0;
}

/* The quota for a line of /proc/self/cgroup: "0::/path" of version 2, "4:cpu,cpuacct:/path" of version 1. */
static int32_t quota_of_line(const char* root, const char* line) {
  const char* controllers = strchr(line, ':');
  const char* path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
  if (path == NULL) return INT32_MAX;
  ++controllers;
  const size_t length = (size_t)(path - controllers);
  ++path;
  const int second = length == 0;
  if (*path != '/' || (!second && !has_cpu(controllers, length))) return INT32_MAX;
  const char* const place = second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu"; /* also if it is mounted together with other controllers */
  folder mount = {"", 0};
  if (!append(&mount, root, strlen(root)) || !append(&mount, place, strlen(place))) return INT32_MAX;
  return least_quota(&mount, path, second ? quota_2 : quota_1);
}

int32_t rn_quota_processors(const char* root) {
  char groups[GROUPS_SIZE];
  folder membership = {"", 0};
  groups[0] = '\0';
  if (append(&membership, root, strlen(root))) read_file_of(&membership, "/proc/self/cgroup", groups, sizeof groups);
  int32_t least = INT32_MAX;
  for (char* line = groups; *line != '\0';) {
    char* const end = strchr(line, '\n');
    if (end == NULL) break; /* the line is incomplete */
    *end = '\0';
    const int32_t quota = quota_of_line(root, line);
    if (quota < least) least = quota;
    line = end + 1;
  }
  return least;
}

static int32_t affinity_processors(void) {
  uint64_t set[AFFINITY_WORDS];
  memset(set, 0, sizeof set);
  if (sched_getaffinity(0, sizeof set, (cpu_set_t*)(void*)set) != 0) {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > RN_MAX_THREADS ? RN_MAX_THREADS : (int32_t)online;
  }
  int32_t count = 0;
  for (int i = 0; i < AFFINITY_WORDS; ++i) count += __builtin_popcountll(set[i]);
  return count;
}

int32_t rn_processors(void) {
  const int32_t affinity = affinity_processors(), quota = rn_quota_processors("");
  const int32_t count = affinity < quota ? affinity : quota;
  return count < 1 ? 1 : count > RN_MAX_THREADS ? RN_MAX_THREADS : count;
}
