/*
 * The interface of the Core ML shim on systems without Core ML, for tests: it compiles by copying, and computes a fixed
 * set of operators on the CPU, in float. Failures are asked for with bcml_emulator_fail.
 */
#include "emulator.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

_Static_assert(sizeof(bcml_tensor) == 96, "Java knows this layout");

struct bcml_job {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  char package[4096], compiled[4096], error[1024];
  int status, users;
  double fraction;
};

struct bcml_model {
  emu_program program;
  char *bytes; /* constants are read from these at each prediction */
  char *weights;
  size_t weightBytes;
};

struct bcml_state {
  bcml_model *model;
  float **numbers;
};

static atomic_int live;
static pthread_mutex_t faults = PTHREAD_MUTEX_INITIALIZER;
static char failing[64];
static int failingStatus, failingCalls, compileTime = 5, silent;

void bcml_emulator_fail(const char *function, int32_t status, int32_t calls) {
  pthread_mutex_lock(&faults);
  snprintf(failing, sizeof failing, "%s", function);
  failingStatus = status;
  failingCalls = calls;
  pthread_mutex_unlock(&faults);
}

void bcml_emulator_compile_time(int32_t milliseconds) {
  compileTime = milliseconds < 0 ? -milliseconds : milliseconds;
  silent = milliseconds < 0;
}

int32_t bcml_emulator_live(void) { return live; }

static int fail(int status, char *error, size_t capacity, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (error && capacity) vsnprintf(error, capacity, format, arguments);
  va_end(arguments);
  return status;
}

/* The status with which a call is to fail; 0 if it is not. */
static int fault(const char *function, char *error, size_t capacity) {
  int status = 0;
  pthread_mutex_lock(&faults);
  if (failingCalls > 0 && strcmp(failing, function) == 0) {
    failingCalls--;
    status = failingStatus;
  }
  pthread_mutex_unlock(&faults);
  return status ? fail(status, error, capacity, "emulator|%d|%s was told to fail", status, function) : 0;
}

float emu_from_half(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, mantissa = half & 1023, bits;
  if (exponent == 31) bits = sign | 0x7f800000 | mantissa << 13;
  else if (exponent) bits = sign | (exponent + 112) << 23 | mantissa << 13;
  else {
    float small = (float)mantissa / 16777216.0f;
    return sign ? -small : small;
  }
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

uint16_t emu_to_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint16_t sign = bits >> 16 & 0x8000;
  float size = value < 0 ? -value : value;
  if (size != size) return sign | 0x7e00;
  if (size >= 65520.0f) return sign | 0x7c00;
  if (size < 6.103515625e-05f) return sign | (uint16_t)(size * 16777216.0f + 0.5f);
  uint32_t rounded = (bits & 0x7fffffff) + 0xfff + (bits >> 13 & 1);
  return sign | (uint16_t)((rounded - (112u << 23)) >> 13);
}

char *emu_path(const char *folder, const char *name) {
  char *path = malloc(strlen(folder) + strlen(name) + 2);
  sprintf(path, "%s/%s", folder, name);
  return path;
}

char *emu_read(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long length = ftell(file);
  fseek(file, 0, SEEK_SET);
  char *bytes = length < 0 ? NULL : malloc((size_t)length + 1);
  if (bytes && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
    free(bytes);
    bytes = NULL;
  }
  fclose(file);
  *size = (size_t)length;
  return bytes;
}

static int copy(const char *fromFolder, const char *from, const char *toFolder, const char *to) {
  char *source = emu_path(fromFolder, from), *target = emu_path(toFolder, to);
  size_t size = 0;
  char *bytes = emu_read(source, &size);
  FILE *file = bytes ? fopen(target, "wb") : NULL;
  int done = file && fwrite(bytes, 1, size, file) == size;
  if (file) done = fclose(file) == 0 && done;
  free(bytes);
  free(source);
  free(target);
  return done;
}

uint32_t bcml_abi(void) { return BCML_ABI; }

const char *bcml_description(void) { return "Baton's emulator of Core ML"; }

/* ---- compiling */

static void leave(bcml_job *job) {
  pthread_mutex_lock(&job->lock);
  int last = --job->users == 0;
  pthread_mutex_unlock(&job->lock);
  if (last) {
    pthread_mutex_destroy(&job->lock);
    pthread_cond_destroy(&job->changed);
    free(job);
    live--;
  }
}

