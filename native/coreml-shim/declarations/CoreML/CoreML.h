/* What baton_coreml.m uses of Core ML, in our own words: enough to check its syntax and its types where there is no SDK. */
#ifndef BATON_CHECK_COREML_H
#define BATON_CHECK_COREML_H
#import <Foundation/Foundation.h>

typedef enum : NSInteger { MLComputeUnitsCPUOnly = 0, MLComputeUnitsCPUAndGPU = 1, MLComputeUnitsAll = 2, MLComputeUnitsCPUAndNeuralEngine = 3 } MLComputeUnits;
typedef enum : NSInteger {
  MLMultiArrayDataTypeDouble = 65600,
  MLMultiArrayDataTypeFloat32 = 65568,
  MLMultiArrayDataTypeFloat16 = 65552,
  MLMultiArrayDataTypeInt32 = 131104
} MLMultiArrayDataType;
typedef enum : NSInteger { MLMultiArrayShapeConstraintTypeUnspecified = 1 } MLMultiArrayShapeConstraintType;

@interface MLMultiArray : NSObject
- (instancetype)initWithDataPointer:(void *)data
                              shape:(NSArray<NSNumber *> *)shape
                           dataType:(MLMultiArrayDataType)type
                            strides:(NSArray<NSNumber *> *)strides
                        deallocator:(void (^)(void *))deallocator
                              error:(NSError **)error;
@property(readonly) void *dataPointer;
@property(readonly) MLMultiArrayDataType dataType;
@property(readonly) NSArray<NSNumber *> *shape;
@property(readonly) NSArray<NSNumber *> *strides;
@property(readonly) NSInteger count;
@end
@interface MLMultiArrayShapeConstraint : NSObject
@property(readonly) MLMultiArrayShapeConstraintType type;
@end
@interface MLMultiArrayConstraint : NSObject
@property(readonly) NSArray<NSNumber *> *shape;
@property(readonly) MLMultiArrayDataType dataType;
@property(readonly) MLMultiArrayShapeConstraint *shapeConstraint;
@end
@interface MLStateConstraint : NSObject
@property(readonly) NSArray<NSNumber *> *bufferShape;
@property(readonly) MLMultiArrayDataType dataType;
@end
@interface MLFeatureDescription : NSObject
@property(readonly) MLMultiArrayConstraint *multiArrayConstraint;
@property(readonly) MLStateConstraint *stateConstraint;
@end
@interface MLModelDescription : NSObject
@property(readonly) NSDictionary<NSString *, MLFeatureDescription *> *inputDescriptionsByName;
@property(readonly) NSDictionary<NSString *, MLFeatureDescription *> *outputDescriptionsByName;
@property(readonly) NSDictionary<NSString *, MLFeatureDescription *> *stateDescriptionsByName;
@end
@interface MLFeatureValue : NSObject
+ (instancetype)featureValueWithMultiArray:(MLMultiArray *)value;
@property(readonly) MLMultiArray *multiArrayValue;
@end
@protocol MLFeatureProvider
- (MLFeatureValue *)featureValueForName:(NSString *)name;
@end
@interface MLDictionaryFeatureProvider : NSObject <MLFeatureProvider>
- (instancetype)initWithDictionary:(NSDictionary<NSString *, id> *)values error:(NSError **)error;
@end
@interface MLPredictionOptions : NSObject
@property(copy) NSDictionary<NSString *, id> *outputBackings;
@end
@interface MLModelConfiguration : NSObject
@property MLComputeUnits computeUnits;
@property(copy) NSString *functionName;
@end
@interface MLState : NSObject
- (void)getMultiArrayForStateNamed:(NSString *)name handler:(void (^)(MLMultiArray *))handler;
@end
@interface MLModel : NSObject
+ (NSURL *)compileModelAtURL:(NSURL *)url error:(NSError **)error;
+ (void)compileModelAtURL:(NSURL *)url completionHandler:(void (^)(NSURL *, NSError *))handler;
+ (instancetype)modelWithContentsOfURL:(NSURL *)url configuration:(MLModelConfiguration *)configuration error:(NSError **)error;
@property(readonly) MLModelDescription *modelDescription;
- (id<MLFeatureProvider>)predictionFromFeatures:(id<MLFeatureProvider>)input options:(MLPredictionOptions *)options error:(NSError **)error;
- (id<MLFeatureProvider>)predictionFromFeatures:(id<MLFeatureProvider>)input
                                     usingState:(MLState *)state
                                        options:(MLPredictionOptions *)options
                                          error:(NSError **)error;
- (MLState *)newState;
@end
#endif
