package dev.example.openvino.ir;

import static dev.example.openvino.ir.Layers.choose;
import static dev.example.openvino.ir.Layers.compare;
import static dev.example.openvino.ir.Layers.elementwise;
import static dev.example.openvino.ir.Layers.gather;
import static dev.example.openvino.ir.Layers.logical;
import static dev.example.openvino.ir.Layers.move;
import static dev.example.openvino.ir.Layers.products;

import org.jspecify.annotations.Nullable;

/** The operators that are written, one line for each or for its family. */
final class Operations {
  private Operations() {}

  /** How an operator is written; null if it is not. */
  static @Nullable Layers find(String name) {
    return switch (name) {
      case "aten::convolution" -> products(Products::convolution);
      case "aten::linear" -> products(Products::linear);
      case "aten::mm", "aten::bmm" -> products((n, t) -> Products.product(n, t, "self", "mat2"));
      case "aten::matmul" -> products((n, t) -> Products.product(n, t, "self", "other"));
      case "aten::addmm" -> products((n, t) -> Products.addedProduct(n, t, "mat1", "mat2"));
      case "aten::baddbmm" -> products((n, t) -> Products.addedProduct(n, t, "batch1", "batch2"));
      case "aten::scaled_dot_product_attention" ->
          choose(Products::attention).costing(Layers.Work.PRODUCTS);

      case "aten::abs" -> elementwise(Elementwise.unary("Abs", 1));
      case "aten::neg" -> elementwise(Elementwise.unary("Negative", 1));
      case "aten::exp" -> elementwise(Elementwise.unary("Exp", 1));
      case "aten::log" -> elementwise(Elementwise.unary("Log", 1));
      case "aten::sqrt" -> elementwise(Elementwise.unary("Sqrt", 1));
      case "aten::floor" -> elementwise(Elementwise.unary("Floor", 1));
      case "aten::ceil" -> elementwise(Elementwise.unary("Ceiling", 1));
      case "aten::round" -> elementwise(Elementwise::round);
      case "aten::sign" -> elementwise(Elementwise.unary("Sign", 1));
      case "aten::sin" -> elementwise(Elementwise.unary("Sin", 1));
      case "aten::cos" -> elementwise(Elementwise.unary("Cos", 1));
      case "aten::erf" -> elementwise(Elementwise.unary("Erf", 1));
      case "aten::sigmoid" -> elementwise(Elementwise.unary("Sigmoid", 1));
      case "aten::tanh" -> elementwise(Elementwise.unary("Tanh", 1));
      case "aten::relu" -> elementwise(Elementwise.unary("ReLU", 1));
      case "aten::silu" -> elementwise(Elementwise.unary("Swish", 4));
      case "aten::mish" -> elementwise(Elementwise.unary("Mish", 4));
      case "aten::hardswish" -> elementwise(Elementwise.unary("HSwish", 4));
      case "aten::hardsigmoid" -> elementwise(Elementwise.unary("HSigmoid", 5));
      case "aten::gelu" -> elementwise(Elementwise::gelu);
      case "aten::elu" -> elementwise(Elementwise::elu);
      case "aten::leaky_relu" -> elementwise(Elementwise::leakyRelu);
      case "aten::prelu", "aten::_prelu_kernel" -> elementwise(Elementwise::prelu);
      case "aten::rsqrt" -> elementwise(Elementwise::inverseRoot);
      case "aten::reciprocal" -> elementwise(Elementwise::inverse);
      case "aten::square" -> elementwise(Elementwise::square);
      case "aten::pow.Tensor_Scalar" -> elementwise(Elementwise::power);
      case "aten::relu6" -> elementwise(Elementwise::relu6);
      case "aten::hardtanh" -> elementwise(Elementwise::hardtanh);
      case "aten::clamp" -> elementwise(Elementwise::clamp);

      case "aten::add.Tensor", "aten::add.Scalar" -> elementwise(Elementwise.scaled("Add"));
      case "aten::sub.Tensor", "aten::sub.Scalar" -> elementwise(Elementwise.scaled("Subtract"));
      case "aten::rsub.Tensor", "aten::rsub.Scalar" -> elementwise(Elementwise::reversed);
      case "aten::mul.Tensor" -> elementwise(Elementwise.binary("Multiply"));
      case "aten::mul.Scalar" -> elementwise(Elementwise.scalar("Multiply"));
      case "aten::div.Tensor" -> elementwise(Elementwise.binary("Divide"));
      case "aten::div.Scalar" -> elementwise(Elementwise.scalar("Divide"));
      case "aten::maximum" -> elementwise(Elementwise.binary("Maximum"));
      case "aten::minimum" -> elementwise(Elementwise.binary("Minimum"));

      case "aten::eq.Tensor" -> compare(Elementwise.binary("Equal"));
      case "aten::eq.Scalar" -> compare(Elementwise.scalar("Equal"));
      case "aten::ne.Tensor" -> compare(Elementwise.binary("NotEqual"));
      case "aten::ne.Scalar" -> compare(Elementwise.scalar("NotEqual"));
      case "aten::lt.Tensor" -> compare(Elementwise.binary("Less"));
      case "aten::lt.Scalar" -> compare(Elementwise.scalar("Less"));
      case "aten::le.Tensor" -> compare(Elementwise.binary("LessEqual"));
      case "aten::le.Scalar" -> compare(Elementwise.scalar("LessEqual"));
      case "aten::gt.Tensor" -> compare(Elementwise.binary("Greater"));
      case "aten::gt.Scalar" -> compare(Elementwise.scalar("Greater"));
      case "aten::ge.Tensor" -> compare(Elementwise.binary("GreaterEqual"));
      case "aten::ge.Scalar" -> compare(Elementwise.scalar("GreaterEqual"));
      case "aten::logical_and", "aten::bitwise_and.Tensor" ->
          logical(Elementwise.binary("LogicalAnd"));
      case "aten::logical_or", "aten::bitwise_or.Tensor" ->
          logical(Elementwise.binary("LogicalOr"));
      case "aten::logical_not", "aten::bitwise_not" -> logical(Elementwise.unary("LogicalNot", 1));
      case "aten::where.self" -> choose(Elementwise::where);
      case "aten::masked_fill.Scalar" -> choose(Elementwise::fill);

      case "aten::_softmax", "aten::softmax.int" -> elementwise(Reductions.softmax("SoftMax", 8));
      case "aten::_log_softmax", "aten::log_softmax.int" ->
          elementwise(Reductions.softmax("LogSoftmax", 5));
      case "aten::mean", "aten::mean.dim" -> elementwise(Reductions.reduce("ReduceMean"));
      case "aten::sum.dim_IntList" -> elementwise(Reductions.reduce("ReduceSum"));
      case "aten::amax" -> elementwise(Reductions.reduce("ReduceMax"));
      case "aten::amin" -> elementwise(Reductions.reduce("ReduceMin"));
      case "aten::native_layer_norm", "aten::layer_norm" -> elementwise(Reductions::layerNorm);
      case "aten::rms_norm" -> elementwise(Reductions::rmsNorm);
      case "aten::native_group_norm" -> elementwise(Reductions::groupNorm);
      case "aten::_native_batch_norm_legit_no_training" -> elementwise(Reductions::batchNorm);

      case "aten::max_pool2d_with_indices", "aten::max_pool3d_with_indices" ->
          elementwise(Images::maxPool);
      case "aten::avg_pool1d", "aten::avg_pool2d", "aten::avg_pool3d" ->
          elementwise(Images::averagePool);
      case "aten::adaptive_avg_pool1d",
          "aten::adaptive_avg_pool2d",
          "aten::adaptive_avg_pool3d",
          "aten::_adaptive_avg_pool2d",
          "aten::_adaptive_avg_pool3d" ->
          elementwise(Images::adaptivePool);

      case "aten::clone",
          "aten::alias_copy",
          "aten::detach_copy",
          "aten::contiguous",
          "aten::_to_copy",
          "dim_order_ops::_clone_dim_order",
          "dim_order_ops::_to_dim_order_copy" ->
          move(Moves::same);
      case "aten::view_copy", "aten::view", "executorch_prim::et_view" -> move(Moves.view("size"));
      case "aten::reshape" -> move(Moves.view("shape"));
      case "aten::flatten.using_ints", "aten::unflatten.int" -> move(Moves::reshaped);
      case "aten::unsqueeze_copy", "aten::unsqueeze" -> move(Moves::unsqueeze);
      case "aten::squeeze_copy.dim", "aten::squeeze_copy.dims", "aten::squeeze.dim" ->
          move(Moves::squeeze);
      case "aten::expand_copy", "aten::expand" -> move(Moves::expand);
      case "aten::permute_copy",
          "aten::permute",
          "aten::transpose_copy.int",
          "aten::transpose.int",
          "aten::t_copy" ->
          move(Moves::permute);
      case "aten::slice_copy.Tensor", "aten::slice.Tensor" -> move(Moves::slice);
      case "aten::select_copy.int", "aten::select.int" -> move(Moves::select);
      case "aten::unbind_copy.int" -> move(Moves::unbind);
      case "aten::split_copy.Tensor", "aten::split_with_sizes_copy" -> move(Moves::split);
      case "aten::cat" -> move(Moves::concatenate);
      case "aten::stack" -> move(Moves::stack);
      case "aten::constant_pad_nd" -> elementwise(Moves::pad);
      case "aten::embedding" -> gather(Moves::embedding);
      case "aten::index_select" -> gather(Moves::indexSelect);
      default -> null;
    };
  }
}
