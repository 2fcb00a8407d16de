package dev.baton.coreml.lift;

import org.jspecify.annotations.Nullable;

/**
 * The operations of programs that Baton writes as operators: one line for each. A switch, so that
 * only what is asked for is linked.
 */
final class MilOperators {
  private MilOperators() {}

  /** How an operation is written; null if Baton does not know it. */
  static @Nullable OperatorWriter find(String type) {
    return switch (type) {
      case "identity" -> c -> c.give(c.tensor("x"));
      case "cast" -> Elementwise::cast;

      case "abs" -> Elementwise.unary("aten::abs");
      case "acos" -> Elementwise.unary("aten::acos");
      case "asin" -> Elementwise.unary("aten::asin");
      case "atan" -> Elementwise.unary("aten::atan");
      case "atanh" -> Elementwise.unary("aten::atanh");
      case "ceil" -> Elementwise.unary("aten::ceil");
      case "cos" -> Elementwise.unary("aten::cos");
      case "cosh" -> Elementwise.unary("aten::cosh");
      case "erf" -> Elementwise.unary("aten::erf");
      case "exp" -> Elementwise.unary("aten::exp");
      case "exp2" -> Elementwise.unary("aten::exp2");
      case "floor" -> Elementwise.unary("aten::floor");
      case "logical_not" -> Elementwise.unary("aten::logical_not");
      case "relu" -> Elementwise.unary("aten::relu");
      case "round" -> Elementwise.unary("aten::round");
      case "sigmoid" -> Elementwise.unary("aten::sigmoid");
      case "sign" -> Elementwise.unary("aten::sign");
      case "silu" -> Elementwise.unary("aten::silu");
      case "sin" -> Elementwise.unary("aten::sin");
      case "sinh" -> Elementwise.unary("aten::sinh");
      case "softplus" -> Elementwise.unary("aten::softplus");
      case "sqrt" -> Elementwise.unary("aten::sqrt");
      case "square" -> Elementwise.unary("aten::square");
      case "tan" -> Elementwise.unary("aten::tan");
      case "tanh" -> Elementwise.unary("aten::tanh");
      case "log" -> Elementwise.shifted("aten::log", 1e-45);
      case "rsqrt" -> Elementwise.shifted("aten::rsqrt", 1e-12);
      case "inverse" -> Elementwise.shifted("aten::reciprocal", 1e-4);

      case "relu6" -> Activations::relu6;
      case "clip" -> Activations::clip;
      case "clamped_relu" -> Activations::clampedRelu;
      case "elu" -> Activations::elu;
      case "gelu" -> Activations::gelu;
      case "leaky_relu" -> Activations::leakyRelu;
      case "linear_activation" -> Activations::linear;
      case "prelu" -> Activations::prelu;
      case "scaled_tanh" -> Activations::scaledTanh;
      case "sigmoid_hard" -> Activations::hardSigmoid;
      case "softmax" -> Activations::softmax;
      case "softplus_parametric" -> Activations::parametricSoftplus;
      case "softsign" -> Activations::softsign;
      case "threshold" -> Activations::threshold;
      case "thresholded_relu" -> Activations::thresholdedRelu;

      case "add" -> Elementwise.binary("aten::add.Tensor");
      case "sub" -> Elementwise.binary("aten::sub.Tensor");
      case "mul" -> Elementwise::multiply;
      case "real_div" -> Elementwise.binary("aten::div.Tensor");
      case "floor_div" -> Elementwise::floorDivide;
      case "mod" -> Elementwise.binary("aten::remainder.Tensor");
      case "pow" -> Elementwise::power;
      case "maximum" -> Elementwise.binary("aten::maximum");
      case "minimum" -> Elementwise.binary("aten::minimum");
      case "equal" -> Elementwise.binary("aten::eq.Tensor");
      case "not_equal" -> Elementwise.binary("aten::ne.Tensor");
      case "less" -> Elementwise.binary("aten::lt.Tensor");
      case "less_equal" -> Elementwise.binary("aten::le.Tensor");
      case "greater" -> Elementwise.binary("aten::gt.Tensor");
      case "greater_equal" -> Elementwise.binary("aten::ge.Tensor");
      case "logical_and" -> Elementwise.binary("aten::logical_and");
      case "logical_or" -> Elementwise.binary("aten::logical_or");
      case "logical_xor" -> Elementwise.binary("aten::logical_xor");
      case "select" -> Elementwise::select;

      case "conv" -> Convolutions::convolution;
      case "conv_transpose" -> Convolutions::transposed;

      case "linear" -> Products::linear;
      case "matmul" -> Products::matmul;
      case "einsum" -> Products::einsum;
      case "scaled_dot_product_attention" -> Products::attention;

      case "batch_norm" -> Norms::batchNorm;
      case "layer_norm" -> Norms::layerNorm;
      case "instance_norm" -> Norms::instanceNorm;
      case "l2_norm" -> Norms::l2Norm;
      case "local_response_norm" -> Norms::localResponseNorm;

      case "max_pool" -> Pools::max;
      case "avg_pool" -> Pools::average;
      case "l2_pool" -> Pools::l2;

      case "upsample_nearest_neighbor" -> Resizes::nearestByScale;
      case "resize_nearest_neighbor" -> Resizes::nearestBySize;
      case "upsample_bilinear" -> Resizes::bilinearByScale;
      case "resize_bilinear" -> Resizes::bilinearBySize;
      case "resize" -> Resizes::resize;

      case "reduce_mean" -> Reductions.over("aten::mean.dim");
      case "reduce_sum" -> Reductions.over("aten::sum.dim_IntList");
      case "reduce_max" -> Reductions.over("aten::amax");
      case "reduce_min" -> Reductions.over("aten::amin");
      case "reduce_prod" -> Reductions::product;
      case "reduce_l1_norm" -> Reductions::l1Norm;
      case "reduce_l2_norm" -> Reductions::l2Norm;
      case "reduce_log_sum" -> Reductions::logSum;
      case "reduce_log_sum_exp" -> Reductions.over("aten::logsumexp");
      case "reduce_sum_square" -> Reductions::sumSquare;
      case "reduce_argmax" -> Reductions.index("aten::argmax");
      case "reduce_argmin" -> Reductions.index("aten::argmin");
      case "cumsum" -> Reductions::cumulativeSum;
      case "topk" -> Reductions::topK;
      case "argsort" -> Reductions::argSort;

      case "reshape" -> Moves::reshape;
      case "reshape_like" -> Moves::reshapeLike;
      case "transpose" -> Moves::transpose;
      case "expand_dims" -> Moves::expandDims;
      case "squeeze" -> Moves::squeeze;
      case "flatten2d" -> Moves::flatten;
      case "concat" -> Moves::concatenate;
      case "stack" -> Moves::stack;
      case "split" -> Moves::split;
      case "slice_by_index" -> Slices::byIndex;
      case "slice_by_size" -> Slices::bySize;
      case "slice_update" -> Slices::update;
      case "crop" -> Slices::crop;
      case "pad" -> Moves::pad;
      case "tile" -> Moves::tile;
      case "reverse" -> Moves::reverse;
      case "band_part" -> Moves::bandPart;
      case "depth_to_space" -> Moves::depthToSpace;
      case "space_to_depth" -> Moves::spaceToDepth;
      case "pixel_shuffle" -> Moves::pixelShuffle;
      case "pixel_unshuffle" -> Moves::pixelUnshuffle;

      case "shape" -> Creations::shape;
      case "fill" -> Creations::fill;
      case "fill_like" -> Creations::fillLike;
      case "range_1d" -> Creations::range;
      case "one_hot" -> Creations::oneHot;

      case "gather" -> Gathers::gather;
      case "gather_along_axis" -> Gathers::alongAxis;
      case "gather_nd" -> Gathers::byPlaces;
      case "scatter" -> Gathers::scatter;
      case "scatter_along_axis" -> Gathers::scatterAlongAxis;
      case "scatter_nd" -> Gathers::scatterByPlaces;

      case "quantize" -> Quantizations::quantize;
      case "dequantize" -> Quantizations::dequantize;
      case "constexpr_affine_dequantize" -> Decompression::affine;
      case "constexpr_blockwise_shift_scale" -> Decompression::blockwise;
      case "constexpr_lut_to_dense" -> Decompression::palette;
      case "constexpr_sparse_to_dense" -> Decompression::sparse;
      case "constexpr_cast" -> Decompression::cast;
      default -> null;
    };
  }
}
