/*
 * What Baton calls of Core ML: a flat C interface, for a shim over Apple's framework and for an emulator of it.
 *
 * Every function may be called by any thread. Models may be shared by threads; a state by one at a time. Texts are UTF-8.
 * Functions return a bcml_status; of a failure, `error` (at least `capacity` bytes) receives what happened, cut to fit
 * and ended by a zero. Memory that is passed stays the caller's, and is used during the call only.
 */
#ifndef BATON_COREML_H
#define BATON_COREML_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BCML_ABI 1
#define BCML_MAX_RANK 8

#if defined(__GNUC__)
#define BCML_API __attribute__((visibility("default")))
#else
#define BCML_API
#endif

typedef enum {
  BCML_OK = 0,
  BCML_INVALID = 1,      /* an argument makes no sense */
  BCML_NOT_FOUND = 2,    /* a file or a name is not there */
  BCML_COMPILE = 3,      /* the package does not compile */
  BCML_LOAD = 4,         /* the compiled model does not load */
  BCML_UNSUPPORTED = 5,  /* this system is too old for it */
  BCML_PREDICT = 6,      /* a prediction failed */
  BCML_MISMATCH = 7,     /* a type or a shape is not the model's */
  BCML_EXCEPTION = 8,    /* the framework threw */
  BCML_PENDING = 9       /* not done yet */
} bcml_status;

typedef enum { BCML_INPUT = 0, BCML_OUTPUT = 1, BCML_STATE = 2 } bcml_kind;

/* Elements, by the numbers that model files use. */
typedef enum { BCML_FLOAT16 = 65552, BCML_FLOAT32 = 65568, BCML_FLOAT64 = 65600, BCML_INT32 = 131104 } bcml_type;

typedef enum { BCML_CPU = 0, BCML_CPU_GPU = 1, BCML_ALL = 2, BCML_CPU_NEURAL = 3 } bcml_units;

/* A tensor of a prediction, contiguous. Type and shape, also of outputs, are the prediction's, or it fails. 96 bytes. */
typedef struct {
  const char *name;
  void *data;
  int64_t bytes;
  int32_t type;
  int32_t rank;
  int64_t dims[BCML_MAX_RANK];
} bcml_tensor;

typedef struct bcml_job bcml_job;
typedef struct bcml_model bcml_model;
typedef struct bcml_state bcml_state;

BCML_API uint32_t bcml_abi(void);

/* What stands behind this interface, with its version: never freed. */
BCML_API const char *bcml_description(void);

/* Begins to compile a package (.mlpackage); the result is to be at `compiled`, whose folder exists. */
BCML_API int32_t bcml_compile_start(const char *package, const char *compiled, bcml_job **job, char *error, size_t capacity);

/* Waits at most so long for a compilation: BCML_OK when it is done, BCML_PENDING while it is not. `fraction` is how far
 * it has come, or negative where nobody knows. */
BCML_API int32_t bcml_compile_wait(bcml_job *job, int32_t milliseconds, double *fraction, char *error, size_t capacity);

/* Nobody waits any longer. A compilation that cannot be stopped ends unseen. */
BCML_API void bcml_compile_free(bcml_job *job);

/* Loads a compiled model. `function` is NULL for the model's only one. */
BCML_API int32_t bcml_load(const char *compiled, int32_t units, const char *function, bcml_model **model, char *error, size_t capacity);
BCML_API void bcml_free(bcml_model *model);

/* How many inputs, outputs or states a model has; negative if that cannot be told. */
BCML_API int32_t bcml_count(bcml_model *model, int32_t kind);

/* One of them, sorted by name. `flexible` is 1 if sizes may vary; dims are then the default ones. */
BCML_API int32_t bcml_feature(bcml_model *model, int32_t kind, int32_t index, char *name, size_t nameCapacity, int32_t *type,
                              int32_t *rank, int64_t dims[BCML_MAX_RANK], int32_t *flexible);

/* What a model keeps from prediction to prediction, all zeros at first. */
BCML_API int32_t bcml_state_new(bcml_model *model, bcml_state **state, char *error, size_t capacity);
BCML_API void bcml_state_free(bcml_state *state);

/* Copies one of the states, contiguous, out of it or into it. `bytes` must be the state's. */
BCML_API int32_t bcml_state_read(bcml_state *state, const char *name, void *data, int64_t bytes, char *error, size_t capacity);
BCML_API int32_t bcml_state_write(bcml_state *state, const char *name, const void *data, int64_t bytes, char *error, size_t capacity);

/* Runs the model once. `state` is NULL for a model without. Results are written to the memory of the outputs. */
BCML_API int32_t bcml_predict(bcml_model *model, bcml_state *state, const bcml_tensor *inputs, int32_t inputCount,
                              bcml_tensor *outputs, int32_t outputCount, char *error, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
