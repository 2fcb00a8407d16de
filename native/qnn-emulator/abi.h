/* The part of the interface that the emulator speaks: core 2.27 and later, 64 bits. Facts, in structures and names of our own. */
#ifndef EMULATOR_ABI_H
#define EMULATOR_ABI_H

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t result;
typedef uint64_t handle;

enum { UNDEFINED = 0x7fffffff };
enum kind { INPUT = 0, OUTPUT = 1, INTERNAL = 3, CONSTANT = 4 };
enum dtype {
  INT_32 = 0x32, INT_64 = 0x64, UINT_32 = 0x132, FLOAT_16 = 0x216, FLOAT_32 = 0x232, SFIXED_8 = 0x308, SFIXED_32 = 0x332, UFIXED_8 = 0x408,
  UFIXED_16 = 0x416, BOOL_8 = 0x508
};

struct version { uint32_t major, minor, patch; };

struct scale_offset { float scale; int32_t offset; };

/* How stored numbers stand for real ones. */
struct quantization {
  uint32_t definition, encoding; /* 0: one scale, 1: one for each index of an axis */
  union {
    struct scale_offset one;
    struct { int32_t axis; uint32_t count; const struct scale_offset *all; } axis;
    uint64_t space[4];
  };
};

struct tensor {
  uint32_t version;
  _Alignas(8) uint32_t id;
  const char *name;
  uint32_t kind, format, dtype;
  struct quantization quantization;
  uint32_t rank;
  const uint32_t *dims;
  uint32_t memory;
  void *data;
  uint32_t data_bytes;
  const uint8_t *dynamic;
  uint32_t sparse, sparse_elements, sparse_dims;
  uint8_t produced;
};

struct scalar { uint32_t dtype; union { float f; uint32_t u; uint8_t b; uint64_t bits; }; };

struct parameter {
  uint32_t kind; /* 0 scalar, 1 tensor */
  const char *name;
  union { struct scalar scalar; struct tensor tensor; };
};

struct node {
  uint32_t version;
  const char *name, *package, *type;
  uint32_t parameter_count;
  const struct parameter *parameters;
  uint32_t input_count;
  const struct tensor *inputs;
  uint32_t output_count;
  const struct tensor *outputs;
};

struct provider {
  uint32_t id;
  const char *name;
  struct version core, backend;
  void *table[75];
};

struct system_provider {
  uint32_t id;
  const char *name;
  struct version version;
  void *table[13];
};

struct config { uint32_t option; void *value; };

struct event { uint32_t type, unit; uint64_t value; const char *name; };

struct graph_info {
  uint32_t version;
  const char *name;
  uint32_t input_count;
  struct tensor *inputs;
  uint32_t output_count;
  struct tensor *outputs;
  uint64_t rest[5];
};

struct binary_info {
  uint32_t version;
  _Alignas(8) uint32_t backend_id;
  const char *build_id;
  struct version core, backend;
  const char *soc;
  struct version blob;
  uint64_t blob_size;
  uint32_t context_tensor_count;
  struct tensor *context_tensors;
  uint32_t graph_count;
  struct graph_info *graphs;
  uint64_t rest[3];
  uint32_t soc_model;
};

static_assert(sizeof(struct tensor) == 144 && offsetof(struct tensor, quantization) == 40, "tensor");
static_assert(offsetof(struct tensor, rank) == 80 && offsetof(struct tensor, data) == 104, "tensor");
static_assert(offsetof(struct tensor, sparse) == 128, "tensor");
static_assert(sizeof(struct parameter) == 160 && offsetof(struct parameter, tensor) == 16, "parameter");
static_assert(sizeof(struct node) == 80 && offsetof(struct node, outputs) == 72, "node");
static_assert(offsetof(struct provider, table) == 40, "provider");
static_assert(offsetof(struct system_provider, table) == 32, "system provider");
static_assert(sizeof(struct graph_info) == 88 && offsetof(struct graph_info, outputs) == 40, "graph");
static_assert(sizeof(struct binary_info) == 144 && offsetof(struct binary_info, graphs) == 104, "binary");
static_assert(offsetof(struct binary_info, soc_model) == 136, "binary");

typedef void (*log_callback)(const char *format, uint32_t level, uint64_t time, va_list arguments);

#endif
