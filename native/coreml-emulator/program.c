/* Reads what the emulator needs of a model file. Everything is checked against the end of its message. */
#include <string.h>

#include "emulator.h"

typedef struct {
  emu_bytes all;
  uint32_t field, wire;
  uint64_t number;
  emu_bytes bytes;
  int bad;
} field_reader;

static uint64_t varint(field_reader *r) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (r->all.at >= r->all.end) break;
    uint8_t b = *r->all.at++;
    value |= (uint64_t)(b & 0x7f) << shift;
    if (b < 128) return value;
  }
  r->bad = 1;
  return 0;
}

static int next(field_reader *r) {
  if (r->bad || r->all.at >= r->all.end) return 0;
  uint64_t tag = varint(r);
  r->field = (uint32_t)(tag >> 3);
  r->wire = tag & 7;
  size_t left = (size_t)(r->all.end - r->all.at);
  uint64_t size = r->wire == 1 ? 8 : r->wire == 5 ? 4 : 0;
  if (r->wire == 0) {
    r->number = varint(r);
    return !r->bad;
  }
  if (r->wire == 2) {
    size = varint(r);
    left = (size_t)(r->all.end - r->all.at);
  } else if (size == 0) {
    r->bad = 1;
    return 0;
  }
  if (r->bad || size > left) {
    r->bad = 1;
    return 0;
  }
  r->bytes.at = r->all.at;
  r->bytes.end = r->all.at += size;
  return 1;
}

static field_reader reader(emu_bytes all) {
  field_reader r = {.all = all};
  return r;
}

static void text(emu_bytes from, char *into, size_t capacity) {
  size_t size = (size_t)(from.end - from.at);
  if (size >= capacity) size = capacity - 1;
  memcpy(into, from.at, size);
  into[size] = 0;
}

static int is(emu_bytes bytes, const char *expected) {
  size_t size = (size_t)(bytes.end - bytes.at);
  return strlen(expected) == size && memcmp(bytes.at, expected, size) == 0;
}

/* The first field of this number; empty if there is none. */
static emu_bytes field(emu_bytes message, uint32_t number) {
  field_reader r = reader(message);
  while (next(&r))
    if (r.field == number && r.wire == 2) return r.bytes;
  return (emu_bytes){NULL, NULL};
}

static int64_t dimension(emu_bytes message) {
  field_reader r = reader(field(message, 1));
  while (next(&r))
    if (r.field == 1 && r.wire == 0) return (int64_t)r.number;
  return 0;
}

static void tensor_type(emu_bytes message, emu_type *type) {
  field_reader r = reader(message);
  while (next(&r)) {
    if (r.field == 1 && r.wire == 0) type->element = (int32_t)r.number;
    if (r.field == 3 && r.wire == 2 && type->rank < BCML_MAX_RANK) {
      int varies = field(r.bytes, 2).at != NULL;
      type->flexible |= varies;
      type->dims[type->rank++] = varies ? 1 : dimension(r.bytes);
    }
  }
}

/* Returns 1 for the type of a state. */
static int named_type(emu_bytes message, emu_type *type) {
  memset(type, 0, sizeof *type);
  text(field(message, 1), type->name, sizeof type->name);
  emu_bytes value = field(message, 2);
  emu_bytes state = field(value, 5);
  tensor_type(field(state.at ? field(state, 1) : value, 1), type);
  return state.at != NULL;
}

static void operation(emu_bytes message, emu_operation *op) {
  memset(op, 0, sizeof *op);
  field_reader r = reader(message);
  while (next(&r)) {
    if (r.wire != 2) continue;
    if (r.field == 1) text(r.bytes, op->type, sizeof op->type);
    if (r.field == 2) {
      emu_bytes key = field(r.bytes, 1);
      emu_bytes name = field(field(field(r.bytes, 2), 1), 1);
      char *into = is(key, "x") ? op->x : is(key, "y") ? op->y : is(key, "input") ? op->input : is(key, "data") ? op->data : NULL;
      if (into && name.at) text(name, into, 128);
    }
    if (r.field == 3) {
      named_type(r.bytes, &op->output);
      op->outputs++;
    }
    if (r.field == 5 && is(field(r.bytes, 1), "val")) op->value = field(r.bytes, 2);
  }
}

