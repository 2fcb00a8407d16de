/*
 * The flat C interface of baton_coreml.h over Apple's Core ML. Every entry has an autorelease pool of its own and catches
 * every exception: nothing of Objective-C reaches the caller. Built by build-on-mac.sh, with automatic reference counting.
 */
#import <CoreML/CoreML.h>
#import <Foundation/Foundation.h>

#include "baton_coreml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bcml_job {
  CFTypeRef object; /* BatonJob */
};
struct bcml_model {
  CFTypeRef object; /* MLModel */
};
struct bcml_state {
  CFTypeRef object; /* MLState */
  CFTypeRef model;
};

/* A compilation: its handler may come after nobody waits any longer, and holds this. */
@interface BatonJob : NSObject
@property(strong) dispatch_semaphore_t done;
@property(strong) NSURL *result;
@property(strong) NSError *error;
@property(copy) NSString *target;
@property(assign) BOOL finished;
@property(assign) BOOL abandoned;
@end
@implementation BatonJob
@end

static int32_t fail(int32_t status, char *error, size_t capacity, const char *format, ...) {
  if (error && capacity) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, capacity, format, arguments);
    va_end(arguments);
  }
  return status;
}

static int32_t failed(int32_t status, NSError *cause, char *error, size_t capacity) {
  return cause ? fail(status, error, capacity, "%s|%ld|%s", cause.domain.UTF8String, (long)cause.code, cause.localizedDescription.UTF8String)
               : fail(status, error, capacity, "|0|no reason was given");
}

static int32_t threw(NSException *cause, char *error, size_t capacity) {
  return fail(BCML_EXCEPTION, error, capacity, "%s|0|%s", cause.name.UTF8String, cause.reason ? cause.reason.UTF8String : "");
}

/* Runs what follows with a pool of its own, and turns an exception into a status. */
#define ENTRY(...)                                      \
  @autoreleasepool {                                    \
    @try {                                              \
      __VA_ARGS__                                       \
    } @catch (NSException * exception) {                \
      return threw(exception, error, capacity);         \
    }                                                   \
  }

static NSString *text(const char *utf8) { return [NSString stringWithUTF8String:utf8]; }

uint32_t bcml_abi(void) { return BCML_ABI; }

const char *bcml_description(void) { return "Core ML"; }

/* ---- compiling */

/* The framework compiles into a temporary folder, which stays where nobody takes it. */
static void discard(BatonJob *job) {
  if (job.result) [[NSFileManager defaultManager] removeItemAtURL:job.result error:NULL];
  job.result = nil;
}

int32_t bcml_compile_start(const char *package, const char *compiled, bcml_job **job, char *error, size_t capacity) {
  ENTRY({
    if (!package || !compiled || !job) return fail(BCML_INVALID, error, capacity, "|0|an argument is NULL");
    BatonJob *made = [BatonJob new];
    made.done = dispatch_semaphore_create(0);
    made.target = text(compiled);
    NSURL *source = [NSURL fileURLWithPath:text(package)];
    void (^handler)(NSURL *, NSError *) = ^(NSURL *result, NSError *cause) {
      @synchronized(made) {
        made.result = result;
        made.error = cause;
        if (made.abandoned) discard(made);
      }
      dispatch_semaphore_signal(made.done);
    };
    if (@available(macOS 13.0, iOS 16.0, *)) {
      [MLModel compileModelAtURL:source completionHandler:handler];
    } else {
      dispatch_async(dispatch_get_global_queue(QOS_CLASS_DEFAULT, 0), ^{
        @autoreleasepool {
          NSError *cause = nil;
          NSURL *result = nil;
          @try {
            result = [MLModel compileModelAtURL:source error:&cause];
          } @catch (NSException *exception) {
            cause = [NSError errorWithDomain:exception.name code:0 userInfo:nil];
          }
          handler(result, cause);
        }
      });
    }
    bcml_job *handle = calloc(1, sizeof *handle);
    handle->object = CFBridgingRetain(made);
    *job = handle;
    return BCML_OK;
  })
}