static void *compile(void *argument) {
  bcml_job *job = argument;
  for (int step = 0; step < 10; step++) {
    struct timespec pause = {compileTime / 10000, compileTime % 10000 * 100000L};
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&job->lock);
    job->fraction = step / 10.0;
    pthread_mutex_unlock(&job->lock);
  }
  char error[1024] = "";
  int status = fault("compile", error, sizeof error);
  if (!status && mkdir(job->compiled, 0700) != 0 && errno != EEXIST)
    status = fail(BCML_COMPILE, error, sizeof error, "emulator|3|%s cannot be made", job->compiled);
  if (!status && !copy(job->package, "Data/com.apple.CoreML/model.mlmodel", job->compiled, "model"))
    status = fail(BCML_COMPILE, error, sizeof error, "emulator|3|%s has no model", job->package);
  if (!status) copy(job->package, "Data/com.apple.CoreML/weights/weight.bin", job->compiled, "weights");
  pthread_mutex_lock(&job->lock);
  memcpy(job->error, error, sizeof error);
  job->fraction = 1;
  job->status = status;
  pthread_cond_broadcast(&job->changed);
  pthread_mutex_unlock(&job->lock);
  leave(job);
  return NULL;
}

int32_t bcml_compile_start(const char *package, const char *compiled, bcml_job **job, char *error, size_t capacity) {
  int status = fault("bcml_compile_start", error, capacity);
  if (status) return status;
  if (!package || !compiled || !job) return fail(BCML_INVALID, error, capacity, "emulator|1|an argument is NULL");
  bcml_job *made = calloc(1, sizeof *made);
  snprintf(made->package, sizeof made->package, "%s", package);
  snprintf(made->compiled, sizeof made->compiled, "%s", compiled);
  made->status = BCML_PENDING;
  made->users = 2;
  pthread_mutex_init(&made->lock, NULL);
  pthread_cond_init(&made->changed, NULL);
  live++;
  if (pthread_create(&made->thread, NULL, compile, made) != 0) {
    made->users = 1;
    leave(made);
    return fail(BCML_COMPILE, error, capacity, "emulator|3|no thread");
  }
  pthread_detach(made->thread);
  *job = made;
  return BCML_OK;
}

int32_t bcml_compile_wait(bcml_job *job, int32_t milliseconds, double *fraction, char *error, size_t capacity) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += milliseconds / 1000;
  until.tv_nsec += milliseconds % 1000 * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000L;
  }
  pthread_mutex_lock(&job->lock);
  while (job->status == BCML_PENDING && pthread_cond_timedwait(&job->changed, &job->lock, &until) == 0) {}
  int status = job->status;
  *fraction = silent ? -1 : job->fraction;
  if (status != BCML_OK && status != BCML_PENDING) fail(status, error, capacity, "%s", job->error);
  pthread_mutex_unlock(&job->lock);
  return status;
}

void bcml_compile_free(bcml_job *job) { leave(job); }

/* ---- models */

/* More elements than any model of a test has. */
#define MOST_ELEMENTS (1 << 20)

static int fits(const emu_type *type) {
  int64_t all = 1;
  for (int i = 0; i < type->rank; i++) {
    if (type->dims[i] < 0 || type->dims[i] > MOST_ELEMENTS) return 0;
    all *= type->dims[i];
    if (all > MOST_ELEMENTS) return 0;
  }
  return 1;
}

static const char *const OPERATORS[] = {"const", "identity", "cast", "add", "sub", "mul", "relu", "read_state", "write_state"};

static int known(const char *type) {
  for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
    if (strcmp(OPERATORS[i], type) == 0) return 1;
  return 0;
}

/* What is wrong with a program; NULL if it can run. */
static const char *problem_of(const emu_program *p) {
  for (int i = 0; i < p->operationCount; i++) {
    if (!known(p->operations[i].type)) return p->operations[i].type;
    if (!fits(&p->operations[i].output)) return "a tensor is too large for the emulator";
  }
  for (int i = 0; i < p->inputCount; i++)
    if (!fits(&p->inputs[i])) return "an input is too large for the emulator";
  for (int i = 0; i < p->stateCount; i++)
    if (!fits(&p->states[i])) return "a state is too large for the emulator";
  return NULL;
}

