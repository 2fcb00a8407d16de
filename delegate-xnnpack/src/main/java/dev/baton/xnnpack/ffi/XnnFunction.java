package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;

/**
 * The C functions that Baton calls, as {@code xnnpack.h} and {@code pthreadpool.h} declare them. A
 * version of the library may lack some: {@link XnnLibrary#has}.
 *
 * <p>Signatures have one letter for each parameter, then the result: {@code p} is an address or a
 * {@code size_t}, {@code i} a 32-bit integer or enum, {@code f} a float, {@code v} void.
 */
public enum XnnFunction {
  INITIALIZE("xnn_initialize", "p:i"),
  CREATE_SUBGRAPH("xnn_create_subgraph", "iip:i"),
  DELETE_SUBGRAPH("xnn_delete_subgraph", "p:i"),
  DEFINE_TENSOR_VALUE("xnn_define_tensor_value", "pipppiip:i"),
  DEFINE_QUANTIZED_TENSOR_VALUE("xnn_define_quantized_tensor_value", "piifpppiip:i"),
  DEFINE_CHANNELWISE_QUANTIZED_TENSOR_VALUE(
      "xnn_define_channelwise_quantized_tensor_value_v2", "piipppppiip:i"),
  DEFINE_BLOCKWISE_QUANTIZED_TENSOR_VALUE(
      "xnn_define_blockwise_quantized_tensor_value", "piippppppiip:i"),
  DEFINE_DYNAMICALLY_QUANTIZED_TENSOR_VALUE(
      "xnn_define_dynamically_quantized_tensor_value", "pipppiip:i"),

  DEFINE_FULLY_CONNECTED("xnn_define_fully_connected", "pffiiiii:i"),
  DEFINE_CONVOLUTION_2D("xnn_define_convolution_2d", "piiiiiiiiiiippffiiiii:i"),
  DEFINE_DEPTHWISE_CONVOLUTION_2D("xnn_define_depthwise_convolution_2d", "piiiiiiiiiiipffiiiii:i"),
  DEFINE_DECONVOLUTION_2D("xnn_define_deconvolution_2d", "piiiiiiiiiiiiippffiiiii:i"),
  DEFINE_MAX_POOLING_2D("xnn_define_max_pooling_2d", "piiiiiiiiiiffiii:i"),
  DEFINE_AVERAGE_POOLING_2D("xnn_define_average_pooling_2d", "piiiiiiiiffiii:i"),
  DEFINE_GLOBAL_AVERAGE_POOLING_2D("xnn_define_global_average_pooling_2d", "pffiii:i"),
  DEFINE_UNARY("xnn_define_unary", "pipiii:i"),
  DEFINE_BINARY("xnn_define_binary", "pipiiii:i"),
  DEFINE_PRELU("xnn_define_prelu", "piiii:i"),
  DEFINE_SOFTMAX("xnn_define_softmax", "piii:i"),
  DEFINE_COPY("xnn_define_copy", "piii:i"),
  DEFINE_STATIC_TRANSPOSE("xnn_define_static_transpose", "pppiii:i"),
  DEFINE_STATIC_RESHAPE("xnn_define_static_reshape", "pppiii:i"),
  DEFINE_STATIC_EXPAND_DIMS("xnn_define_static_expand_dims", "pppiii:i"),
  DEFINE_FUSE_DIMS("xnn_define_fuse_dims", "pppiii:i"),
  DEFINE_SPLIT_DIM("xnn_define_split_dim", "ppppiii:i"),
  DEFINE_STATIC_SLICE("xnn_define_static_slice", "ppppiii:i"),
  DEFINE_STATIC_SLICE_V3("xnn_define_static_slice_v3", "pppppiii:i"),
  DEFINE_CONCATENATE2("xnn_define_concatenate2", "piiiii:i"),
  DEFINE_CONCATENATE3("xnn_define_concatenate3", "piiiiii:i"),
  DEFINE_CONCATENATE4("xnn_define_concatenate4", "piiiiiii:i"),
  DEFINE_CONCATENATE5("xnn_define_concatenate5", "piiiiiiii:i"),
  DEFINE_STATIC_CONSTANT_PAD("xnn_define_static_constant_pad", "pppfiii:i"),
  DEFINE_STATIC_RESIZE_BILINEAR_2D("xnn_define_static_resize_bilinear_2d", "pppiii:i"),
  DEFINE_BATCH_MATRIX_MULTIPLY("xnn_define_batch_matrix_multiply", "piiii:i"),
  DEFINE_STATIC_REDUCE("xnn_define_static_reduce", "pippiii:i"),

  CREATE_WORKSPACE("xnn_create_workspace", "p:i"),
  RELEASE_WORKSPACE("xnn_release_workspace", "p:i"),

  CREATE_RUNTIME("xnn_create_runtime_v4", "ppppip:i"),
  RESHAPE_EXTERNAL_VALUE("xnn_reshape_external_value", "pipp:i"),
  RESHAPE_RUNTIME("xnn_reshape_runtime", "p:i"),
  GET_EXTERNAL_VALUE_SHAPE("xnn_get_external_value_shape", "pipp:i"),
  SETUP_RUNTIME("xnn_setup_runtime_v2", "ppp:i"),
  INVOKE_RUNTIME("xnn_invoke_runtime", "p:i"),
  GET_RUNTIME_PROFILING_INFO("xnn_get_runtime_profiling_info", "pippp:i"),
  DELETE_RUNTIME("xnn_delete_runtime", "p:i"),

  CREATE_THREAD_POOL("pthreadpool_create", "p:p"),
  GET_THREADS_COUNT("pthreadpool_get_threads_count", "p:p"),
  DESTROY_THREAD_POOL("pthreadpool_destroy", "p:v");

  private final String symbol;
  private final String signature;

  XnnFunction(String symbol, String signature) {
    this.symbol = symbol;
    this.signature = signature;
  }

  /** Its name in C. */
  public String symbol() {
    return symbol;
  }

  /** Its parameters and result, as above. */
  String signature() {
    return signature;
  }

  FunctionDescriptor descriptor() {
    int colon = signature.indexOf(':');
    MemoryLayout[] parameters =
        signature
            .substring(0, colon)
            .chars()
            .mapToObj(XnnFunction::layout)
            .toArray(MemoryLayout[]::new);
    char result = signature.charAt(colon + 1);
    return result == 'v'
        ? FunctionDescriptor.ofVoid(parameters)
        : FunctionDescriptor.of(layout(result), parameters);
  }

  private static MemoryLayout layout(int letter) {
    return switch (letter) {
      case 'p' -> JAVA_LONG;
      case 'i' -> JAVA_INT;
      case 'f' -> JAVA_FLOAT;
      default -> throw new IllegalArgumentException("no type has the letter " + (char) letter);
    };
  }
}
