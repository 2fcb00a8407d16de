/* Operators, in float32: fixed-point tensors are widened before and rounded after. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WRONG_TENSOR = 6004, WRONG_NODE = 6005, NO_MEMORY = 1002 };

struct value {
  const struct kept_tensor *tensor;
  float *data;
  uint64_t count;
};

static struct scale_offset scale_at(const struct kept_tensor *t, uint64_t i) {
  const struct quantization *q = &t->quantization;
  if (q->definition != 1) return (struct scale_offset){1, 0};
  if (q->encoding == 0) return q->one;
  if (q->encoding != 1) return (struct scale_offset){1, 0};
  uint64_t inner = numel(t->rank - (uint32_t)q->axis.axis - 1, t->dims + q->axis.axis + 1);
  return q->axis.all[i / inner % q->axis.count];
}

static void widen(const struct kept_tensor *t, const void *from, float *to) {
  uint64_t count = numel(t->rank, t->dims);
  for (uint64_t i = 0; i < count; i++) {
    double stored;
    switch (t->dtype) {
      case FLOAT_32: to[i] = ((const float *)from)[i]; continue;
      case FLOAT_16: to[i] = (float)((const _Float16 *)from)[i]; continue;
      case UFIXED_8: case BOOL_8: stored = ((const uint8_t *)from)[i]; break;
      case SFIXED_8: stored = ((const int8_t *)from)[i]; break;
      case UFIXED_16: stored = ((const uint16_t *)from)[i]; break;
      case INT_64: stored = (double)((const int64_t *)from)[i]; break;
      case UINT_32: stored = ((const uint32_t *)from)[i]; break;
      default: stored = ((const int32_t *)from)[i]; break;
    }
    struct scale_offset s = scale_at(t, i);
    to[i] = (float)((stored + s.offset) * s.scale);
  }
}

static double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static void narrow(const struct kept_tensor *t, const float *from, void *to) {
  uint64_t count = numel(t->rank, t->dims);
  for (uint64_t i = 0; i < count; i++) {
    if (t->dtype == FLOAT_32) {
      ((float *)to)[i] = from[i];
      continue;
    }
    if (t->dtype == FLOAT_16) {
      ((_Float16 *)to)[i] = (_Float16)from[i];
      continue;
    }
    struct scale_offset s = scale_at(t, i);
    double stored = rint(from[i] / s.scale) - s.offset;
    switch (t->dtype) {
      case UFIXED_8: case BOOL_8: ((uint8_t *)to)[i] = (uint8_t)clamp(stored, 0, 255); break;
      case SFIXED_8: ((int8_t *)to)[i] = (int8_t)clamp(stored, -128, 127); break;
      case UFIXED_16: ((uint16_t *)to)[i] = (uint16_t)clamp(stored, 0, 65535); break;
      case INT_64: ((int64_t *)to)[i] = (int64_t)stored; break;
      default: ((int32_t *)to)[i] = (int32_t)clamp(stored, -2147483648.0, 2147483647.0); break;
    }
  }
}

struct run {
  const struct graph *graph;
  const struct kept_node *node;
  struct value *values;
};

static struct value *in(struct run *r, uint32_t i) { return i < r->node->input_count ? &r->values[r->node->inputs[i] - 1] : 0; }
static struct value *out(struct run *r) { return &r->values[r->node->outputs[0] - 1]; }

static const struct kept_parameter *parameter(struct run *r, const char *name) {
  for (uint32_t p = 0; p < r->node->parameter_count; p++)
    if (!strcmp(r->node->parameters[p].name, name)) return &r->node->parameters[p];
  return 0;
}

static uint32_t u32(struct run *r, const char *name, uint32_t otherwise) {
  const struct kept_parameter *p = parameter(r, name);
  return p ? p->scalar.dtype == BOOL_8 ? p->scalar.b : p->scalar.u : otherwise;
}

static float f32(struct run *r, const char *name, float otherwise) {
  const struct kept_parameter *p = parameter(r, name);
  return p ? p->scalar.f : otherwise;
}

static const uint32_t *integers(struct run *r, const char *name, uint32_t count) {
  const struct kept_parameter *p = parameter(r, name);
  if (!p || !p->is_tensor || p->tensor_id == 0 || p->tensor_id > r->graph->tensor_count) return 0;
  const struct kept_tensor *t = &r->graph->tensors[p->tensor_id - 1];
  return t->data && numel(t->rank, t->dims) == count && element_bytes(t->dtype) == 4 ? t->data : 0;
}

typedef float (*unary)(float);
static float relu(float x) { return x > 0 ? x : 0; }
static float relu6(float x) { return x < 0 ? 0 : x > 6 ? 6 : x; }
static float sigmoid(float x) { return 1 / (1 + expf(-x)); }
static float same(float x) { return x; }
static float negative(float x) { return -x; }
static float hard_swish(float x) { return x * relu6(x + 3) / 6; }
static float gelu(float x) { return x * 0.5f * (1 + erff(x * 0.70710678f)); }

typedef float (*binary)(float, float);
static float add(float a, float b) { return a + b; }
static float subtract(float a, float b) { return a - b; }
static float multiply(float a, float b) { return a * b; }
static float divide(float a, float b) { return a / b; }

static int elementwise(struct run *r, unary f) {
  struct value *x = in(r, 0), *y = out(r);
  if (x->count != y->count) return WRONG_NODE;
  for (uint64_t i = 0; i < y->count; i++) y->data[i] = f(x->data[i]);
  return 0;
}

/* The place in a tensor that is broadcast to another's shape. */
static uint64_t broadcast(const struct kept_tensor *t, const struct kept_tensor *to, uint64_t index) {
  uint64_t at = 0, stride = 1;
  for (uint32_t d = 0; d < to->rank; d++) {
    uint32_t i = (uint32_t)(index % to->dims[to->rank - 1 - d]);
    index /= to->dims[to->rank - 1 - d];
    if (d < t->rank) {
      uint32_t size = t->dims[t->rank - 1 - d];
      at += size == 1 ? 0 : i * stride;
      stride *= size;
    }
  }
  return at;
}

