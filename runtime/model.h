/* \file The tables of a compiled network, as the generated object lays them out and the runtime reads them. They are constant data in C's
 * layout, without allocation. codegen/entry.cpp emits exactly these structures: change both together, and RN_MODEL_VERSION with them. */
#ifndef RESNETC_RUNTIME_MODEL_H
#define RESNETC_RUNTIME_MODEL_H

#include <stdint.h>
#include <string.h>

#define RN_MODEL_VERSION 6
#define RN_MAX_OPERANDS 16 /* of a kernel; graph::max_kernel_operands (ir/step.h) is the same for passes and verifiers */
#define RN_MAX_DIMS 4

/* The place of an operand's bytes. */
enum {
  RN_ARENA = 0,    /* arena + batch * offset (a tensor; pictures are picture_bytes apart) */
  RN_CONSTANT = 1, /* weights data + offset */
  RN_INPUT = 2,    /* the caller's input */
  RN_OUTPUT = 3    /* the caller's output number `port` */
};

/* One halide_buffer_t argument of a kernel. Dimensions stand in order, innermost first. A tensor's last dimension is the batch: its extent
 * in the table is 0 and becomes the batch of the run. For an arena operand, `offset` is the tensor's offset for a batch of one. The run
 * multiplies it by the batch and adds `halo_bytes` once, to get element (0, 0, 0) of the first picture: the bytes of the halo before it,
 * and of the channels before it where the tensor is a part of another one. */
typedef struct rn_operand {
  int32_t place;
  int32_t port; /* of RN_OUTPUT */
  int64_t offset;
  int64_t halo_bytes;
  int32_t type_bits; /* 32: float, 16: a constant of half floats, 8: uint8; with is_signed: integers of so many bits */
  int32_t dims;      /* 4 for tensors and ports, 1 for constants */
  int32_t planar;    /* 1: dimensions are (x, y, c, n), 0: (c, x, y, n) */
  int32_t is_signed; /* 1: a constant of signed integers */
  int32_t extent[RN_MAX_DIMS];
  int32_t stride[RN_MAX_DIMS]; /* in elements */
} rn_operand;

/* The bytes of an element of an operand. */
static inline int32_t rn_element_bytes(int32_t type_bits) { return type_bits / 8; }

/* The halo of a kernel's output, whose elements must mean 0: `rows` rows above and below, `columns` pixels left and right. */
typedef struct rn_halo {
  int64_t offset; /* of the tensor, as in rn_operand */
  int64_t picture_bytes;
  int64_t row_bytes; /* of one row with its halo */
  int64_t pixel_bytes;
  int32_t height, width; /* without the halo */
  int32_t rows, columns; /* both 0: no halo */
} rn_halo;

/* A Halide kernel's argv entry: args[0] points to the user context pointer, args[1...] are halide_buffer_t pointers. 0 on success. */
typedef int (*rn_kernel_function)(void** args);

typedef struct rn_kernel {
  const char* name; /* the layer's value name */
  rn_kernel_function function;
  int32_t operand_count;
  int32_t first_operand; /* index into rn_program.operands; the output is the last one */
  rn_halo halo;
  /* What the integers of the output mean: q means scale * (q - zero). A scale of 0 says that the output has floats; zero is 0 then. */
  float scale;
  int32_t zero;
} rn_kernel;

/* Instruction sets that a program needs, bits of rn_program.features, and others by which processors are told apart. The compiler knows
 * them as resnetc::feature (ir/target.h). */
enum {
  RN_SSE41 = 1,
  RN_AVX = 2,
  RN_AVX2 = 4,   /* with FMA and F16C */
  RN_AVX512 = 8, /* F, CD, VL, BW, DQ */
  RN_AVX_VNNI = 16,
  RN_AVX512_VNNI = 32,
  RN_AVX512_VBMI2 = 64,
  RN_AVX512_FP16 = 128,
  RN_AMX_INT8 = 256,
  RN_AVX512_BF16 = 512
};

/* Who made a processor. The compiler knows them as resnetc::Vendor (ir/machine.h). */
enum { RN_OTHER_VENDOR = 0, RN_INTEL = 1, RN_AMD = 2 };

