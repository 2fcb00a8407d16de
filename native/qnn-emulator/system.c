/* The system library: reads the emulator's own context binaries. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { NULL_ARGUMENT = 1004, EMPTY = 30001, DAMAGED = 30010, BAD_HANDLE = 30002 };

struct reader { struct model *model; struct binary_info info; };

static void describe(const struct kept_tensor *from, struct tensor *to) {
  memset(to, 0, sizeof *to);
  to->version = 2;
  to->id = from->id, to->name = from->name, to->kind = from->kind, to->dtype = from->dtype, to->quantization = from->quantization;
  to->rank = from->rank, to->dims = from->dims, to->sparse = UNDEFINED;
}

static uint32_t describe_all(const struct graph *graph, uint32_t kind, struct tensor **into) {
  uint32_t count = 0;
  *into = calloc(graph->tensor_count + 1, sizeof **into);
  for (uint32_t i = 0; i < graph->tensor_count; i++)
    if (graph->tensors[i].kind == kind) describe(&graph->tensors[i], &(*into)[count++]);
  return count;
}

static void forget(struct reader *reader) {
  for (uint32_t g = 0; g < reader->info.graph_count; g++) free(reader->info.graphs[g].inputs), free(reader->info.graphs[g].outputs);
  free(reader->info.graphs);
  free_model(reader->model);
  memset(reader, 0, sizeof *reader);
}

static result create(struct reader **out) {
  if (!out) return NULL_ARGUMENT;
  *out = calloc(1, sizeof **out);
  return 0;
}

static result meta_data(struct reader *reader, const unsigned char *bytes, uint64_t size, const struct binary_info **out) {
  if (!reader || !out) return BAD_HANDLE;
  if (!bytes || size < 2) return EMPTY;
  forget(reader);
  struct model *model = reader->model = read_model(bytes, size);
  if (!model) return DAMAGED;
  struct binary_info *info = &reader->info;
  info->version = 3;
  info->backend_id = model->backend_id;
  info->build_id = model->build_id;
  info->core = (struct version){2, 36, 0};
  info->soc = "";
  info->soc_model = model->soc_model;
  info->graphs = calloc(model->graph_count + 1, sizeof *info->graphs);
  for (uint32_t g = 0; g < model->graph_count; g++, info->graph_count++) {
    struct graph_info *graph = &info->graphs[g];
    graph->version = 3;
    graph->name = model->graphs[g]->name;
    graph->input_count = describe_all(model->graphs[g], INPUT, &graph->inputs);
    graph->output_count = describe_all(model->graphs[g], OUTPUT, &graph->outputs);
  }
  *out = info;
  return 0;
}

static result binary_info(struct reader *reader, const unsigned char *bytes, uint64_t size, const struct binary_info **out, uint64_t *bytes_out) {
  if (bytes_out) *bytes_out = 0;
  return meta_data(reader, bytes, size, out);
}

static result release(struct reader *reader) {
  if (!reader) return BAD_HANDLE;
  forget(reader);
  free(reader);
  return 0;
}

static struct system_provider provider = {0, "SYSTEM_emulator", {1, 11, 0}, {(void *)create, (void *)binary_info, (void *)meta_data, (void *)release}};

__attribute__((visibility("default"))) result QnnSystemInterface_getProviders(const struct system_provider ***list, uint32_t *count) {
  static const struct system_provider *providers[1] = {&provider};
  if (!list || !count) return NULL_ARGUMENT;
  if (number_setting("old_system", 0)) provider.table[2] = 0;
  provider.version.major = number_setting("system_api", 1);
  *list = providers;
  *count = 1;
  return 0;
}