static int by_name(const void *a, const void *b) { return strcmp(((const emu_type *)a)->name, ((const emu_type *)b)->name); }

int32_t bcml_load(const char *compiled, int32_t units, const char *function, bcml_model **model, char *error, size_t capacity) {
  int status = fault("bcml_load", error, capacity);
  if (status) return status;
  if (units < BCML_CPU || units > BCML_CPU_NEURAL) return fail(BCML_INVALID, error, capacity, "emulator|1|compute units %d", units);
  char *path = emu_path(compiled, "model"), *weights = emu_path(compiled, "weights");
  size_t size = 0;
  char *bytes = emu_read(path, &size);
  bcml_model *made = calloc(1, sizeof *made);
  const char *problem = bytes ? emu_parse(bytes, size, function, &made->program) : "there is no compiled model";
  made->weights = emu_read(weights, &made->weightBytes);
  if (!made->weights) made->weightBytes = 0;
  free(path);
  free(weights);
  if (!problem) problem = problem_of(&made->program);
  if (problem) {
    status = fail(bytes ? BCML_LOAD : BCML_NOT_FOUND, error, capacity, "emulator|4|%s", problem);
    free(bytes);
    free(made->weights);
    free(made);
    return status;
  }
  qsort(made->program.inputs, (size_t)made->program.inputCount, sizeof(emu_type), by_name);
  qsort(made->program.states, (size_t)made->program.stateCount, sizeof(emu_type), by_name);
  made->bytes = bytes;
  live++;
  *model = made;
  return BCML_OK;
}

void bcml_free(bcml_model *model) {
  free(model->bytes);
  free(model->weights);
  free(model);
  live--;
}

int32_t bcml_count(bcml_model *model, int32_t kind) {
  if (fault("bcml_count", NULL, 0)) return -1;
  emu_program *p = &model->program;
  return kind == BCML_INPUT ? p->inputCount : kind == BCML_OUTPUT ? p->outputCount : p->stateCount;
}

/* The type of a result; NULL if nothing gives it. */
static const emu_type *given(const emu_program *p, const char *name) {
  for (int i = 0; i < p->operationCount; i++)
    if (p->operations[i].outputs && strcmp(p->operations[i].output.name, name) == 0) return &p->operations[i].output;
  for (int i = 0; i < p->inputCount; i++)
    if (strcmp(p->inputs[i].name, name) == 0) return &p->inputs[i];
  return NULL;
}

static int64_t count(const emu_type *type) {
  int64_t all = 1;
  for (int i = 0; i < type->rank; i++) all *= type->dims[i];
  return all;
}

static int32_t type_of(const emu_type *type) {
  return type->element == 10 ? BCML_FLOAT16 : type->element == 11 ? BCML_FLOAT32 : type->element == 23 ? BCML_INT32 : 0;
}

static int width(int32_t type) { return type == BCML_FLOAT16 ? 2 : 4; }

int32_t bcml_feature(bcml_model *model, int32_t kind, int32_t index, char *name, size_t nameCapacity, int32_t *type, int32_t *rank,
                     int64_t dims[BCML_MAX_RANK], int32_t *flexible) {
  emu_program *p = &model->program;
  if (index < 0 || index >= bcml_count(model, kind)) return BCML_INVALID;
  const emu_type *found = kind == BCML_INPUT ? &p->inputs[index] : kind == BCML_STATE ? &p->states[index] : given(p, p->outputs[index]);
  if (!found) return BCML_NOT_FOUND;
  snprintf(name, nameCapacity, "%s", found->name);
  *type = type_of(found);
  *rank = found->rank;
  memcpy(dims, found->dims, sizeof found->dims);
  *flexible = found->flexible;
  return BCML_OK;
}

/* ---- states */

int32_t bcml_state_new(bcml_model *model, bcml_state **state, char *error, size_t capacity) {
  int status = fault("bcml_state_new", error, capacity);
  if (status) return status;
  bcml_state *made = calloc(1, sizeof *made);
  made->model = model;
  made->numbers = calloc((size_t)model->program.stateCount + 1, sizeof *made->numbers);
  for (int i = 0; i < model->program.stateCount; i++) made->numbers[i] = calloc((size_t)count(&model->program.states[i]) + 1, sizeof(float));
  live++;
  *state = made;
  return BCML_OK;
}