static int both(struct run *r, binary f) {
  struct value *a = in(r, 0), *b = in(r, 1), *y = out(r);
  if (!b) return WRONG_NODE;
  for (uint64_t i = 0; i < y->count; i++)
    y->data[i] = f(a->data[broadcast(a->tensor, y->tensor, i)], b->data[broadcast(b->tensor, y->tensor, i)]);
  return 0;
}

static int clamp_node(struct run *r) {
  struct value *x = in(r, 0), *y = out(r);
  float low = f32(r, "min_value", 0), high = f32(r, "max_value", 0);
  for (uint64_t i = 0; i < y->count; i++) y->data[i] = (float)clamp(x->data[i], low, high);
  return 0;
}

static int softmax(struct run *r) {
  struct value *x = in(r, 0), *y = out(r);
  uint32_t rank = x->tensor->rank, axis = u32(r, "axis", rank - 1);
  if (axis >= rank) return WRONG_NODE;
  uint64_t size = x->tensor->dims[axis], inner = numel(rank - axis - 1, x->tensor->dims + axis + 1);
  for (uint64_t o = 0; o < x->count / size / inner; o++)
    for (uint64_t i = 0; i < inner; i++) {
      const float *from = x->data + o * size * inner + i;
      float *to = y->data + o * size * inner + i, most = -INFINITY, sum = 0;
      for (uint64_t k = 0; k < size; k++) most = fmaxf(most, from[k * inner]);
      for (uint64_t k = 0; k < size; k++) sum += to[k * inner] = expf(from[k * inner] - most);
      for (uint64_t k = 0; k < size; k++) to[k * inner] /= sum;
    }
  return 0;
}

static int fully_connected(struct run *r) {
  struct value *x = in(r, 0), *w = in(r, 1), *b = in(r, 2), *y = out(r);
  if (!w || w->tensor->rank != 2) return WRONG_NODE;
  uint64_t m = w->tensor->dims[0], n = w->tensor->dims[1];
  if (x->count / n * m != y->count) return WRONG_NODE;
  for (uint64_t row = 0; row < x->count / n; row++)
    for (uint64_t c = 0; c < m; c++) {
      double sum = b ? b->data[c] : 0;
      for (uint64_t k = 0; k < n; k++) sum += (double)x->data[row * n + k] * w->data[c * n + k];
      y->data[row * m + c] = (float)sum;
    }
  return 0;
}

