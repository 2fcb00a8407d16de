/* A backend library: what it answers as is decided by BACKEND_ID, when it is built. */
#include "model.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  NOT_SUPPORTED = 1000, NULL_ARGUMENT = 1004, NO_MEMORY = 1002, UNKNOWN_OP = 4005, INVALID_OP = 3110, BAD_BACKEND = 4011, BAD_CONTEXT = 5002,
  CONTEXT_ARGUMENT = 5000, DAMAGED = 30010, BAD_GRAPH = 6001, NO_SUCH_GRAPH = 6003, WRONG_TENSOR = 6004, WRONG_NODE = 6005, NOT_FINISHED = 6023,
  FINISHED = 6024, EMPTY = 6022, TENSOR_TWICE = 7003, BAD_DEVICE = 14000, DEVICE_CONFIGURATION = 14001
};
enum { NOTHING, BACKEND, DEVICE, CONTEXT, GRAPH, LOG, PROFILE };
enum { ERROR = 1 };

/* Handles are small numbers, which are never given twice. */
struct entry { int kind; void *value; handle owner, other; };
static struct entry *entries;
static handle entry_count = 1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static log_callback logger;

static handle put(int kind, void *value, handle owner) {
  pthread_mutex_lock(&lock);
  if ((entry_count & (entry_count - 1)) == 0) entries = realloc(entries, entry_count * 2 * sizeof *entries);
  entries[entry_count] = (struct entry){kind, value, owner, 0};
  handle given = entry_count++;
  pthread_mutex_unlock(&lock);
  return given;
}

static void *get(handle h, int kind) {
  pthread_mutex_lock(&lock);
  void *value = h > 0 && h < entry_count && entries[h].kind == kind ? entries[h].value : 0;
  pthread_mutex_unlock(&lock);
  return value;
}

/* 1 if there was such a thing. */
static int take(handle h, int kind) {
  pthread_mutex_lock(&lock);
  int found = h > 0 && h < entry_count && entries[h].kind == kind;
  if (found) entries[h].kind = NOTHING;
  pthread_mutex_unlock(&lock);
  return found;
}

static void say(uint32_t level, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (logger) logger(format, level, 0, arguments);
  va_end(arguments);
}

/* The code that a setting asks for, told to the log. */
static result failure(const char *key) {
  uint32_t code = number_setting(key, 0);
  if (code) say(ERROR, "the emulator was told that %s fails with %u", key, code);
  return code;
}

static result capability(uint32_t key) { return key < 100 ? 2000 : 0; }

static result backend_create(handle log, void *configs, handle *out) {
  (void)log, (void)configs;
  if (!out) return NULL_ARGUMENT;
  result code = failure("backend");
  if (!code) *out = put(BACKEND, &lock, 0);
  return code;
}

static result backend_free(handle backend) { return take(backend, BACKEND) ? 0 : BAD_BACKEND; }

static const char *build_id(void) {
  static char id[64];
  if (!id[0]) setting("build", id, sizeof id);
  return id[0] ? id : "v2.36.0.emulator";
}

static result get_build_id(const char **out) {
  *out = build_id();
  return 0;
}

static result validate(handle backend, struct node node) {
  if (!get(backend, BACKEND)) return BAD_BACKEND;
  char refused[64];
  setting("validate", refused, sizeof refused);
  if (!strcmp(refused, node.type) || !knows(node.type)) return UNKNOWN_OP;
  return node.input_count && node.output_count ? 0 : INVALID_OP;
}

static result device_create(handle log, const struct config *const *configs, handle *out) {
  (void)log;
  if (!out) return NULL_ARGUMENT;
  if (BACKEND_ID == 3) return NOT_SUPPORTED;
  result code = failure("device");
  /* The SoC is read where one of the SDKs reads it. */
  for (; configs && *configs && !code; configs++) {
    uint32_t *custom = (*configs)->value;
    uint32_t soc = custom[number_setting("soc_at", 4) / 4];
    if (soc == 0 || soc == 9999) {
      say(ERROR, "unknown SoC model %u", soc);
      code = DEVICE_CONFIGURATION;
    }
  }
  if (!code) *out = put(DEVICE, &lock, 0);
  return code;
}