void bcml_state_free(bcml_state *state) {
  for (int i = 0; i < state->model->program.stateCount; i++) free(state->numbers[i]);
  free(state->numbers);
  free(state);
  live--;
}

static int state_index(const emu_program *p, const char *name) {
  for (int i = 0; i < p->stateCount; i++)
    if (strcmp(p->states[i].name, name) == 0) return i;
  return -1;
}

static void load(float *numbers, const void *data, int32_t type, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    numbers[i] = type == BCML_FLOAT16 ? emu_from_half(((const uint16_t *)data)[i])
                 : type == BCML_INT32 ? (float)((const int32_t *)data)[i]
                                      : ((const float *)data)[i];
}

static void store(void *data, const float *numbers, int32_t type, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (type == BCML_FLOAT16) ((uint16_t *)data)[i] = emu_to_half(numbers[i]);
    else if (type == BCML_INT32) ((int32_t *)data)[i] = (int32_t)numbers[i];
    else ((float *)data)[i] = numbers[i];
  }
}

static int state_place(bcml_state *state, const char *name, int64_t bytes, char *error, size_t capacity) {
  int i = state_index(&state->model->program, name);
  if (i < 0) return -fail(BCML_NOT_FOUND, error, capacity, "emulator|2|no state %s", name);
  const emu_type *type = &state->model->program.states[i];
  if (bytes != count(type) * width(type_of(type))) return -fail(BCML_MISMATCH, error, capacity, "emulator|7|state %s has other bytes", name);
  return i;
}

int32_t bcml_state_read(bcml_state *state, const char *name, void *data, int64_t bytes, char *error, size_t capacity) {
  int i = state_place(state, name, bytes, error, capacity);
  if (i < 0) return -i;
  const emu_type *type = &state->model->program.states[i];
  store(data, state->numbers[i], type_of(type), count(type));
  return BCML_OK;
}

int32_t bcml_state_write(bcml_state *state, const char *name, const void *data, int64_t bytes, char *error, size_t capacity) {
  int i = state_place(state, name, bytes, error, capacity);
  if (i < 0) return -i;
  const emu_type *type = &state->model->program.states[i];
  load(state->numbers[i], data, type_of(type), count(type));
  return BCML_OK;
}

/* ---- predicting */

typedef struct {
  const char *name;
  float *numbers;
  int64_t n;
  int64_t dims[BCML_MAX_RANK]; /* where sizes vary */
} emu_value;

typedef struct {
  emu_value all[3 * EMU_MOST];
  int used;
} emu_values;

static emu_value *find(emu_values *values, const char *name) {
  for (int i = values->used - 1; i >= 0; i--)
    if (strcmp(values->all[i].name, name) == 0) return &values->all[i];
  return NULL;
}

static emu_value *define(emu_values *values, const char *name, int64_t n) {
  emu_value *value = &values->all[values->used++];
  value->name = name;
  value->n = n;
  value->numbers = calloc((size_t)n + 1, sizeof(float));
  return value;
}