const char *emu_parse(const char *model, size_t size, const char *function, emu_program *program) {
  memset(program, 0, sizeof *program);
  emu_bytes all = {(const uint8_t *)model, (const uint8_t *)model + size};
  field_reader functions = reader(field(all, 502));
  emu_bytes found = {NULL, NULL};
  while (next(&functions)) {
    if (functions.field != 2 || functions.wire != 2) continue;
    if (!found.at || is(field(functions.bytes, 1), function ? function : "main")) found = field(functions.bytes, 2);
  }
  if (!found.at) return "the model has no function";
  field_reader r = reader(found);
  while (next(&r)) {
    if (r.field == 1 && r.wire == 2 && program->inputCount < EMU_MOST && program->stateCount < EMU_MOST) {
      emu_type type;
      if (named_type(r.bytes, &type)) program->states[program->stateCount++] = type;
      else program->inputs[program->inputCount++] = type;
    }
  }
  field_reader block = reader(field(field(found, 3), 2));
  while (next(&block)) {
    if (block.wire != 2) continue;
    if (block.field == 2 && program->outputCount < EMU_MOST) text(block.bytes, program->outputs[program->outputCount++], 128);
    if (block.field == 3) {
      if (program->operationCount == EMU_MOST) return "the model has too many operations for the emulator";
      operation(block.bytes, &program->operations[program->operationCount++]);
    }
  }
  return r.bad || block.bad || functions.bad ? "the model is damaged" : NULL;
}

static float element(const uint8_t *data, int64_t i, int width, int real) {
  if (width == 2) {
    uint16_t half;
    memcpy(&half, data + 2 * i, 2);
    return emu_from_half(half);
  }
  if (real) {
    float value;
    memcpy(&value, data + 4 * i, 4);
    return value;
  }
  int32_t value;
  memcpy(&value, data + 4 * i, 4);
  return (float)value;
}

const char *emu_constant(emu_bytes value, const char *weights, size_t weightBytes, float *numbers, int64_t count) {
  emu_type type = {.rank = 0};
  tensor_type(field(field(value, 2), 1), &type);
  int width = type.element == 10 ? 2 : 4;
  emu_bytes stored = field(value, 5);
  if (stored.at) {
    field_reader r = reader(stored);
    uint64_t record = 0, at, bytes;
    while (next(&r))
      if (r.field == 2 && r.wire == 0) record = r.number;
    if (weightBytes < 64 || record > weightBytes - 64) return "a constant is not in the weights";
    memcpy(&bytes, weights + record + 8, 8);
    memcpy(&at, weights + record + 16, 8);
    if (at > weightBytes || bytes > weightBytes - at || bytes < (uint64_t)(count * width)) return "a constant is past the weights";
    for (int64_t i = 0; i < count; i++) numbers[i] = element((const uint8_t *)weights + at, i, width, type.element != 23);
    return NULL;
  }
  emu_bytes tensor = field(field(value, 3), 1);
  emu_bytes raw = field(field(tensor, 7), 1), reals = field(field(tensor, 1), 1), integers = field(field(tensor, 2), 1);
  emu_bytes data = raw.at ? raw : reals;
  if (data.at && data.end - data.at >= count * width) {
    for (int64_t i = 0; i < count; i++) numbers[i] = element(data.at, i, width, type.element != 23);
    return NULL;
  }
  field_reader r = reader(integers);
  for (int64_t i = 0; i < count; i++) numbers[i] = (float)(int64_t)varint(&r);
  return r.bad ? "a constant has too few numbers" : NULL;
}
