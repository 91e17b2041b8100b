/* \file The number of processors: made-up trees of control groups, and affinities of large machines. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/processors.h"
#include "tests/runtime/network.h"

/* What sched_getaffinity() says while this is set: of so many possible processors these are this thread's. */
static int possible, allowed;
int __real_sched_getaffinity(pid_t process, size_t bytes, cpu_set_t* set);
int __wrap_sched_getaffinity(pid_t process, size_t bytes, cpu_set_t* set) {
  if (possible == 0) return __real_sched_getaffinity(process, bytes, set);
  if (bytes * 8 < (size_t)possible) {
    errno = EINVAL;
    return -1;
  }
  memset(set, 0, bytes);
  for (int i = 0; i < allowed; ++i) {
    const int processor = possible - 1 - i; /* the last ones */
    ((unsigned char*)set)[processor / 8] |= (unsigned char)(1u << (processor % 8));
  }
  return 0;
}

enum { PATH_BYTES = 8192, DEEP = 3000, LONG = 100000 };

typedef struct file {
  const char *path, *text; /* the path begins with "/" */
} file;

static void make_file(const char* root, const file* made) {
  static char path[2 * PATH_BYTES];
  snprintf(path, sizeof path, "%s%s", root, made->path);
  for (char* slash = strchr(path + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
  }
  FILE* out = fopen(path, "w");
  CHECK(out != NULL && fputs(made->text, out) >= 0 && fclose(out) == 0);
}

static void remove_tree(const char* root) {
  char command[256];
  snprintf(command, sizeof command, "rm -r '%s'", root);
  CHECK(system(command) == 0);
}

/* What the quotas in these files come to; the list ends with a file without a path. */
static int32_t quota_of(const file* files) {
  char root[] = "/tmp/resnetc-cgroup-XXXXXX";
  CHECK(mkdtemp(root) != NULL);
  for (; files->path != NULL; ++files) make_file(root, files);
  const int32_t quota = rn_quota_processors(root);
  remove_tree(root);
  return quota;
}
#define QUOTA(...) quota_of((const file[]){__VA_ARGS__, {NULL, NULL}})
#define GROUPS(text) {"/proc/self/cgroup", text}
#define V2(group) "/sys/fs/cgroup" group "/cpu.max"
#define V1(group, file) "/sys/fs/cgroup/cpu" group "/cpu.cfs_" file "_us"

static void test_version_2(void) {
  CHECK(QUOTA(GROUPS("0::/\n")) == INT32_MAX);
  CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), "max 100000\n"}) == INT32_MAX);
  CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), "300000 100000\n"}) == 3);
  CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), "50000 100000\n"}) == 1);
  CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), "1 1000000\n"}) == 1);
  CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), "399999 100000\n"}) == 3);
  CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), "20000 10000\n"}) == 2);
  CHECK(QUOTA(GROUPS("0::/a/b\n"), {V2("/a/b"), "400000 100000\n"}) == 4);
  /* The least one, wherever it stands on the way up, and nowhere else. */
  CHECK(QUOTA(GROUPS("0::/a/b\n"), {V2("/a/b"), "max 100000\n"}, {V2("/a"), "200000 100000\n"}) == 2);
  CHECK(QUOTA(GROUPS("0::/a/b\n"), {V2("/a/b"), "300000 100000\n"}, {V2("/a"), "800000 100000\n"}, {V2(""), "500000 100000\n"}) == 3);
  CHECK(QUOTA(GROUPS("0::/a/b\n"), {V2("/a/b"), "300000 100000\n"}, {V2("/a"), "800000 100000\n"}, {V2(""), "200000 100000\n"}) == 2);
  CHECK(QUOTA(GROUPS("0::/a/b\n"), {V2("/a/b"), "600000 100000\n"}, {V2("/a/b/c"), "200000 100000\n"}, {V2("/x"), "100000 100000\n"}) == 6);
  /* The group is not to be seen: the mount shows a part of the tree, or the group lies above it. */
  CHECK(QUOTA(GROUPS("0::/docker/0123\n"), {V2(""), "200000 100000\n"}) == 2);
  CHECK(QUOTA(GROUPS("0::/docker/0123\n"), {V2("/docker"), "max 100000\n"}, {V2(""), "200000 100000\n"}) == 2);
  CHECK(QUOTA(GROUPS("0::/../other\n"), {"/sys/fs/other/cpu.max", "100000 100000\n"}, {V2(""), "200000 100000\n"}) == 2);
}

