#define _GNU_SOURCE
#include "model.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t element_bytes(uint32_t dtype) {
  switch (dtype) {
    case INT_64: return 8;
    case INT_32: case UINT_32: case FLOAT_32: case SFIXED_32: return 4;
    case FLOAT_16: case UFIXED_16: return 2;
    case SFIXED_8: case UFIXED_8: case BOOL_8: return 1;
    default: return 0;
  }
}

uint64_t numel(uint32_t rank, const uint32_t *dims) {
  uint64_t count = 1;
  for (uint32_t d = 0; d < rank; d++) count *= dims[d];
  return count;
}

char *copy_text(const char *text) { return strdup(text ? text : ""); }

void keep_tensor(struct kept_tensor *into, const struct tensor *from, uint32_t id) {
  memset(into, 0, sizeof *into);
  into->id = id;
  into->name = copy_text(from->name);
  into->kind = from->kind;
  into->dtype = from->dtype;
  into->quantization = from->quantization;
  if (from->quantization.definition == 1 && from->quantization.encoding == 1) {
    size_t bytes = from->quantization.axis.count * sizeof(struct scale_offset);
    struct scale_offset *all = malloc(bytes);
    memcpy(all, from->quantization.axis.all, bytes);
    into->quantization.axis.all = all;
  }
  into->rank = from->rank;
  memcpy(into->dims, from->dims, from->rank * sizeof(uint32_t));
  if (from->kind == CONSTANT && from->data) {
    size_t bytes = numel(into->rank, into->dims) * element_bytes(into->dtype);
    into->data = malloc(bytes);
    memcpy(into->data, from->data, bytes);
  }
}

void free_graph(struct graph *graph) {
  if (!graph) return;
  for (uint32_t i = 0; i < graph->tensor_count; i++) {
    struct kept_tensor *t = &graph->tensors[i];
    if (t->quantization.definition == 1 && t->quantization.encoding == 1) free((void *)t->quantization.axis.all);
    free(t->name);
    free(t->data);
  }
  for (uint32_t i = 0; i < graph->node_count; i++) {
    struct kept_node *n = &graph->nodes[i];
    for (uint32_t p = 0; p < n->parameter_count; p++) free(n->parameters[p].name);
    free(n->name), free(n->type), free(n->parameters), free(n->inputs), free(n->outputs);
  }
  free(graph->tensors), free(graph->nodes), free(graph->name), free(graph);
}

/* One walk for writing, for counting and for reading: what differs is where bytes go. */
struct stream {
  unsigned char *bytes;
  uint64_t size, at;
  int reading, failed;
};

static void item(struct stream *s, void *value, uint64_t size) {
  if (s->reading) {
    if (s->failed || size > s->size - s->at) {
      s->failed = 1;
      memset(value, 0, size);
      return;
    }
    memcpy(value, s->bytes + s->at, size);
  } else if (s->bytes) {
    memcpy(s->bytes + s->at, value, size);
  }
  s->at += size;
}

static void text(struct stream *s, char **value) {
  uint32_t size = s->reading ? 0 : (uint32_t)strlen(*value);
  item(s, &size, 4);
  if (s->reading) {
    if (s->failed || size > s->size - s->at) size = 0, s->failed = 1;
    *value = calloc(1, size + 1);
  }
  item(s, *value, size);
}

static void *array(struct stream *s, void **values, uint32_t *count, size_t each) {
  item(s, count, 4);
  if (s->reading) {
    if (s->failed || *count > s->size - s->at) *count = 0, s->failed = 1;
    *values = calloc(*count + 1, each);
  }
  return *values;
}

static void tensor_item(struct stream *s, struct kept_tensor *t) {
  item(s, &t->id, 4);
  text(s, &t->name);
  item(s, &t->kind, 4);
  item(s, &t->dtype, 4);
  struct quantization *q = &t->quantization;
  item(s, q, sizeof *q);
  if (q->definition == 1 && q->encoding == 1) {
    void *all = (void *)q->axis.all;
    uint32_t count = q->axis.count;
    array(s, &all, &count, sizeof(struct scale_offset));
    item(s, all, count * sizeof(struct scale_offset));
    q->axis.all = all;
    q->axis.count = count;
  }
  item(s, &t->rank, 4);
  if (t->rank > MAX_RANK) t->rank = 0, s->failed = 1;
  item(s, t->dims, sizeof t->dims);
  uint32_t has = t->data != 0;
  item(s, &has, 4);
  if (has) {
    uint64_t bytes = numel(t->rank, t->dims) * element_bytes(t->dtype);
    if (s->reading) {
      if (s->failed || bytes > s->size - s->at) bytes = 0, s->failed = 1;
      t->data = calloc(1, bytes + 1);
    }
    item(s, t->data, bytes);
  }
}

