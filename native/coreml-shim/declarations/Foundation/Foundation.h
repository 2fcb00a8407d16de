/* What baton_coreml.m uses of Foundation, in our own words: enough to check its syntax and its types where there is no SDK. */
#ifndef BATON_CHECK_FOUNDATION_H
#define BATON_CHECK_FOUNDATION_H
#include <stddef.h>
#include <stdint.h>

typedef signed char BOOL;
#define YES ((BOOL)1)
#define NO ((BOOL)0)
#ifndef nil
#define nil ((id)0)
#endif
typedef long NSInteger;
typedef unsigned long NSUInteger;
typedef const void *CFTypeRef;

@class NSString, NSError, NSURL, NSNumber;

__attribute__((objc_root_class)) @interface NSObject
+ (instancetype)alloc;
+ (instancetype)new;
- (instancetype)init;
@end

@protocol NSFastEnumeration
@end

typedef struct {
  unsigned long state;
  id __unsafe_unretained *itemsPtr;
  unsigned long *mutationsPtr;
  unsigned long extra[5];
} NSFastEnumerationState;

@interface NSString : NSObject
+ (instancetype)stringWithUTF8String:(const char *)text;
@property(readonly) const char *UTF8String;
@end
@interface NSConstantString : NSString
@end
@interface NSException : NSObject
@property(readonly) NSString *name;
@property(readonly) NSString *reason;
@end
@interface NSNumber : NSObject
+ (NSNumber *)numberWithLong:(long)value;
+ (NSNumber *)numberWithLongLong:(long long)value;
@property(readonly) long long longLongValue;
@end
@interface NSArray<T> : NSObject
@property(readonly) NSUInteger count;
- (T)objectAtIndexedSubscript:(NSUInteger)index;
- (NSArray<T> *)sortedArrayUsingSelector:(SEL)selector;
@end
@interface NSMutableArray<T> : NSArray <T>
+ (instancetype)array;
- (void)insertObject:(T)object atIndex:(NSUInteger)index;
@end
@interface NSDictionary<K, V> : NSObject <NSFastEnumeration>
+ (instancetype)dictionaryWithObjects:(const id[])objects forKeys:(const id[])keys count:(NSUInteger)count;
@property(readonly) NSUInteger count;
@property(readonly) NSArray<K> *allKeys;
- (V)objectForKeyedSubscript:(K)key;
- (NSUInteger)countByEnumeratingWithState:(NSFastEnumerationState *)state objects:(id __unsafe_unretained[])buffer count:(NSUInteger)count;
@end
@interface NSMutableDictionary<K, V> : NSDictionary <K, V>
+ (instancetype)dictionary;
- (void)setObject:(V)object forKeyedSubscript:(K)key;
@end
@interface NSError : NSObject
+ (instancetype)errorWithDomain:(NSString *)domain code:(NSInteger)code userInfo:(NSDictionary *)info;
@property(readonly) NSString *domain;
@property(readonly) NSInteger code;
@property(readonly) NSString *localizedDescription;
@end
@interface NSURL : NSObject
+ (instancetype)fileURLWithPath:(NSString *)path;
@end
@interface NSFileManager : NSObject
+ (NSFileManager *)defaultManager;
- (BOOL)removeItemAtURL:(NSURL *)url error:(NSError **)error;
- (BOOL)moveItemAtURL:(NSURL *)from toURL:(NSURL *)to error:(NSError **)error;
@end

CFTypeRef CFBridgingRetain(id object);
CFTypeRef CFRetain(CFTypeRef object);
void CFRelease(CFTypeRef object);

@protocol OS_dispatch_semaphore
@end
typedef NSObject<OS_dispatch_semaphore> *dispatch_semaphore_t;
typedef NSObject *dispatch_queue_t;
typedef uint64_t dispatch_time_t;
#define DISPATCH_TIME_NOW 0ull
#define NSEC_PER_MSEC 1000000ll
#define QOS_CLASS_DEFAULT 0x15
dispatch_semaphore_t dispatch_semaphore_create(intptr_t value);
intptr_t dispatch_semaphore_signal(dispatch_semaphore_t semaphore);
intptr_t dispatch_semaphore_wait(dispatch_semaphore_t semaphore, dispatch_time_t timeout);
dispatch_time_t dispatch_time(dispatch_time_t when, int64_t delta);
dispatch_queue_t dispatch_get_global_queue(intptr_t identifier, uintptr_t flags);
void dispatch_async(dispatch_queue_t queue, void (^block)(void));
#endif