static int matmul(struct run *r) {
  struct value *a = in(r, 0), *b = in(r, 1), *y = out(r);
  if (!b || a->tensor->rank < 2 || b->tensor->rank < 2) return WRONG_NODE;
  int ta = (int)u32(r, "transpose_in0", 0), tb = (int)u32(r, "transpose_in1", 0);
  const uint32_t *ad = a->tensor->dims + a->tensor->rank - 2, *bd = b->tensor->dims + b->tensor->rank - 2;
  uint64_t m = ad[ta], k = ad[!ta], n = bd[!tb];
  if (bd[tb] != k || y->tensor->rank < 2) return WRONG_NODE;
  struct kept_tensor as = *a->tensor, bs = *b->tensor, ys = *y->tensor;
  as.rank -= 2, bs.rank -= 2, ys.rank -= 2;
  for (uint64_t batch = 0; batch < numel(ys.rank, ys.dims); batch++) {
    const float *from = a->data + broadcast(&as, &ys, batch) * m * k, *by = b->data + broadcast(&bs, &ys, batch) * k * n;
    for (uint64_t i = 0; i < m; i++)
      for (uint64_t j = 0; j < n; j++) {
        double sum = 0;
        for (uint64_t l = 0; l < k; l++) sum += (double)from[ta ? l * m + i : i * k + l] * by[tb ? j * k + l : l * n + j];
        y->data[(batch * m + i) * n + j] = (float)sum;
      }
  }
  return 0;
}

static int convolution(struct run *r, int depthwise) {
  struct value *x = in(r, 0), *w = in(r, 1), *b = in(r, 2), *y = out(r);
  const uint32_t one[2] = {1, 1}, *stride = integers(r, "stride", 2), *pad = integers(r, "pad_amount", 4), *dilation = integers(r, "dilation", 2);
  if (!w || !stride || !pad || x->tensor->rank != 4 || w->tensor->rank != 4 || y->tensor->rank != 4) return WRONG_NODE;
  if (!dilation) dilation = one;
  const uint32_t *xd = x->tensor->dims, *wd = w->tensor->dims, *yd = y->tensor->dims;
  uint32_t groups = depthwise ? xd[3] : u32(r, "group", 1), each = yd[3] / groups, deep = xd[3] / groups;
  if (!groups || wd[2] != deep || wd[3] != yd[3]) return WRONG_NODE;
  for (uint64_t i = 0; i < y->count; i++) {
    uint64_t c = i % yd[3], column = i / yd[3] % yd[2], row = i / yd[3] / yd[2] % yd[1], image = i / yd[3] / yd[2] / yd[1];
    double sum = b ? b->data[c] : 0;
    for (uint32_t kh = 0; kh < wd[0]; kh++)
      for (uint32_t kw = 0; kw < wd[1]; kw++) {
        int64_t h = (int64_t)(row * stride[0] + kh * dilation[0]) - pad[0], v = (int64_t)(column * stride[1] + kw * dilation[1]) - pad[2];
        if (h < 0 || v < 0 || h >= xd[1] || v >= xd[2]) continue;
        for (uint32_t d = 0; d < deep; d++)
          sum += (double)x->data[((image * xd[1] + (uint64_t)h) * xd[2] + (uint64_t)v) * xd[3] + c / each * deep + d] *
                 w->data[((kh * wd[1] + kw) * deep + d) * wd[3] + c];
      }
    y->data[i] = (float)sum;
  }
  return 0;
}

