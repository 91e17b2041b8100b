/* \file Checks of a weights file before a context uses it. The bytes are untrusted. */
#define XXH_INLINE_ALL
#define XXH_NO_STREAM
#include <string.h>
#include <xxhash.h>

#include "runtime/runtime.h"

int32_t rn_check_weights(const rn_model* model, const void* weights, size_t weights_bytes, const rn_options* options) {
  rn_weights_header header;
  if (weights == NULL || weights_bytes == 0) return RN_WEIGHTS_MISSING;
  if (weights_bytes < sizeof header) return RN_WEIGHTS_SIZE_WRONG;
  memcpy(&header, weights, sizeof header);
  if (memcmp(header.magic, RN_WEIGHTS_MAGIC, sizeof header.magic) != 0) return RN_WEIGHTS_MAGIC_WRONG;
  if (header.version != model->weights_version) return RN_WEIGHTS_VERSION_WRONG;
  if (header.recipe_hash != model->recipe_hash) return RN_WEIGHTS_NETWORK_WRONG;
  if (header.header_bytes != RN_WEIGHTS_ALIGN || header.data_bytes != model->weights_bytes) return RN_WEIGHTS_SIZE_WRONG;
  if (weights_bytes < RN_WEIGHTS_ALIGN || weights_bytes - RN_WEIGHTS_ALIGN != model->weights_bytes) return RN_WEIGHTS_SIZE_WRONG;
  if (model->content_hash != 0 && header.content_hash != model->content_hash) return RN_WEIGHTS_VALUES_WRONG;
  if (options->copy_weights == 0 && ((uintptr_t)weights & 63) != 0) return RN_WEIGHTS_MISALIGNED;
  if (options->verify_contents != 0) {
    const unsigned char* data = (const unsigned char*)weights + RN_WEIGHTS_ALIGN;
    if (XXH3_64bits(data, (size_t)model->weights_bytes) != header.content_hash) return RN_WEIGHTS_CORRUPT;
  }
  return RN_OK;
}
