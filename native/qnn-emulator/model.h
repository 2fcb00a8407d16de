/* Graphs as the emulator keeps them, and as a context binary of its own holds them. */
#ifndef EMULATOR_MODEL_H
#define EMULATOR_MODEL_H

#include "abi.h"

enum { MAX_RANK = 8 };

struct kept_tensor {
  uint32_t id;
  char *name;
  uint32_t kind, dtype;
  struct quantization quantization; /* its own copy of an axis' scales */
  uint32_t rank, dims[MAX_RANK];
  void *data; /* of a constant */
};

struct kept_parameter {
  char *name;
  int is_tensor;
  struct scalar scalar;
  uint32_t tensor_id;
};

struct kept_node {
  char *name, *type;
  uint32_t parameter_count, input_count, output_count;
  struct kept_parameter *parameters;
  uint32_t *inputs, *outputs;
};

struct graph {
  char *name;
  int finished;
  uint32_t tensor_count, node_count;
  struct kept_tensor *tensors; /* id − 1 is the index */
  struct kept_node *nodes;
};

struct model {
  uint32_t backend_id, soc_model;
  char *build_id;
  uint32_t graph_count;
  struct graph **graphs;
};

uint64_t element_bytes(uint32_t dtype);
uint64_t numel(uint32_t rank, const uint32_t *dims);
char *copy_text(const char *text);
void keep_tensor(struct kept_tensor *into, const struct tensor *from, uint32_t id);
void free_graph(struct graph *graph);

/* Bytes of a model; the caller frees them. */
unsigned char *write_model(const struct model *model, uint64_t *size);

/* A model from bytes, with a checksum behind them; 0 if it is damaged. */
struct model *read_model(const unsigned char *bytes, uint64_t size);
void free_model(struct model *model);

/* Executes a graph; returns an error code. Times of the nodes go to cycles, if that is not 0. */
int run_graph(const struct graph *graph, struct tensor *inputs, uint32_t input_count, struct tensor *outputs, uint32_t output_count,
              uint64_t *cycles);

/* Whether a type of operator is known. */
int knows(const char *type);

/* The value of a key in the file qnn-emulator.conf beside the library; empty if it has none. */
void setting(const char *key, char *value, size_t size);
uint32_t number_setting(const char *key, uint32_t otherwise);

#endif