static const char *compute(bcml_model *model, bcml_state *state, const emu_operation *op, emu_values *values) {
  if (strcmp(op->type, "write_state") == 0) {
    int i = state_index(&model->program, op->input);
    emu_value *data = find(values, op->data);
    if (i < 0 || !data || data->n != count(&model->program.states[i])) return "a state is written wrongly";
    if (!state) return "the model needs a state";
    memcpy(state->numbers[i], data->numbers, (size_t)data->n * sizeof(float));
    return NULL;
  }
  if (op->output.element == 2) return NULL; /* a text, such as the type of a cast */
  emu_value *x = find(values, op->x), *y = op->y[0] ? find(values, op->y) : x;
  emu_type type = op->output;
  if (type.flexible && x && y) memcpy(type.dims, x->n >= y->n ? x->dims : y->dims, sizeof type.dims);
  emu_value *out = define(values, op->output.name, count(&type));
  memcpy(out->dims, type.dims, sizeof type.dims);
  if (strcmp(op->type, "const") == 0) return emu_constant(op->value, model->weights, model->weightBytes, out->numbers, out->n);
  if (strcmp(op->type, "read_state") == 0) {
    int i = state_index(&model->program, op->input);
    if (i < 0 || count(&model->program.states[i]) != out->n) return "there is no such state";
    if (!state) return "the model needs a state";
    memcpy(out->numbers, state->numbers[i], (size_t)out->n * sizeof(float));
    return NULL;
  }
  if (!x || !y || (x->n != out->n && x->n != 1) || (y->n != out->n && y->n != 1)) return "operands of the emulator have one size, or are numbers";
  for (int64_t i = 0; i < out->n; i++) {
    float a = x->numbers[x->n == 1 ? 0 : i], b = y->numbers[y->n == 1 ? 0 : i];
    switch (op->type[0]) {
      case 'a': out->numbers[i] = a + b; break;
      case 's': out->numbers[i] = a - b; break;
      case 'm': out->numbers[i] = a * b; break;
      case 'r': out->numbers[i] = a > 0 ? a : 0; break;
      default: out->numbers[i] = a; /* identity, cast */
    }
    if (op->output.element == 10) out->numbers[i] = emu_from_half(emu_to_half(out->numbers[i]));
    if (op->output.element == 23) out->numbers[i] = (float)(int32_t)out->numbers[i];
  }
  return NULL;
}

static int predict(bcml_model *model, bcml_state *state, const bcml_tensor *inputs, int32_t inputCount, bcml_tensor *outputs,
                   int32_t outputCount, emu_values *values, char *error, size_t capacity) {
  const emu_program *p = &model->program;
  for (int i = 0; i < p->inputCount; i++) {
    const emu_type *type = &p->inputs[i];
    const bcml_tensor *found = NULL;
    for (int k = 0; k < inputCount; k++)
      if (strcmp(inputs[k].name, type->name) == 0) found = &inputs[k];
    if (!found) return fail(BCML_MISMATCH, error, capacity, "emulator|7|no input %s", type->name);
    emu_type here = *type;
    if (type->flexible && found->rank == type->rank) memcpy(here.dims, found->dims, sizeof here.dims);
    if (found->type != type_of(type) || found->rank != type->rank || memcmp(found->dims, here.dims, (size_t)type->rank * 8) != 0 || !fits(&here))
      return fail(BCML_MISMATCH, error, capacity, "emulator|7|input %s has another type or shape", type->name);
    if (found->bytes < count(&here) * width(found->type)) return fail(BCML_MISMATCH, error, capacity, "emulator|7|input %s is too short", type->name);
    emu_value *given = define(values, type->name, count(&here));
    memcpy(given->dims, here.dims, sizeof here.dims);
    load(given->numbers, found->data, found->type, count(&here));
  }
  for (int i = 0; i < p->operationCount; i++) {
    const char *problem = compute(model, state, &p->operations[i], values);
    if (problem) return fail(BCML_PREDICT, error, capacity, "emulator|6|%s", problem);
  }
  for (int i = 0; i < outputCount; i++) {
    bcml_tensor *out = &outputs[i];
    emu_value *value = find(values, out->name);
    const emu_type *type = given(p, out->name);
    if (!value || !type) return fail(BCML_NOT_FOUND, error, capacity, "emulator|2|no output %s", out->name);
    if (out->type != type_of(type) || out->bytes != value->n * width(out->type) || out->rank != type->rank ||
        memcmp(out->dims, type->flexible ? value->dims : type->dims, (size_t)type->rank * 8) != 0)
      return fail(BCML_MISMATCH, error, capacity, "emulator|7|output %s has another type or shape", out->name);
    store(out->data, value->numbers, out->type, value->n);
  }
  return BCML_OK;
}

int32_t bcml_predict(bcml_model *model, bcml_state *state, const bcml_tensor *inputs, int32_t inputCount, bcml_tensor *outputs,
                     int32_t outputCount, char *error, size_t capacity) {
  int status = fault("bcml_predict", error, capacity);
  if (status) return status;
  emu_values *values = calloc(1, sizeof *values);
  status = predict(model, state, inputs, inputCount, outputs, outputCount, values, error, capacity);
  for (int i = 0; i < values->used; i++) free(values->all[i].numbers);
  free(values);
  return status;
}