static result device_free(handle device) { return take(device, DEVICE) ? 0 : BAD_DEVICE; }

static result context_create(handle backend, handle device, void *configs, handle *out) {
  (void)configs;
  if (!get(backend, BACKEND) || (device && !get(device, DEVICE))) return BAD_CONTEXT;
  struct model *model = calloc(1, sizeof *model);
  model->backend_id = BACKEND_ID;
  model->build_id = copy_text(build_id());
  *out = put(CONTEXT, model, device ? device : backend);
  return 0;
}

static result context_from_binary(handle backend, handle device, void *configs, const unsigned char *bytes, uint64_t size, handle *out,
                                  handle profile) {
  (void)configs, (void)profile;
  if (!get(backend, BACKEND) || (device && !get(device, DEVICE))) return BAD_CONTEXT;
  if (!bytes || !size) return CONTEXT_ARGUMENT;
  result code = failure("create");
  if (code) return code;
  struct model *model = read_model(bytes, size);
  if (!model) return DAMAGED;
  if (model->backend_id != BACKEND_ID) {
    free_model(model);
    return CONTEXT_ARGUMENT;
  }
  *out = put(CONTEXT, model, device ? device : backend);
  return 0;
}

static result context_free(handle context, handle profile) {
  (void)profile;
  struct model *model = get(context, CONTEXT);
  if (!model || !take(context, CONTEXT)) return BAD_CONTEXT;
  pthread_mutex_lock(&lock);
  for (handle h = 1; h < entry_count; h++)
    if (entries[h].kind == GRAPH && entries[h].owner == context) entries[h].kind = NOTHING;
  pthread_mutex_unlock(&lock);
  free_model(model);
  return 0;
}

static result binary_size(handle context, uint64_t *out) {
  struct model *model = get(context, CONTEXT);
  if (!model) return BAD_CONTEXT;
  for (uint32_t g = 0; g < model->graph_count; g++) if (!model->graphs[g]->finished) return 5003;
  free(write_model(model, out));
  return 0;
}

static result binary(handle context, unsigned char *into, uint64_t size, uint64_t *written) {
  struct model *model = get(context, CONTEXT);
  if (!model) return BAD_CONTEXT;
  unsigned char *bytes = write_model(model, written);
  if (*written <= size) memcpy(into, bytes, *written);
  free(bytes);
  return *written <= size ? 0 : CONTEXT_ARGUMENT;
}

static result graph_create(handle context, const char *name, void *configs, handle *out) {
  (void)configs;
  struct model *model = get(context, CONTEXT);
  if (!model) return BAD_CONTEXT;
  struct graph *graph = calloc(1, sizeof *graph);
  graph->name = copy_text(name);
  model->graphs = realloc(model->graphs, (model->graph_count + 1) * sizeof *model->graphs);
  model->graphs[model->graph_count++] = graph;
  *out = put(GRAPH, graph, context);
  return 0;
}

static result graph_retrieve(handle context, const char *name, handle *out) {
  struct model *model = get(context, CONTEXT);
  if (!model) return BAD_CONTEXT;
  for (uint32_t g = 0; g < model->graph_count; g++)
    if (name && !strcmp(model->graphs[g]->name, name)) {
      *out = put(GRAPH, model->graphs[g], context);
      return 0;
    }
  return NO_SUCH_GRAPH;
}

static result graph_tensor(handle g, struct tensor *tensor) {
  struct graph *graph = get(g, GRAPH);
  if (!graph) return BAD_GRAPH;
  if (graph->finished) return FINISHED;
  if (tensor->rank > MAX_RANK || !element_bytes(tensor->dtype)) return 7002;
  for (uint32_t i = 0; i < graph->tensor_count; i++) if (!strcmp(graph->tensors[i].name, tensor->name)) return TENSOR_TWICE;
  graph->tensors = realloc(graph->tensors, (graph->tensor_count + 1) * sizeof *graph->tensors);
  tensor->id = graph->tensor_count + 1;
  keep_tensor(&graph->tensors[graph->tensor_count++], tensor, tensor->id);
  return 0;
}

