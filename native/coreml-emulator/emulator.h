/* What the emulator has beside the interface that it emulates. */
#ifndef BATON_COREML_EMULATOR_H
#define BATON_COREML_EMULATOR_H

#include "../coreml-shim/baton_coreml.h"

/* The next so many calls of a function, such as "bcml_predict", fail with a status. */
BCML_API void bcml_emulator_fail(const char *function, int32_t status, int32_t calls);

/* How long a compilation takes. Of a negative time nobody knows how far the compilation has come. */
BCML_API void bcml_emulator_compile_time(int32_t milliseconds);

/* Jobs, models and states that are not freed. */
BCML_API int32_t bcml_emulator_live(void);

/* Files. */
char *emu_read(const char *path, size_t *size);
char *emu_path(const char *folder, const char *name);

/* A model: of protobuf messages, only what the fixed operators need. */
#define EMU_MOST 256

typedef struct {
  const uint8_t *at;
  const uint8_t *end;
} emu_bytes;

typedef struct {
  char name[128];
  int32_t element; /* of programs: 10 fp16, 11 fp32, 23 int32 */
  int32_t rank;
  int64_t dims[BCML_MAX_RANK];
  int flexible; /* sizes vary; dims then have 1 */
} emu_type;

typedef struct {
  char type[64];
  emu_type output;
  int outputs;
  char x[128], y[128], input[128], data[128]; /* names of arguments */
  emu_bytes value;                            /* of a constant: its message */
} emu_operation;

typedef struct {
  emu_type inputs[EMU_MOST];
  int inputCount;
  emu_type states[EMU_MOST];
  int stateCount;
  char outputs[EMU_MOST][128];
  int outputCount;
  emu_operation operations[EMU_MOST];
  int operationCount;
} emu_program;

/* Reads a function of a model: NULL, or what is wrong. */
const char *emu_parse(const char *model, size_t size, const char *function, emu_program *program);

/* The numbers of a constant: NULL, or what is wrong. */
const char *emu_constant(emu_bytes value, const char *weights, size_t weightBytes, float *numbers, int64_t count);

float emu_from_half(uint16_t half);
uint16_t emu_to_half(float value);

#endif