/* What a processor says of itself. Of the features it has only those whose registers the operating system saves. */
typedef struct rn_cpu {
  uint32_t vendor;
  uint32_t family;
  uint64_t features;
} rn_cpu;

/* The processors that a program's schedules were chosen for. The model is not asked, because virtual machines hide it. */
typedef struct rn_cpu_rule {
  uint32_t vendor;         /* RN_OTHER_VENDOR: there is no rule, and it fits no processor */
  uint32_t family;         /* 0: any */
  uint64_t all, any, none; /* features: a processor has all of these, one of these (if there are any), and none of these */
} rn_cpu_rule;

static inline int rn_fits(const rn_cpu_rule* rule, const rn_cpu* cpu) {
  return rule->vendor != RN_OTHER_VENDOR && rule->vendor == cpu->vendor && (rule->family == 0 || rule->family == cpu->family) &&
         (rule->all & ~cpu->features) == 0 && (rule->any == 0 || (rule->any & cpu->features) != 0) && (rule->none & cpu->features) == 0;
}

/* The network for one target, with the schedules for one machine. */
typedef struct rn_program {
  const char* label;              /* the name that users see: "avx512:icelake-server", "avx2" with schedules for any machine, "cuda" */
  uint64_t features;              /* for a processor, the RN_... bits above; for a GPU, its compute capability, 80 for 8.0 */
  const struct rn_device* device; /* that runs the kernels (runtime/device.h); NULL: the caller's processor */
  int64_t arena_bytes;            /* for a batch of one */
  int64_t scratch_bytes;          /* the most that one task of a kernel takes through halide_malloc */
  int32_t kernel_count;
  int32_t operand_count;
  int32_t
      by_picture; /* 1: each thread computes whole pictures of a batch; 0: all threads compute one kernel after the other for the batch */
  int32_t brief;  /* 1: a picture takes so little time that waking sleeping threads does not pay */
  const rn_kernel* kernels;
  const rn_operand* operands;
  rn_cpu_rule rule; /* of the machine's */
} rn_program;

/* Whether a user who asks for `wanted` may get the program with this label: "avx512" are all programs of that target, and
 * "avx512:icelake-server" and "avx512:generic" one of them. */
static inline int rn_answers_to(const char* label, const char* wanted) {
  for (; *label != '\0' && *label != ':' && *label == *wanted; ++label) ++wanted;
  if (*label != '\0' && *label != ':') return 0;
  if (*wanted == '\0') return 1;
  return *wanted == ':' && strcmp(wanted + 1, *label == ':' ? label + 1 : "generic") == 0;
}

typedef struct rn_port {
  const char* name;
  int64_t picture_bytes; /* of the caller's buffer, for one picture */
} rn_port;

typedef struct rn_model {
  uint32_t version; /* RN_MODEL_VERSION */
  uint32_t weights_version;
  const char* name;
  uint64_t recipe_hash;          /* of all constants' recipes and places: the weights file must carry the same */
  uint64_t content_hash;         /* nonzero: the program depends on the values of the weights with this hash, and takes no others */
  uint64_t weights_bytes;        /* of the data, without the file's header */
  const unsigned char* embedded; /* the whole weights file, or NULL */
  uint64_t embedded_bytes;
  rn_port input;
  int32_t output_count;
  int32_t program_count; /* best target first; of one target, in the order of the compiler's known machines, newer ones first */
  const rn_port* outputs;
  const rn_program* programs;
} rn_model;

/* The weights file: this header, zeros up to RN_WEIGHTS_ALIGN, then the constants, each aligned to 64 bytes. Little-endian. */
#define RN_WEIGHTS_MAGIC "RESNETCW"
#define RN_WEIGHTS_VERSION 1
#define RN_WEIGHTS_ALIGN 4096
typedef struct rn_weights_header {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes; /* RN_WEIGHTS_ALIGN */
  uint64_t data_bytes;
  uint64_t recipe_hash;
  uint64_t content_hash; /* XXH3, 64 bits, of the data */
  char name[88];         /* the network's, zero-terminated */
} rn_weights_header;

#endif