static uint32_t *ids(const struct tensor *tensors, uint32_t count, uint32_t known, int *wrong) {
  uint32_t *all = calloc(count + 1, sizeof *all);
  for (uint32_t i = 0; i < count; i++) {
    all[i] = tensors[i].id;
    if (all[i] == 0 || all[i] > known) *wrong = 1;
  }
  return all;
}

static result add_node(handle g, struct node node) {
  struct graph *graph = get(g, GRAPH);
  if (!graph) return BAD_GRAPH;
  if (graph->finished) return FINISHED;
  int wrong = 0;
  struct kept_node kept = {copy_text(node.name), copy_text(node.type), node.parameter_count, node.input_count, node.output_count,
                           calloc(node.parameter_count + 1, sizeof(struct kept_parameter)), 0, 0};
  kept.inputs = ids(node.inputs, node.input_count, graph->tensor_count, &wrong);
  kept.outputs = ids(node.outputs, node.output_count, graph->tensor_count, &wrong);
  for (uint32_t p = 0; p < node.parameter_count; p++) {
    const struct parameter *from = &node.parameters[p];
    kept.parameters[p].name = copy_text(from->name);
    kept.parameters[p].is_tensor = from->kind == 1;
    if (from->kind == 1) kept.parameters[p].tensor_id = from->tensor.id;
    else kept.parameters[p].scalar = from->scalar;
  }
  graph->nodes = realloc(graph->nodes, (graph->node_count + 1) * sizeof *graph->nodes);
  graph->nodes[graph->node_count++] = kept;
  return wrong ? WRONG_TENSOR : 0;
}

static result finish(handle g, handle profile, handle signal) {
  (void)profile, (void)signal;
  struct graph *graph = get(g, GRAPH);
  if (!graph) return BAD_GRAPH;
  if (graph->finished) return FINISHED;
  if (!graph->node_count) return EMPTY;
  printf("emulator: compiling %s\n", graph->name); /* the vendor's library prints too */
  result code = failure("finalize");
  for (uint32_t n = 0; n < graph->node_count && !code; n++) if (!knows(graph->nodes[n].type)) code = NO_MEMORY;
  graph->finished = !code;
  return code;
}

struct profile { uint64_t micros, *cycles; const struct graph *graph; uint64_t ids[1]; uint64_t *node_ids; };

static result execute(handle g, struct tensor *inputs, uint32_t input_count, struct tensor *outputs, uint32_t output_count, handle p,
                      handle signal) {
  (void)signal;
  struct graph *graph = get(g, GRAPH);
  if (!graph) return BAD_GRAPH;
  if (!graph->finished) return NOT_FINISHED;
  result code = failure("execute");
  if (code) return code;
  struct profile *profile = get(p, PROFILE);
  if (profile) {
    profile->graph = graph;
    profile->micros = 1;
    profile->cycles = realloc(profile->cycles, (graph->node_count + 1) * sizeof(uint64_t));
  }
  return (result)run_graph(graph, inputs, input_count, outputs, output_count, profile ? profile->cycles : 0);
}

/* Ids of events: the profile's handle, and in the upper half 1 for the whole, 2 and more for nodes. */
static result profile_create(handle backend, uint32_t level, handle *out) {
  (void)level;
  if (!get(backend, BACKEND)) return BAD_BACKEND;
  *out = put(PROFILE, calloc(1, sizeof(struct profile)), backend);
  return 0;
}

static result profile_events(handle p, const uint64_t **events, uint32_t *count) {
  struct profile *profile = get(p, PROFILE);
  result code = failure("profile");
  if (code) return code;
  if (!profile) return 8001;
  profile->ids[0] = p | 1ull << 32;
  *events = profile->ids;
  *count = profile->graph ? 1 : 0;
  return 0;
}

