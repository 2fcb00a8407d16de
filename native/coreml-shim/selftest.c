/* Tries a library of baton_coreml.h: what it refuses, and, if a package is named, one model from package to prediction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton_coreml.h"

static char error[1024];

static void check(int ok, const char *what) {
  printf("%s %s%s%s\n", ok ? "ok    " : "FAILED", what, ok || !error[0] ? "" : ": ", ok ? "" : error);
  if (!ok) exit(1);
}

static int compile(const char *package, const char *compiled) {
  bcml_job *job;
  double fraction;
  int status = bcml_compile_start(package, compiled, &job, error, sizeof error);
  if (status) return status;
  do status = bcml_compile_wait(job, 100, &fraction, error, sizeof error);
  while (status == BCML_PENDING);
  bcml_compile_free(job);
  return status;
}

static int features(bcml_model *model, int kind, bcml_tensor *tensors, int most) {
  static const char *const KINDS[] = {"input", "output", "state"};
  int count = bcml_count(model, kind);
  for (int i = 0; i < count && i < most; i++) {
    char name[256];
    int32_t flexible;
    bcml_tensor *t = &tensors[i];
    check(bcml_feature(model, kind, i, name, sizeof name, &t->type, &t->rank, t->dims, &flexible) == BCML_OK, "a feature is told");
    t->name = strcpy(malloc(strlen(name) + 1), name);
    t->bytes = t->type == BCML_FLOAT16 ? 2 : t->type == BCML_FLOAT64 ? 8 : 4;
    for (int d = 0; d < t->rank; d++) t->bytes *= t->dims[d];
    t->data = calloc(1, (size_t)t->bytes + 1);
    printf("       %s %s: type %d, rank %d, %lld bytes%s\n", KINDS[kind], name, t->type, t->rank, (long long)t->bytes, flexible ? ", flexible" : "");
  }
  return count < most ? count : most;
}

int main(int count, char **arguments) {
  printf("       %s\n", bcml_description());
  check(bcml_abi() == BCML_ABI, "the library is of this version");
  check(compile("/nowhere.mlpackage", "/tmp/nowhere.mlmodelc") == BCML_COMPILE && error[0], "a package that is not there is refused");
  bcml_model *model = NULL;
  check(bcml_load("/nowhere.mlmodelc", BCML_CPU, NULL, &model, error, sizeof error) != BCML_OK && !model, "a model that is not there is refused");
  if (count < 3) {
    printf("       name a .mlpackage, and a path for the compiled model, to try more\n");
    return 0;
  }
  check(compile(arguments[1], arguments[2]) == BCML_OK, "the package compiles");
  check(bcml_load(arguments[2], BCML_ALL, NULL, &model, error, sizeof error) == BCML_OK, "the model loads");
  bcml_tensor inputs[16], outputs[16], states[16];
  int in = features(model, BCML_INPUT, inputs, 16), out = features(model, BCML_OUTPUT, outputs, 16), kept = features(model, BCML_STATE, states, 16);
  bcml_state *state = NULL;
  if (kept) check(bcml_state_new(model, &state, error, sizeof error) == BCML_OK, "a state is made");
  check(bcml_predict(model, state, inputs, in, outputs, out, error, sizeof error) == BCML_OK, "zeros are predicted from");
  for (int i = 0; i < kept; i++)
    check(bcml_state_read(state, states[i].name, states[i].data, states[i].bytes, error, sizeof error) == BCML_OK, "a state is copied");
  inputs[0].name = "no such input";
  check(bcml_predict(model, state, inputs, in, outputs, out, error, sizeof error) != BCML_OK, "an input of another name is refused");
  if (state) bcml_state_free(state);
  bcml_free(model);
  printf("ok     all\n");
  return 0;
}