static void test_version_1(void) {
  const file groups = GROUPS("12:cpuset:/x\n4:cpuacct,cpu:/a/b\n1:name=systemd:/y\n");
  CHECK(QUOTA(groups) == INT32_MAX);
  CHECK(QUOTA(groups, {V1("/a/b", "quota"), "-1\n"}, {V1("/a/b", "period"), "100000\n"}) == INT32_MAX);
  CHECK(QUOTA(groups, {V1("/a/b", "quota"), "250000\n"}, {V1("/a/b", "period"), "100000\n"}) == 2);
  CHECK(QUOTA(groups, {V1("/a/b", "quota"), "-1\n"}, {V1("/a/b", "period"), "100000\n"}, {V1("/a", "quota"), "300000\n"},
              {V1("/a", "period"), "100000\n"}) == 3);
  CHECK(QUOTA(groups, {V1("", "quota"), "50000\n"}, {V1("", "period"), "100000\n"}) == 1);
  CHECK(QUOTA(groups, {V1("/x", "quota"), "100000\n"}, {V1("/x", "period"), "100000\n"}) == INT32_MAX);
  CHECK(QUOTA(GROUPS("4:cpu:/\n"), {V1("", "quota"), "700000\n"}, {V1("", "period"), "100000\n"}) == 7);
  /* Both versions at once: the controller is in one of them. */
  CHECK(QUOTA(GROUPS("4:cpu,cpuacct:/a\n0::/b\n"), {V1("/a", "quota"), "700000\n"}, {V1("/a", "period"), "100000\n"}) == 7);
  CHECK(QUOTA(GROUPS("4:memory:/a\n0::/b\n"), {V2("/b"), "500000 100000\n"}) == 5);
}

static void test_broken_files(void) {
  CHECK(QUOTA({"/nothing", ""}) == INT32_MAX);
  CHECK(rn_quota_processors("/no/such/folder") == INT32_MAX);
  const char* const broken_groups[] = {"", "\n", "\n\n", "0::/", "0::\n", "0:\n", ":\n", "::\n", "::::\n", "0:cpu\n", "0::a\n", "cpu\n"};
  for (size_t i = 0; i < sizeof broken_groups / sizeof broken_groups[0]; ++i) {
    CHECK(QUOTA(GROUPS(broken_groups[i]), {V2(""), "100000 100000\n"}) == INT32_MAX);
  }
  const char* const broken_quotas[] = {"",
                                       "\n",
                                       "max",
                                       "100000",
                                       "100000 ",
                                       "100000 0",
                                       "0 100000",
                                       "-1 100000",
                                       "1e5 1000",
                                       "x 1000",
                                       "100000  100000",
                                       "100000\t100000",
                                       "99999999999999999999999999 1",
                                       "9223372036854775807 1"};
  for (size_t i = 0; i < sizeof broken_quotas / sizeof broken_quotas[0]; ++i) {
    CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), broken_quotas[i]}) == INT32_MAX);
  }
  const file one = GROUPS("1:cpu:/\n");
  CHECK(QUOTA(one, {V1("", "quota"), "100000\n"}) == INT32_MAX);
  CHECK(QUOTA(one, {V1("", "quota"), "100000\n"}, {V1("", "period"), "0\n"}) == INT32_MAX);
  CHECK(QUOTA(one, {V1("", "quota"), "\n"}, {V1("", "period"), "100000\n"}) == INT32_MAX);

  /* Long ones are read as far as there is room: lines, paths, and what a lone line of a file goes on with. */
  char* text = malloc(LONG + 100);
  CHECK(text != NULL);
  strcpy(text, "0::/");
  memset(text + 4, 'a', DEEP);
  strcpy(text + 4 + DEEP, "\n");
  CHECK(QUOTA(GROUPS(text), {V2(""), "200000 100000\n"}) == 2);
  for (int i = 0; i < DEEP; i += 2) text[4 + i] = '/';
  CHECK(QUOTA(GROUPS(text), {V2(""), "200000 100000\n"}) == 2);
  memset(text, 'a', LONG);
  strcpy(text + LONG, "\n0::/\n");
  CHECK(QUOTA(GROUPS(text), {V2(""), "200000 100000\n"}) == INT32_MAX);
  strcpy(text, "300000 100000\n");
  memset(text + strlen(text), '5', LONG - strlen(text));
  text[LONG] = '\0';
  CHECK(QUOTA(GROUPS("0::/\n"), {V2(""), text}) == 3);
  free(text);
}

static void test_affinity(void) {
  CHECK(rn_processors() >= 1);
  possible = 8192; /* more than a cpu_set_t has */
  allowed = 1;
  CHECK(rn_processors() == 1);
  const int32_t quota = rn_quota_processors("");
  allowed = 700;
  CHECK(rn_processors() == (quota < 700 ? quota : 700));
  allowed = 3000;
  CHECK(rn_processors() == (quota < RN_MAX_THREADS ? quota : RN_MAX_THREADS));
  possible = 1 << 20; /* more than there is room for: as many as the system has */
  CHECK(rn_processors() >= 1 && rn_processors() <= RN_MAX_THREADS);
  possible = 0;
}

void test_processors(void) {
  test_version_2();
  test_version_1();
  test_broken_files();
  test_affinity();
}