static void node_item(struct stream *s, struct kept_node *n) {
  text(s, &n->name);
  text(s, &n->type);
  array(s, (void **)&n->parameters, &n->parameter_count, sizeof *n->parameters);
  for (uint32_t p = 0; p < n->parameter_count; p++) {
    text(s, &n->parameters[p].name);
    item(s, &n->parameters[p].is_tensor, 4);
    item(s, &n->parameters[p].scalar, sizeof(struct scalar));
    item(s, &n->parameters[p].tensor_id, 4);
  }
  array(s, (void **)&n->inputs, &n->input_count, 4);
  item(s, n->inputs, n->input_count * 4ull);
  array(s, (void **)&n->outputs, &n->output_count, 4);
  item(s, n->outputs, n->output_count * 4ull);
}

static void model_item(struct stream *s, struct model *m) {
  char magic[8] = "BATONQNN", found[8];
  memcpy(found, magic, 8);
  item(s, found, 8);
  if (memcmp(found, magic, 8)) s->failed = 1;
  item(s, &m->backend_id, 4);
  item(s, &m->soc_model, 4);
  text(s, &m->build_id);
  array(s, (void **)&m->graphs, &m->graph_count, sizeof *m->graphs);
  for (uint32_t g = 0; g < m->graph_count; g++) {
    if (s->reading) m->graphs[g] = calloc(1, sizeof(struct graph));
    if (s->failed) return;
    struct graph *graph = m->graphs[g];
    graph->finished = 1;
    text(s, &graph->name);
    array(s, (void **)&graph->tensors, &graph->tensor_count, sizeof *graph->tensors);
    for (uint32_t i = 0; i < graph->tensor_count; i++) tensor_item(s, &graph->tensors[i]);
    array(s, (void **)&graph->nodes, &graph->node_count, sizeof *graph->nodes);
    for (uint32_t i = 0; i < graph->node_count; i++) node_item(s, &graph->nodes[i]);
  }
}

static uint64_t checksum(const unsigned char *bytes, uint64_t size) {
  uint64_t sum = 0xcbf29ce484222325u;
  for (uint64_t i = 0; i < size; i++) sum = (sum ^ bytes[i]) * 0x100000001b3u;
  return sum;
}

unsigned char *write_model(const struct model *model, uint64_t *size) {
  struct stream s = {0};
  model_item(&s, (struct model *)model);
  uint64_t length = s.at;
  s = (struct stream){.bytes = malloc(length + 8)};
  model_item(&s, (struct model *)model);
  uint64_t sum = checksum(s.bytes, length);
  memcpy(s.bytes + length, &sum, 8);
  *size = length + 8;
  return s.bytes;
}

/* Every node's tensors are there. */
static int is_whole(const struct graph *graph) {
  for (uint32_t n = 0; n < graph->node_count; n++) {
    const struct kept_node *node = &graph->nodes[n];
    for (uint32_t i = 0; i < node->input_count; i++) if (node->inputs[i] - 1 >= graph->tensor_count) return 0;
    for (uint32_t i = 0; i < node->output_count; i++) if (node->outputs[i] - 1 >= graph->tensor_count) return 0;
  }
  return 1;
}

struct model *read_model(const unsigned char *bytes, uint64_t size) {
  uint64_t sum;
  if (size < 16) return 0;
  memcpy(&sum, bytes + size - 8, 8);
  if (sum != checksum(bytes, size - 8)) return 0;
  struct stream s = {.bytes = (unsigned char *)bytes, .size = size - 8, .reading = 1};
  struct model *model = calloc(1, sizeof *model);
  model_item(&s, model);
  for (uint32_t g = 0; g < model->graph_count && !s.failed; g++) s.failed = !is_whole(model->graphs[g]);
  if (s.failed || s.at != s.size) {
    free_model(model);
    return 0;
  }
  return model;
}

void free_model(struct model *model) {
  if (!model) return;
  for (uint32_t g = 0; g < model->graph_count; g++) free_graph(model->graphs[g]);
  free(model->graphs), free(model->build_id), free(model);
}

void setting(const char *key, char *value, size_t size) {
  value[0] = 0;
  Dl_info here;
  if (!dladdr((void *)setting, &here)) return;
  char path[4096];
  snprintf(path, sizeof path, "%s", here.dli_fname);
  char *slash = strrchr(path, '/');
  if (!slash || slash - path + 32 > (long)sizeof path) return;
  strcpy(slash + 1, "qnn-emulator.conf");
  FILE *file = fopen(path, "r");
  if (!file) return;
  char line[512];
  size_t length = strlen(key);
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\r\n")] = 0;
    if (!strncmp(line, key, length) && line[length] == '=') snprintf(value, size, "%s", line + length + 1);
  }
  fclose(file);
}

uint32_t number_setting(const char *key, uint32_t otherwise) {
  char value[64];
  setting(key, value, sizeof value);
  return value[0] ? (uint32_t)strtoul(value, 0, 0) : otherwise;
}