int32_t bcml_compile_wait(bcml_job *job, int32_t milliseconds, double *fraction, char *error, size_t capacity) {
  ENTRY({
    BatonJob *made = (__bridge BatonJob *)job->object;
    *fraction = -1; /* Core ML does not say */
    if (made.finished) return BCML_OK;
    dispatch_time_t until = dispatch_time(DISPATCH_TIME_NOW, (int64_t)milliseconds * NSEC_PER_MSEC);
    if (dispatch_semaphore_wait(made.done, until) != 0) return BCML_PENDING;
    if (!made.result) return failed(BCML_COMPILE, made.error, error, capacity);
    NSError *cause = nil;
    if (![[NSFileManager defaultManager] moveItemAtURL:made.result toURL:[NSURL fileURLWithPath:made.target] error:&cause])
      return failed(BCML_COMPILE, cause, error, capacity);
    made.finished = YES;
    *fraction = 1;
    return BCML_OK;
  })
}

void bcml_compile_free(bcml_job *job) {
  @autoreleasepool {
    @try {
      BatonJob *made = (__bridge BatonJob *)job->object;
      @synchronized(made) {
        made.abandoned = YES;
        if (!made.finished) discard(made);
      }
    } @catch (NSException *exception) {
      (void)exception; /* a folder stays */
    }
    CFRelease(job->object);
    free(job);
  }
}

/* ---- models */

static MLComputeUnits units(int32_t code) {
  switch (code) {
    case BCML_CPU: return MLComputeUnitsCPUOnly;
    case BCML_CPU_GPU: return MLComputeUnitsCPUAndGPU;
    case BCML_CPU_NEURAL:
      if (@available(macOS 13.0, iOS 16.0, *)) return MLComputeUnitsCPUAndNeuralEngine;
      return MLComputeUnitsAll;
    default: return MLComputeUnitsAll;
  }
}

int32_t bcml_load(const char *compiled, int32_t code, const char *function, bcml_model **model, char *error, size_t capacity) {
  ENTRY({
    if (!compiled || !model) return fail(BCML_INVALID, error, capacity, "|0|an argument is NULL");
    MLModelConfiguration *configuration = [MLModelConfiguration new];
    configuration.computeUnits = units(code);
    if (function) {
      if (@available(macOS 15.0, iOS 18.0, *)) configuration.functionName = text(function);
      else return fail(BCML_UNSUPPORTED, error, capacity, "|0|models of several functions need macOS 15");
    }
    NSError *cause = nil;
    MLModel *loaded = [MLModel modelWithContentsOfURL:[NSURL fileURLWithPath:text(compiled)] configuration:configuration error:&cause];
    if (!loaded) return failed(BCML_LOAD, cause, error, capacity);
    bcml_model *handle = calloc(1, sizeof *handle);
    handle->object = CFBridgingRetain(loaded);
    *model = handle;
    return BCML_OK;
  })
}

void bcml_free(bcml_model *model) {
  @autoreleasepool {
    CFRelease(model->object);
    free(model);
  }
}

static NSDictionary<NSString *, MLFeatureDescription *> *features(bcml_model *model, int32_t kind) {
  MLModelDescription *description = ((__bridge MLModel *)model->object).modelDescription;
  if (kind == BCML_INPUT) return description.inputDescriptionsByName;
  if (kind == BCML_OUTPUT) return description.outputDescriptionsByName;
  if (@available(macOS 15.0, iOS 18.0, *)) return description.stateDescriptionsByName;
  return @{};
}

int32_t bcml_count(bcml_model *model, int32_t kind) {
  @autoreleasepool {
    @try {
      return (int32_t)features(model, kind).count;
    } @catch (NSException *exception) {
      (void)exception;
      return -1;
    }
  }
}

int32_t bcml_feature(bcml_model *model, int32_t kind, int32_t index, char *name, size_t nameCapacity, int32_t *type, int32_t *rank,
                     int64_t dims[BCML_MAX_RANK], int32_t *flexible) {
  char *error = NULL;
  size_t capacity = 0;
  ENTRY({
    NSDictionary<NSString *, MLFeatureDescription *> *all = features(model, kind);
    NSArray<NSString *> *names = [all.allKeys sortedArrayUsingSelector:@selector(compare:)];
    if (index < 0 || (NSUInteger)index >= names.count) return BCML_INVALID;
    NSString *found = names[(NSUInteger)index];
    MLFeatureDescription *feature = all[found];
    NSArray<NSNumber *> *shape = nil;
    *flexible = 0;
    if (kind == BCML_STATE) {
      if (@available(macOS 15.0, iOS 18.0, *)) {
        shape = feature.stateConstraint.bufferShape;
        *type = (int32_t)feature.stateConstraint.dataType;
      }
    } else {
      MLMultiArrayConstraint *constraint = feature.multiArrayConstraint;
      shape = constraint.shape;
      *type = (int32_t)constraint.dataType;
      *flexible = constraint.shapeConstraint.type != MLMultiArrayShapeConstraintTypeUnspecified;
    }
    if (!shape || shape.count > BCML_MAX_RANK) return BCML_UNSUPPORTED; /* an image, a dictionary */
    snprintf(name, nameCapacity, "%s", found.UTF8String);
    *rank = (int32_t)shape.count;
    for (NSUInteger d = 0; d < shape.count; d++) dims[d] = shape[d].longLongValue;
    return BCML_OK;
  })
}

