/* \file Allocates blocks in large pages, with madvise: where the system has none, its small pages serve. */
#include "runtime/large_pages.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64, LARGE_PAGE = 2 << 20 };

unsigned char* rn_allocate_block(size_t bytes) {
  const int large = bytes >= 2 * (size_t)LARGE_PAGE;
  void* block = NULL;
  if (posix_memalign(&block, large ? LARGE_PAGE : CACHE_LINE, bytes == 0 ? CACHE_LINE : bytes) != 0) return NULL;
  if (large) madvise(block, bytes, MADV_HUGEPAGE);
  return (unsigned char*)block;
}
