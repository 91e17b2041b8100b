/* \file A program that uses a compiled network: classifies Fashion-MNIST's test pictures and counts how many it gets right.
 *
 *     classify PICTURES LABELS WEIGHTS [BATCH]
 *
 * PICTURES and LABELS are the data set's files, unpacked (IDX: http://yann.lecun.com/exdb/mnist); WEIGHTS is resnet20_fashion.weights. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "resnet20_fashion.h"

enum { CLASSES = 10, PICTURES_HEADER = 16, LABELS_HEADER = 8 };

static const char* const names[CLASSES] = {"T-shirt/top", "trouser", "pullover", "dress", "coat",
                                           "sandal",      "shirt",   "sneaker",  "bag",   "ankle boot"};

/* Maps a whole file for reading. A mapping starts at a page, which is all the alignment that the library asks of weights. */
static const unsigned char* map_file(const char* path, size_t* size) {
  const int file = open(path, O_RDONLY);
  struct stat status;
  void* data = MAP_FAILED;
  if (file >= 0 && fstat(file, &status) == 0 && status.st_size > 0) {
    *size = (size_t)status.st_size;
    data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
  }
  if (file >= 0) close(file);
  if (data == MAP_FAILED) {
    fprintf(stderr, "classify: cannot read '%s'\n", path);
    exit(1);
  }
  return (const unsigned char*)data;
}

static void check(resnet20_fashion_status status) {
  if (status == RESNET20_FASHION_OK) return;
  fprintf(stderr, "classify: %s\n", resnet20_fashion_status_string(status));
  exit(1);
}

static int best_of(const float* logits) {
  int best = 0;
  for (int i = 1; i < CLASSES; ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    fprintf(stderr, "usage: classify PICTURES LABELS WEIGHTS [BATCH]\n");
    return 2;
  }
  size_t pictures_size = 0, labels_size = 0, weights_size = 0;
  const unsigned char* pictures = map_file(argv[1], &pictures_size);
  const unsigned char* labels = map_file(argv[2], &labels_size);
  const unsigned char* weights = map_file(argv[3], &weights_size);
  const int batch = argc == 5 ? atoi(argv[4]) : 100;
  if (labels_size < LABELS_HEADER || batch < 1) return 2;
  const size_t count = labels_size - LABELS_HEADER;
  if (pictures_size != PICTURES_HEADER + count * RESNET20_FASHION_INPUT_BYTES) {
    fprintf(stderr, "classify: these are not as many pictures as labels\n");
    return 1;
  }
  float* logits = (float*)malloc((size_t)batch * CLASSES * sizeof(float));
  if (logits == NULL) return 1;

  resnet20_fashion_options options = RESNET20_FASHION_OPTIONS_INIT;
  options.max_batch = batch;
  resnet20_fashion_context* context = NULL;
  check(resnet20_fashion_create(weights, weights_size, &options, &context));

  size_t right = 0, right_of[CLASSES] = {0}, of[CLASSES] = {0};
  double seconds = 0;
  for (size_t first = 0; first < count; first += (size_t)batch) {
    const size_t n = count - first < (size_t)batch ? count - first : (size_t)batch;
    const unsigned char* input = pictures + PICTURES_HEADER + first * RESNET20_FASHION_INPUT_BYTES;
    const double start = now();
    check(resnet20_fashion_run(context, input, n * RESNET20_FASHION_INPUT_BYTES, logits, n * CLASSES * sizeof(float), (int32_t)n));
    seconds += now() - start;
    for (size_t i = 0; i < n; ++i) {
      const unsigned label = labels[LABELS_HEADER + first + i];
      if (label >= CLASSES) return 1;
      const int hit = best_of(logits + i * CLASSES) == (int)label;
      right += (size_t)hit;
      right_of[label] += (size_t)hit;
      ++of[label];
    }
  }
  for (int c = 0; c < CLASSES; ++c) printf("  %-12s %4zu of %4zu\n", names[c], right_of[c], of[c]);
  printf("right: %zu of %zu (%.2f %%)\n", right, count, 100.0 * (double)right / (double)count);
  printf("%.0f pictures per second, %d at a time, on %s with %d threads\n", (double)count / seconds, batch,
         resnet20_fashion_selected_target(context), (int)resnet20_fashion_thread_count(context));
  resnet20_fashion_destroy(context);
  free(logits);
  return 0;
}