/* ---- arrays */

static size_t width(MLMultiArrayDataType type) {
  return type == MLMultiArrayDataTypeFloat16 ? 2 : type == MLMultiArrayDataTypeDouble ? 8 : 4;
}

/* Copies between contiguous memory and an array, whose strides may be any. */
static void copy(MLMultiArray *array, char *memory, BOOL into) {
  size_t rank = array.shape.count, bytes = width(array.dataType);
  int64_t sizes[BCML_MAX_RANK] = {0}, strides[BCML_MAX_RANK] = {0}, at[BCML_MAX_RANK] = {0}, count = 1;
  for (size_t d = 0; d < rank; d++) {
    sizes[d] = array.shape[d].longLongValue;
    strides[d] = array.strides[d].longLongValue;
    count *= sizes[d];
  }
  char *base = array.dataPointer;
  for (int64_t i = 0; i < count; i++) {
    int64_t offset = 0;
    for (size_t d = 0; d < rank; d++) offset += at[d] * strides[d];
    char *element = base + offset * (int64_t)bytes;
    memcpy(into ? element : memory + i * (int64_t)bytes, into ? memory + i * (int64_t)bytes : element, bytes);
    for (size_t d = rank; d-- > 0 && ++at[d] == sizes[d];) at[d] = 0;
  }
}

/* An array over the caller's memory. */
static MLMultiArray *array(const bcml_tensor *tensor, NSError **cause) {
  NSMutableArray<NSNumber *> *shape = [NSMutableArray array];
  NSMutableArray<NSNumber *> *strides = [NSMutableArray array];
  int64_t stride = 1;
  for (int32_t d = tensor->rank; d-- > 0;) {
    [shape insertObject:@(tensor->dims[d]) atIndex:0];
    [strides insertObject:@(stride) atIndex:0];
    stride *= tensor->dims[d];
  }
  return [[MLMultiArray alloc] initWithDataPointer:tensor->data
                                             shape:shape
                                          dataType:(MLMultiArrayDataType)tensor->type
                                           strides:strides
                                       deallocator:nil
                                             error:cause];
}

/* ---- states */

int32_t bcml_state_new(bcml_model *model, bcml_state **state, char *error, size_t capacity) {
  ENTRY({
    if (@available(macOS 15.0, iOS 18.0, *)) {
      MLState *made = [(__bridge MLModel *)model->object newState];
      for (NSString *name in features(model, BCML_STATE)) {
        [made getMultiArrayForStateNamed:name
                                 handler:^(MLMultiArray *buffer) {
                                   int64_t elements = (int64_t)buffer.count * (int64_t)width(buffer.dataType);
                                   char *zeros = calloc(1, (size_t)elements + 1);
                                   @try {
                                     copy(buffer, zeros, YES);
                                   } @finally {
                                     free(zeros);
                                   }
                                 }];
      }
      bcml_state *handle = calloc(1, sizeof *handle);
      handle->object = CFBridgingRetain(made);
      handle->model = CFRetain(model->object);
      *state = handle;
      return BCML_OK;
    }
    return fail(BCML_UNSUPPORTED, error, capacity, "|0|models with state need macOS 15");
  })
}

void bcml_state_free(bcml_state *state) {
  @autoreleasepool {
    CFRelease(state->object);
    CFRelease(state->model);
    free(state);
  }
}

static int32_t state_copy(bcml_state *state, const char *name, char *data, int64_t bytes, BOOL into, char *error, size_t capacity) {
  ENTRY({
    __block int32_t status = BCML_NOT_FOUND;
    if (@available(macOS 15.0, iOS 18.0, *)) {
      [(__bridge MLState *)state->object getMultiArrayForStateNamed:text(name)
                                                            handler:^(MLMultiArray *buffer) {
                                                              status = BCML_MISMATCH;
                                                              if (bytes == (int64_t)buffer.count * (int64_t)width(buffer.dataType)) {
                                                                copy(buffer, data, into);
                                                                status = BCML_OK;
                                                              }
                                                            }];
    }
    return status ? fail(status, error, capacity, "|0|state %s", name) : BCML_OK;
  })
}