static result profile_sub_events(uint64_t id, const uint64_t **events, uint32_t *count) {
  struct profile *profile = get(id & 0xffffffff, PROFILE);
  *count = 0;
  if (!profile || id >> 32 != 1) return 0;
  profile->node_ids = realloc(profile->node_ids, (profile->graph->node_count + 1) * sizeof(uint64_t));
  for (uint32_t n = 0; n < profile->graph->node_count; n++) profile->node_ids[n] = (id & 0xffffffff) | (uint64_t)(n + 2) << 32;
  *events = profile->node_ids;
  *count = profile->graph->node_count;
  return 0;
}

static result profile_event_data(uint64_t id, struct event *out) {
  struct profile *profile = get(id & 0xffffffff, PROFILE);
  if (!profile) return 8001;
  uint32_t n = (uint32_t)(id >> 32);
  *out = n == 1 ? (struct event){400, 1, profile->micros, "Accelerator (execute) time"}
                : (struct event){404, 3, profile->cycles[n - 2], profile->graph->nodes[n - 2].name};
  return 0;
}

static result profile_free(handle p) {
  struct profile *profile = get(p, PROFILE);
  if (!profile || !take(p, PROFILE)) return 8001;
  free(profile->cycles), free(profile->node_ids), free(profile);
  return 0;
}

static result log_create(log_callback callback, uint32_t level, handle *out) {
  (void)level;
  logger = callback;
  *out = put(LOG, &lock, 0);
  return 0;
}

static result error_message(uint64_t code, const char **out) {
  *out = code == DEVICE_CONFIGURATION ? "emulated: no such device" : "emulated error";
  return 0;
}

/* Of the emulator alone, for tests: what was made and is not freed, without loggers and what belongs to a context. */
__attribute__((visibility("default"))) uint64_t qnn_emulator_live(void) {
  uint64_t live = 0;
  pthread_mutex_lock(&lock);
  for (handle h = 1; h < entry_count; h++) {
    int kind = entries[h].kind;
    live += kind == BACKEND || kind == DEVICE || kind == CONTEXT || kind == PROFILE;
  }
  pthread_mutex_unlock(&lock);
  return live;
}

/* What nobody asks of the emulator. */
static result absent(void) { return NOT_SUPPORTED; }

static struct provider provider = {
  BACKEND_ID, BACKEND_ID == 3 ? "CPU_emulator" : "HTP_emulator", {2, 36, 0}, {5, 36, 0}, {0}};

static void fill(void) {
  for (size_t i = 0; i < sizeof provider.table / sizeof *provider.table; i++) provider.table[i] = (void *)absent;
  void **t = provider.table;
  t[0] = (void *)capability, t[1] = (void *)backend_create, t[4] = (void *)get_build_id, t[7] = (void *)validate, t[8] = (void *)backend_free;
  t[9] = (void *)context_create, t[11] = (void *)binary_size, t[12] = (void *)binary, t[13] = (void *)context_from_binary;
  t[14] = (void *)context_free, t[15] = (void *)graph_create, t[18] = (void *)add_node, t[19] = (void *)finish, t[20] = (void *)graph_retrieve;
  t[21] = (void *)execute, t[24] = (void *)graph_tensor, t[25] = (void *)log_create, t[28] = (void *)profile_create;
  t[30] = (void *)profile_events, t[31] = (void *)profile_sub_events, t[32] = (void *)profile_event_data, t[34] = (void *)profile_free;
  t[40] = (void *)device_create, t[43] = (void *)device_free, t[48] = (void *)error_message;
  char value[128];
  setting("null", value, sizeof value);
  for (char *at = value; *at;) {
    long slot = strtol(at, &at, 10);
    if (slot >= 0 && slot < 75) t[slot] = 0;
    at += *at == ',';
  }
  setting("api", value, sizeof value);
  if (value[0]) sscanf(value, "%u.%u.%u", &provider.core.major, &provider.core.minor, &provider.core.patch);
}

__attribute__((visibility("default"))) result QnnInterface_getProviders(const struct provider ***list, uint32_t *count) {
  static const struct provider *providers[1] = {&provider};
  if (!list || !count) return NULL_ARGUMENT;
  pthread_mutex_lock(&lock);
  if (!provider.table[0]) fill();
  pthread_mutex_unlock(&lock);
  *list = providers;
  *count = number_setting("providers", 1);
  return 0;
}