static int pool(struct run *r, int average) {
  struct value *x = in(r, 0), *y = out(r);
  const uint32_t *size = integers(r, "filter_size", 2), *stride = integers(r, "stride", 2), *pad = integers(r, "pad_amount", 4);
  if (!size || !stride || !pad || x->tensor->rank != 4 || y->tensor->rank != 4) return WRONG_NODE;
  const uint32_t *xd = x->tensor->dims, *yd = y->tensor->dims;
  int all = (int)u32(r, "count_pad_for_edges", 0);
  for (uint64_t i = 0; i < y->count; i++) {
    uint64_t c = i % yd[3], column = i / yd[3] % yd[2], row = i / yd[3] / yd[2] % yd[1], image = i / yd[3] / yd[2] / yd[1];
    double sum = 0, most = -INFINITY;
    uint64_t counted = 0;
    for (uint32_t kh = 0; kh < size[0]; kh++)
      for (uint32_t kw = 0; kw < size[1]; kw++) {
        int64_t h = (int64_t)(row * stride[0] + kh) - pad[0], v = (int64_t)(column * stride[1] + kw) - pad[2];
        if (h < 0 || v < 0 || h >= xd[1] || v >= xd[2]) continue;
        float value = x->data[((image * xd[1] + (uint64_t)h) * xd[2] + (uint64_t)v) * xd[3] + c];
        sum += value, most = fmax(most, value), counted++;
      }
    y->data[i] = (float)(average ? sum / (double)(all ? size[0] * size[1] : counted) : most);
  }
  return 0;
}

static int transpose(struct run *r) {
  struct value *x = in(r, 0), *y = out(r);
  uint32_t rank = x->tensor->rank;
  const uint32_t *perm = integers(r, "perm", rank);
  if (!perm || y->tensor->rank != rank || x->count != y->count) return WRONG_NODE;
  uint64_t stride[MAX_RANK];
  for (uint32_t d = 0; d < rank; d++) stride[d] = numel(rank - d - 1, x->tensor->dims + d + 1);
  for (uint64_t i = 0; i < y->count; i++) {
    uint64_t rest = i, at = 0;
    for (uint32_t d = rank; d-- > 0;) {
      at += rest % y->tensor->dims[d] * stride[perm[d]];
      rest /= y->tensor->dims[d];
    }
    y->data[i] = x->data[at];
  }
  return 0;
}

/* A factor and a summand for each channel, the last dimension. */
static int batch_norm(struct run *r) {
  struct value *x = in(r, 0), *w = in(r, 1), *b = in(r, 2), *y = out(r);
  if (!w || x->count != y->count) return WRONG_NODE;
  for (uint64_t i = 0; i < y->count; i++) y->data[i] = x->data[i] * w->data[i % w->count] + (b ? b->data[i % w->count] : 0);
  return 0;
}

static int concat(struct run *r) {
  struct value *y = out(r);
  uint32_t rank = y->tensor->rank, axis = u32(r, "axis", rank - 1);
  if (axis >= rank) return WRONG_NODE;
  uint64_t inner = numel(rank - axis - 1, y->tensor->dims + axis + 1), whole = y->tensor->dims[axis] * inner, at = 0;
  for (uint32_t k = 0; k < r->node->input_count; k++) {
    struct value *x = in(r, k);
    uint64_t part = x->tensor->dims[axis] * inner;
    if (at + part > whole) return WRONG_NODE;
    for (uint64_t o = 0; o < y->count / whole; o++) memcpy(y->data + o * whole + at, x->data + o * part, part * sizeof(float));
    at += part;
  }
  return 0;
}

static const struct { const char *type; unary f; } UNARY[] = {
  {"Relu", relu}, {"Relu6", relu6}, {"Sigmoid", sigmoid}, {"Tanh", tanhf}, {"ElementWiseAbs", fabsf}, {"ElementWiseExp", expf},
  {"ElementWiseNeg", negative}, {"ElementWiseSquareRoot", sqrtf}, {"Reshape", same}, {"Quantize", same}, {"Dequantize", same},
  {"Convert", same}, {"Cast", same}, {"HardSwish", hard_swish}, {"Gelu", gelu}, {"ElementWiseLog", logf}};
static const struct { const char *type; binary f; } BINARY[] = {
  {"ElementWiseAdd", add}, {"ElementWiseSubtract", subtract}, {"ElementWiseMultiply", multiply}, {"ElementWiseDivide", divide},
  {"ElementWiseMaximum", fmaxf}, {"ElementWiseMinimum", fminf}};