int32_t bcml_state_read(bcml_state *state, const char *name, void *data, int64_t bytes, char *error, size_t capacity) {
  return state_copy(state, name, data, bytes, NO, error, capacity);
}

int32_t bcml_state_write(bcml_state *state, const char *name, const void *data, int64_t bytes, char *error, size_t capacity) {
  return state_copy(state, name, (char *)data, bytes, YES, error, capacity);
}

/* ---- predicting */

static int32_t result(MLMultiArray *from, const bcml_tensor *to, char *error, size_t capacity) {
  int64_t bytes = (int64_t)from.count * (int64_t)width(from.dataType);
  if ((int32_t)from.dataType != to->type || bytes != to->bytes || (int32_t)from.shape.count != to->rank)
    return fail(BCML_MISMATCH, error, capacity, "|0|output %s is of type %ld, rank %ld, %lld bytes", to->name, (long)from.dataType,
                (long)from.shape.count, (long long)bytes);
  for (NSUInteger d = 0; d < from.shape.count; d++)
    if (from.shape[d].longLongValue != to->dims[d])
      return fail(BCML_MISMATCH, error, capacity, "|0|output %s has size %lld in dimension %ld, not %lld", to->name,
                  (long long)from.shape[d].longLongValue, (long)d, (long long)to->dims[d]);
  if (from.dataPointer != to->data) copy(from, to->data, NO);
  return BCML_OK;
}

/* nil, or an exception, if it fails. */
static id<MLFeatureProvider> prediction(MLModel *model, id<MLFeatureProvider> values, bcml_state *state, MLPredictionOptions *options,
                                        NSError **cause) {
  if (state) {
    if (@available(macOS 15.0, iOS 18.0, *))
      return [model predictionFromFeatures:values usingState:(__bridge MLState *)state->object options:options error:cause];
    return nil;
  }
  return [model predictionFromFeatures:values options:options error:cause];
}

int32_t bcml_predict(bcml_model *model, bcml_state *state, const bcml_tensor *inputs, int32_t inputCount, bcml_tensor *outputs,
                     int32_t outputCount, char *error, size_t capacity) {
  ENTRY({
    MLModel *loaded = (__bridge MLModel *)model->object;
    NSError *cause = nil;
    NSMutableDictionary<NSString *, id> *values = [NSMutableDictionary dictionary];
    for (int32_t i = 0; i < inputCount; i++) {
      MLMultiArray *given = array(&inputs[i], &cause);
      if (!given) return failed(BCML_MISMATCH, cause, error, capacity);
      values[text(inputs[i].name)] = [MLFeatureValue featureValueWithMultiArray:given];
    }
    MLDictionaryFeatureProvider *provider = [[MLDictionaryFeatureProvider alloc] initWithDictionary:values error:&cause];
    if (!provider) return failed(BCML_INVALID, cause, error, capacity);
    if (state) {
      if (@available(macOS 15.0, iOS 18.0, *)) {
      } else return fail(BCML_UNSUPPORTED, error, capacity, "|0|models with state need macOS 15");
    }
    MLPredictionOptions *options = [MLPredictionOptions new];
    BOOL backed = NO;
    if (@available(macOS 12.3, iOS 15.4, *)) {
      NSMutableDictionary<NSString *, id> *backings = [NSMutableDictionary dictionary];
      for (int32_t i = 0; i < outputCount; i++) {
        MLMultiArray *backing = array(&outputs[i], NULL);
        if (backing) backings[text(outputs[i].name)] = backing;
      }
      options.outputBackings = backings;
      backed = backings.count != 0;
    }
    id<MLFeatureProvider> predicted = prediction(loaded, provider, state, options, &cause);
    if (!predicted && backed && !state) { /* a state may have changed */
      cause = nil;
      predicted = prediction(loaded, provider, state, [MLPredictionOptions new], &cause);
    }
    if (!predicted) return failed(BCML_PREDICT, cause, error, capacity);
    for (int32_t i = 0; i < outputCount; i++) {
      MLMultiArray *found = [predicted featureValueForName:text(outputs[i].name)].multiArrayValue;
      if (!found) return fail(BCML_NOT_FOUND, error, capacity, "|0|no output %s", outputs[i].name);
      int32_t status = result(found, &outputs[i], error, capacity);
      if (status) return status;
    }
    return BCML_OK;
  })
}
