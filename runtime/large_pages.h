/* \file Blocks of memory in large pages. Each page that kernels read takes an entry of the processor's tables of pages; few large pages
 * stay in those tables where many small ones do not. */
#ifndef RESNETC_RUNTIME_LARGE_PAGES_H
#define RESNETC_RUNTIME_LARGE_PAGES_H

#include <stddef.h>

/* Allocates a block that starts at a multiple of 64 bytes. A block of at least two large pages starts at a large page, and asks the system
 * for large pages. NULL if there is no memory, else free() frees it. */
unsigned char* rn_allocate_block(size_t bytes);

#endif