static const char *const OTHER[] = {"ReluMinMax", "Softmax", "FullyConnected", "MatMul", "Conv2d", "DepthWiseConv2d", "PoolMax2d",
                                    "PoolAvg2d", "Transpose", "Concat", "Batchnorm"};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

int knows(const char *type) {
  for (size_t i = 0; i < COUNT(UNARY); i++) if (!strcmp(type, UNARY[i].type)) return 1;
  for (size_t i = 0; i < COUNT(BINARY); i++) if (!strcmp(type, BINARY[i].type)) return 1;
  for (size_t i = 0; i < COUNT(OTHER); i++) if (!strcmp(type, OTHER[i])) return 1;
  return 0;
}

static int run_node(struct run *r) {
  const char *type = r->node->type;
  if (!r->node->output_count || !r->node->input_count) return WRONG_NODE;
  for (size_t i = 0; i < COUNT(UNARY); i++) if (!strcmp(type, UNARY[i].type)) return elementwise(r, UNARY[i].f);
  for (size_t i = 0; i < COUNT(BINARY); i++) if (!strcmp(type, BINARY[i].type)) return both(r, BINARY[i].f);
  if (!strcmp(type, "ReluMinMax")) return clamp_node(r);
  if (!strcmp(type, "Softmax")) return softmax(r);
  if (!strcmp(type, "FullyConnected")) return fully_connected(r);
  if (!strcmp(type, "MatMul")) return matmul(r);
  if (!strcmp(type, "Conv2d")) return convolution(r, 0);
  if (!strcmp(type, "DepthWiseConv2d")) return convolution(r, 1);
  if (!strcmp(type, "PoolMax2d")) return pool(r, 0);
  if (!strcmp(type, "PoolAvg2d")) return pool(r, 1);
  if (!strcmp(type, "Transpose")) return transpose(r);
  if (!strcmp(type, "Batchnorm")) return batch_norm(r);
  if (!strcmp(type, "Concat")) return concat(r);
  return WRONG_NODE;
}

/* What the caller gives for a tensor of the graph; 0 if it does not fit. */
static struct tensor *given(const struct kept_tensor *t, struct tensor *tensors, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (tensors[i].id == t->id) return tensors[i].data && tensors[i].dtype == t->dtype && tensors[i].rank == t->rank ? &tensors[i] : 0;
  return 0;
}

int run_graph(const struct graph *graph, struct tensor *inputs, uint32_t input_count, struct tensor *outputs, uint32_t output_count,
              uint64_t *cycles) {
  int code = 0;
  struct value *values = calloc(graph->tensor_count + 1, sizeof *values);
  for (uint32_t i = 0; i < graph->tensor_count; i++) {
    const struct kept_tensor *t = &graph->tensors[i];
    values[i] = (struct value){t, 0, numel(t->rank, t->dims)};
    values[i].data = calloc(values[i].count + 1, sizeof(float));
    if (t->kind == CONSTANT && t->data) widen(t, t->data, values[i].data);
    if (t->kind == INPUT && !code) {
      struct tensor *input = given(t, inputs, input_count);
      if (input) widen(t, input->data, values[i].data);
      else code = WRONG_TENSOR;
    }
    if (t->kind == OUTPUT && !code && !given(t, outputs, output_count)) code = WRONG_TENSOR;
  }
  for (uint32_t n = 0; n < graph->node_count && !code; n++) {
    struct run r = {graph, &graph->nodes[n], values};
    code = run_node(&r);
    struct value *y = code ? 0 : out(&r);
    if (y && y->tensor->dtype != FLOAT_32) { /* what a narrower tensor cannot hold is lost here */
      void *stored = malloc(y->count * 8 + 8);
      narrow(y->tensor, y->data, stored);
      widen(y->tensor, stored, y->data);
      free(stored);
    }
    if (cycles && !code) cycles[n] = 100 + y->count;
  }
  for (uint32_t i = 0; i < graph->tensor_count; i++) {
    const struct kept_tensor *t = &graph->tensors[i];
    if (t->kind == OUTPUT && !code) narrow(t, values[i].data, given(t, outputs, output_count)->data);
    free(values[i].data);
  }
  free(values);
  return code;
}
