/* \file What a thread does between two looks at a word that another thread will change. */
#ifndef RESNETC_RUNTIME_PAUSE_H
#define RESNETC_RUNTIME_PAUSE_H

/* Tells the processor that this thread only waits, for some tens of cycles: its core's other thread runs faster then. */
static inline void rn_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
#error "what is a pause on this architecture?"
#endif
}

#endif
