#!/usr/bin/env python3
"""Writes model-*.jsonl.gz beside generate_kernel_goldens.py's files: complex numbers, transforms, gradients, bags of
embeddings, quantized arithmetic, and ExecuTorch's operators for language models. Needs torch and executorch, whose
own kernels give the results of what PyTorch lacks. Run it from anywhere.

`executorch.jsonl.gz` is not written here: its calls are those that ExecuTorch 1.5's kernel tests (kernels/test,
kernels/portable/test, kernels/quantized/test and extension/llm/custom_ops) make, recorded while they ran on the kernels
of the 1.5.1 wheel, with PyTorch 2.15 agreeing on each result where it has the operator; `test` names the test. Where a
test's out tensor has another dtype, the result is PyTorch's, which is ExecuTorch's after a cast. Left out are calls that
PyTorch answers otherwise, those that only one of both refuses, and those refused for their out tensor.
"""

import torch
import torch.ao.quantization.fx._decomposed  # noqa: F401

from generate_compute_goldens import Calls, bf16, f32, f64, half, i8, i32, i64, inf, ints, nan, t, u8

torch.manual_seed(21)
c64, c128 = torch.complex64, torch.complex128


def c(*sizes, dtype=c64):
    part = f32 if dtype == c64 else f64
    return torch.complex(t(*sizes, dtype=part), t(*sizes, dtype=part))


def complexes(g):
    for dtype in (c64, c128):
        for name in ("add", "sub", "mul", "div"):
            op = f"aten::{name}.Tensor"
            g(op, c(3, 4, dtype=dtype), c(4, dtype=dtype))
            g(op, c(3, 4, dtype=dtype), t(3, 1))
            g(op, c(2, dtype=dtype), torch.tensor(2.0, dtype=f64))
            g(op, ints(2), c(2, dtype=dtype))
            g(f"aten::{name}.Scalar", c(2, 3, dtype=dtype), 2.5)
        for name in ("neg", "_conj_physical", "square", "reciprocal", "exp", "abs", "clone", "alias_copy"):
            g("aten::" + name, c(2, 5, dtype=dtype))
        g("aten::sum.dim_IntList", c(2, 3, 4, dtype=dtype), [1])
        g("aten::sum.dim_IntList", c(2, 3, 4, dtype=dtype), [0, 2], True)
        g("aten::mean.dim", c(2, 3, dtype=dtype), [1])
        g("aten::mm", c(3, 4, dtype=dtype), c(4, 2, dtype=dtype))
        g("aten::bmm", c(2, 3, 4, dtype=dtype), c(2, 4, 2, dtype=dtype))
        g("aten::view_as_real_copy", c(2, 3, dtype=dtype))
        g("aten::permute_copy", c(2, 3, dtype=dtype), [1, 0])
        g("aten::cat", [c(2, 3, dtype=dtype), c(1, 3, dtype=dtype)])
        g("aten::slice_copy.Tensor", c(5, 2, dtype=dtype), 0, 0, 5, 2)
        g("aten::index_select", c(5, 2, dtype=dtype), 0, torch.tensor([4, 0]))
        g("aten::_to_copy", c(2, 3), dtype)
        g("aten::_to_copy", t(2, 3), dtype)
        g("aten::_to_copy", ints(2, 3), dtype)
        g("aten::eq.Tensor", c(3, dtype=dtype), c(3, dtype=dtype))
        g("aten::full", [2, 2], 1.5, dtype)
    a = c(3)
    g("aten::eq.Tensor", a, a.clone())
    g("aten::ne.Tensor", a, a.clone())
    g("aten::div.Tensor", torch.tensor([1 + 1j, 1e30 + 1e30j, 0j]), torch.tensor([0j, 1e30 - 1e30j, 2j]))
    g("aten::floor", a)
    g("aten::lt.Tensor", a, a)
    g("aten::max", a)
    g("aten::view_as_complex_copy", t(3, 2))
    g("aten::view_as_complex_copy", t(2, 3))


def transforms(g):
    for n in (1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 30, 32):
        for norm in (0, 1, 2):
            g("aten::_fft_r2c", t(2, n), [1], norm, True, tolerance=1e-5)
            g("aten::_fft_c2r", c(2, n // 2 + 1), [1], norm, n, tolerance=1e-5)
        g("aten::_fft_r2c", t(n, 2, dtype=f64), [0], 0, False, tolerance=1e-9)
        g("aten::_fft_c2c", c(2, n), [1], 0, True, tolerance=1e-5)
        g("aten::_fft_c2c", c(2, n, dtype=c128), [1], 2, False, tolerance=1e-9)
    for dims in ([0, 1], [1, 2], [2, 0], [0, 1, 2]):
        g("aten::_fft_r2c", t(3, 4, 6), dims, 0, True, tolerance=1e-5)
        g("aten::_fft_c2c", c(3, 4, 6), dims, 1, True, tolerance=1e-5)
        size = [3, 4, 6]
        g("aten::_fft_c2r", c(3, 4, 6), dims, 0, 2 * (size[dims[-1]] - 1), tolerance=1e-5)
    g("aten::_fft_r2c", ints(3), [0], 0, True)


def gradients(g):
    conv = "aten::convolution_backward"
    for x, w, stride, padding, dilation, groups in [
            ((2, 3, 5, 6), (4, 3, 3, 3), [1, 1], [1, 1], [1, 1], 1), ((1, 4, 7, 7), (6, 2, 3, 2), [2, 1], [1, 0], [1, 2], 2),
            ((2, 3, 9), (3, 1, 3), [2], [1], [1], 3), ((1, 2, 4, 4, 4), (3, 2, 2, 2, 2), [1, 2, 1], [0, 1, 0], [1, 1, 1], 1)]:
        a, b = t(*x), t(*w)
        zeros = [0] * len(stride)
        y = torch.ops.aten.convolution(a, b, None, stride, padding, dilation, False, zeros, groups)
        g(conv, t(*y.shape), a, b, [w[0]], stride, padding, dilation, False, zeros, groups, [True, True, True], tolerance=1e-5)
    a, b = t(1, 4, 3, 4), t(4, 2, 3, 2)
    y = torch.ops.aten.convolution(a, b, None, [2, 1], [1, 0], [1, 1], True, [1, 0], 2)
    g(conv, t(*y.shape), a, b, [4], [2, 1], [1, 0], [1, 1], True, [1, 0], 2, [True, True, True], tolerance=1e-5)
    for kernel, stride, padding, dilation, ceil in [
            ([2, 2], [2, 2], [0, 0], [1, 1], False), ([3, 3], [1, 2], [1, 1], [1, 1], True), ([3, 2], [2, 1], [1, 0], [2, 1], False)]:
        x = t(2, 3, 7, 6)
        y, i = torch.ops.aten.max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceil)
        g("aten::max_pool2d_with_indices_backward", t(*y.shape), x, kernel, stride, padding, dilation, ceil, i, tolerance=1e-5)


def windows(g):
    for shape in ((2, 3, 6, 7), (3, 5, 5)):
        for kernel, dilation, padding, stride in (([2, 3], [1, 1], [0, 0], [1, 1]), ([3, 2], [2, 1], [1, 1], [2, 1]), ([1, 1], [1, 1], [0, 0], [2, 2])):
            x = t(*shape)
            y = torch.ops.aten.im2col(x, kernel, dilation, padding, stride)
            g("aten::im2col", x, kernel, dilation, padding, stride)
            g("aten::col2im", y, list(shape[-2:]), kernel, dilation, padding, stride, tolerance=1e-5)
    for mode in (0, 1):
        for padding in (0, 1, 2):
            for align in (True, False):
                g("aten::grid_sampler_3d", t(2, 2, 3, 4, 5), t(2, 2, 3, 2, 3) * 1.3 + 0.013, mode, padding, align, tolerance=1e-4)
    for size in ([1, 1, 1], [2, 3, 2], [4, 5, 6]):
        g("aten::adaptive_max_pool3d", t(2, 2, 4, 5, 6), size)

    def bag(*args):  # what else there is besides the reduced rows, PyTorch writes in part only
        return [torch.ops.aten._embedding_bag(*args)[0], None, None, None]

    for w in (t(7, 3), t(7, 3, dtype=f64), t(7, 3, dtype=half)):
        for mode in (0, 1, 2):
            for last in (False, True):
                offsets = torch.tensor([0, 2, 2, 6] if last else [0, 2, 2])
                g.by(bag, "aten::_embedding_bag", w, ints(6, low=0, high=7), offsets, False, mode, False, None, last, tolerance=2e-3 if w.dtype == half else 1e-5)
    g.by(bag, "aten::_embedding_bag", t(7, 3), ints(6, low=0, high=7), torch.tensor([0, 3]), False, 0, False, t(6), tolerance=1e-5)
    g.by(bag, "aten::_embedding_bag", t(7, 3), torch.tensor([1, 2, 1, 4]), torch.tensor([0, 3]), False, 0, False, None, False, 1, tolerance=1e-5)
    g.by(bag, "aten::_embedding_bag", t(7, 3), torch.tensor([1, 7]), torch.tensor([0]))


def quantized(g):
    q = torch.ops.quantized_decomposed
    for dtype in (f32, half, bf16):
        g("quantized_decomposed::choose_qparams_per_token", t(2, 5, dtype=dtype), i8)
        g("quantized_decomposed::choose_qparams_symmetric.tensor", t(2, 5, dtype=dtype), -127, 127, 1e-5, i8)
        g("quantized_decomposed::convert_element_type.no_fuse", t(2, 5, dtype=dtype), half)
    g("quantized_decomposed::choose_qparams_symmetric.tensor", t(2, 5), 0, 255, 1e-5, u8)
    scales, points = t(3).abs() + 0.02, ints(3, low=-3, high=4, dtype=i32)
    for axis, shape in ((0, (3, 5)), (1, (2, 3, 4))):
        g("quantized_decomposed::fake_quant_per_channel", t(*shape), scales, points, axis, -128, 127)

    def real(a, scale, zero):
        return (a.float() - zero) * scale

    def quantize(x, scale, zero, low, high, dtype):
        return (torch.round(x * (1 / torch.tensor(scale))) + zero).clamp(low, high).to(dtype)

    for dtype, low, high in ((u8, 0, 255), (i8, -128, 127)):
        a, b = ints(3, 4, low=low, high=high + 1, dtype=dtype), ints(3, 4, low=low, high=high + 1, dtype=dtype)
        for sa, za, sb, zb, so, zo in ((0.5, 3, 0.25, 7, 0.75, 11), (0.1, 0, 0.3, 0, 0.01, 5)):
            total = real(a, sa, za) + real(b, sb, zb)
            args = (a, sa, za, low, high, b, sb, zb, low, high, so, zo, low, high)
            g("quantized_decomposed::add", *args, expected=lambda: quantize(total, so, zo, low, high, dtype))
            g("quantized_decomposed::add_relu", *args, expected=lambda: quantize(total.relu(), so, zo, low, high, dtype))
            g("quantized_decomposed::add.scalar", a, sa, za, low, high, dtype, 1.5, so, zo, low, high, dtype,
              expected=lambda: quantize(real(a, sa, za) + 1.5, so, zo, low, high, dtype))
    for dtype in (f32, half):
        x, w, s = t(3, 4, dtype=dtype), ints(4, 5, low=-128, high=128, dtype=i8), (t(4).abs() + 0.1).to(dtype)
        g("quantized_decomposed::mixed_mm", x, w, s, None, tolerance=1e-2 if dtype == half else 1e-5,
          expected=lambda: (x.float() @ (w.float() * s.float()[:, None])).to(dtype))
        w2, s2 = ints(5, 4, low=-128, high=128, dtype=i8), (t(5).abs() + 0.1).to(dtype)
        g("quantized_decomposed::mixed_linear", x, w2, s2, None, tolerance=1e-2 if dtype == half else 1e-5,
          expected=lambda: (x.float() @ (w2.float() * s2.float()[:, None]).T).to(dtype))
        s3 = (t(5, 2).abs() + 0.1).to(dtype)
        g("quantized_decomposed::mixed_linear", x, w2, s3, None, f32, tolerance=1e-4,
          expected=lambda: x.float() @ (w2.float() * s3.float().repeat_interleave(2, 1)).T)


def language(g):
    import executorch.extension.llm.custom_ops.custom_ops  # noqa: F401

    llama = torch.ops.llama
    for n in (1, 2, 8, 64, 28, 56, 112):
        g("llama::fast_hadamard_transform", t(3, n), tolerance=1e-5)
    g("llama::fast_hadamard_transform", t(2, 16, dtype=half), tolerance=5e-3)
    x = t(2, 3)
    g("llama::fallback", x, expected=lambda: x)
    for scalar in (False, True):
        for length in (1, 5):
            q, k, v = t(2, 4, length, 3), t(2, 2, length, 3), t(2, 2, length, 6)
            decay = torch.rand(2, 2, length) if scalar else torch.rand(2, 2, length, 3)
            args = (q, k, v, decay * 0.5 + 0.5, torch.rand(2, 2, length), t(2, 2, 3, 6))
            g("llama::gated_delta_rule", *args, tolerance=1e-4)
            g("llama::channelwise_gated_delta_rule", *args, tolerance=1e-4)
    q, cache_k, cache_v = t(1, 3, 4, 8), t(1, 10, 2, 8), t(1, 10, 2, 8)
    for start in (0, 4, 7):
        for causal in (True, False):
            g("llama::custom_sdpa", q, cache_k, cache_v, start, None, 0.0, causal, tolerance=1e-4)
    mask = torch.zeros(3, 10).masked_fill(torch.rand(3, 10) > 0.6, -inf)
    mask[:, 0] = 0
    g("llama::custom_sdpa", q, cache_k, cache_v, 2, mask, 0.0, False, tolerance=1e-4)
    for first in (False, True):
        shapes = [(1, 4, 3, 8), (1, 2, 10, 8), (1, 2, 10, 8)] if first else [(1, 3, 4, 8), (1, 10, 2, 8), (1, 10, 2, 8)]
        qkv = [ints(*s, low=-128, high=128, dtype=i8) for s in shapes]
        extra = []
        for s in shapes:
            extra += [ints(*s[:3], 1, low=-5, high=6, dtype=i8), torch.rand(*s[:3], 1) * 0.02 + 0.005]
        g("llama::custom_quantized_sdpa", *qkv, 4, None, 0.0, True, None, *extra, first, tolerance=1e-2)

    def tiles(x, size):  # the operator's Python binding mistakes the number of tiles
        c, h, w = x.shape
        return x.reshape(c, h // size, size, w // size, size).permute(1, 3, 0, 2, 4).reshape(-1, c, size, size)

    g.by(tiles, "preprocess::tile_crop", t(3, 4, 6), 2)
    g.by(tiles, "preprocess::tile_crop", t(2, 4, 4, dtype=half), 4)
    x = t(2, 3)
    for y, equal in ((x.clone(), False), (x + 1e-6, False), (x + 1, False), (x * nan, True)):
        g("aten::allclose.Tensor", x, y, 1e-5, 1e-8, equal, expected=lambda: torch.tensor([torch.allclose(x, y, 1e-5, 1e-8, equal)]))


def elements(g):
    special = torch.tensor([0.0, -0.0, 0.3, -0.4, 0.47, 1.5, -2.5, 6.0, 9.5, 30.0, -30.0, inf, -inf, nan])
    for x in (special, special.double(), t(5, dtype=half), t(5, dtype=bf16), ints(5)):
        g("aten::erfc", x, tolerance={half: 2e-3, bf16: 1.6e-2}.get(x.dtype))
    pairs = [torch.tensor(v) for v in zip(*((a, b) for a in (1.0, -2.0, nan, inf, -inf) for b in (0.5, nan, inf, -3.0)))]
    for op in ("aten::fmax", "aten::fmin"):
        g(op, *pairs)
        g(op, ints(3, 1), ints(4, dtype=i32))
        g(op, t(3, dtype=half), t(3))
    g("aten::copysign.Scalar", special, -2.0)
    g("aten::copysign.Scalar", ints(5), 3)
    for dtype in (f32, f64, half, bf16, i64, i32, i8, u8, torch.bool):
        x = t(2, 3, dtype=dtype) if dtype.is_floating_point else ints(2, 3, low=0, dtype=dtype)
        for op in ("aten::index_copy",):
            g(op, x, 1, torch.tensor([2, 0]), x[:, :2].contiguous())
        g("aten::masked_fill.Tensor", x, torch.tensor([True, False, True]), torch.tensor(1, dtype=dtype))
        g("aten::median", x)
        g("aten::native_dropout", x, 1.0, True)
        g("aten::fill.Tensor", x, torch.tensor(1))
        for value in (300, -300, 1e39, 1.5, True):
            g("aten::full_like", x, value)
            g("aten::masked_fill.Scalar", x, torch.tensor([True, False, True]), value)
            g("aten::constant_pad_nd", x, [1, 0], value)
            g("aten::scatter.value", x, 1, torch.tensor([[0], [1]]), value)


def views(g):
    for dtype in (f32, half, i64, u8, torch.bool, c64):
        x = c(2, 3, 4) if dtype == c64 else t(2, 3, 4).to(dtype)
        g("aten::expand", x[:, :1].contiguous(), [2, 5, 4])
        g("aten::permute", x, [2, 0, -2])
        g("aten::select.int", x, -1, -2)
        g("aten::slice.Tensor", x, 2, 1, 9, 2)
        g("aten::squeeze.dim", x[:, :1].contiguous(), 1)
        g("aten::transpose.int", x, 0, -1)
        g("aten::unfold", x, 2, 2, 1)
        g("aten::view", x, [4, -1])
    x = t(3, 4)
    for scale, zero in ((0.05, 3), (0.3, -7)):
        numbers = [torch.tensor(scale), torch.tensor(zero), torch.tensor(-128), torch.tensor(127)]
        g("quantized_decomposed::quantize_per_tensor.tensor2", x, *numbers, i8)
        g("quantized_decomposed::dequantize_per_tensor.tensor2", ints(3, 4, dtype=i8), *numbers, i8)
    for sizes in ([2, 3], [-1, 2]):
        g("aten::unflatten.int", t(4, 6), 1, sizes)
        g("aten::unflatten.int", ints(6, 2), -2, sizes)


def bags(g):
    """Bags whose last offset lies before the end."""
    for mode in (0, 1, 2):
        args = t(7, 3), ints(6, low=0, high=7), torch.tensor([0, 2, 4]), False, mode, False, None, True
        reduced = torch.ops.aten._embedding_bag(*args)[0]
        g("aten::_embedding_bag", *args, tolerance=1e-5, expected=lambda: [reduced, None, None, None])


def packed(values, scales, group, bits):
    """torchao's universal packing of a matrix [n, k] of integers with scales [n, k / group]: 8 rows by 16 columns at a time."""
    n, k = values.shape
    header = torch.zeros(16, dtype=i32)
    header[:9] = torch.tensor([6712, 1, bits, 0, 0, 8, 16, 2, 0], dtype=i32)
    blob = [header.view(u8)]
    for row in range(0, n, 8):
        rows, own = torch.zeros(8, k, dtype=i8), torch.zeros(8, k // group)
        rows[: n - row], own[: n - row] = values[row : row + 8], scales[row : row + 8]
        for at in range(0, k, group):
            for column in range(at, at + group, 16):
                tile = rows[:, column : column + 16].reshape(8, 2, 8).transpose(0, 1).reshape(4, 2, 16)
                if bits == 4:
                    halves = (tile + 8).to(u8)
                    tile = halves[:, 0] | halves[:, 1] << 4
                blob.append(tile.contiguous().view(u8).flatten())
            blob.append(own[:, at // group].contiguous().view(u8))
            blob.append(rows[:, at : at + group].int().sum(1, dtype=i32).view(u8))
    return torch.cat(blob)


def experts(g):
    """Mixtures of experts, by ExecuTorch's own kernel."""
    import executorch.extension.llm.custom_ops.custom_ops  # noqa: F401

    def weights(e, n, k, group, bits):
        low, high = -(1 << bits - 1), 1 << bits - 1
        return torch.stack([packed(ints(n, k, low=low, high=high, dtype=i8), torch.rand(n, k // group) / high, group, bits) for _ in range(e)])

    def call(tokens, width, hidden, group, bits, count, active, score, scale, bias=None, x=None, gate=None, refused=False):
        x = t(tokens, width) if x is None else x
        gate = t(count, width) if gate is None else gate
        args = (x, gate, torch.empty(0) if bias is None else bias, weights(count, 2 * hidden, width, group, bits), weights(count, width, hidden, group, bits),
                active, count, hidden, width, group, bits, score, scale)
        if refused:  # where ExecuTorch ends the process
            g.add("llama::quantized_moe_ffn", *args, refused=True)
        else:
            g("llama::quantized_moe_ffn", *args, tolerance=2e-5)

    call(3, 32, 32, 32, 4, 4, 2, "sigmoid", 2.5, bias=t(4))
    call(3, 32, 48, 16, 4, 3, 2, "softmax", 1.0)
    call(2, 16, 32, 16, 8, 3, 3, "sigmoid", 1.0)
    call(0, 16, 16, 16, 8, 2, 1, "softmax", 1.0)
    call(2, 16, 16, 16, 4, 4, 2, "sigmoid", 0.0)
    call(2, 16, 16, 16, 8, 4, 2, "sigmoid", 1.0, gate=torch.zeros(4, 16))  # equal scores
    call(2, 16, 16, 16, 8, 4, 2, "softmax", 1.0, gate=torch.full((4, 16), nan))
    call(2, 16, 16, 16, 8, 3, 2, "sigmoid", 1.0, x=torch.full((2, 16), 1.0), gate=torch.full((3, 16), -6.0))  # scores that all but vanish
    call(1, 16, 16, 16, 8, 2, 1, "softmax", 1.0, bias=t(2), refused=True)
    call(1, 16, 16, 16, 8, 2, 3, "softmax", 1.0, refused=True)
    call(1, 16, 16, 16, 8, 2, 1, "softmax_all", 1.0, refused=True)
    call(1, 16, 16, 16, 8, 2, 1, "softmax", 1.0, gate=t(2, 15), refused=True)


def undefined(g):
    """What nobody can foretell: dtype and shape alone."""
    from executorch.exir.passes import dim_order_ops_registry  # noqa: F401

    for size in ([2, 3], [0, 2], []):
        for op in ("aten::rand", "aten::randn", "aten::empty.memory_format"):
            for dtype in (None, f32, f64, half, bf16):
                g.add(op, size, *([] if dtype is None else [dtype]), undefined=True)
        for dtype in (None, f32, i64, u8):
            g.add("aten::randint", 7, size, *([] if dtype is None else [dtype]), undefined=True)
            g.add("aten::randint.low", -7 if dtype != u8 else 2, 7, size, *([] if dtype is None else [dtype]), undefined=True)
            g.add("dim_order_ops::_empty_dim_order", size, list(range(len(size))), dtype or f32, undefined=True,
                  expected=lambda: torch.empty(size, dtype=dtype or f32))
    for dtype in (f32, f64, half, bf16, i64, i32, i8, u8, torch.bool):
        x = torch.zeros(3, 2, dtype=dtype)
        g.add("aten::empty_like", x, undefined=True)
        g.add("aten::empty_like", x, half, undefined=True)
        if dtype.is_floating_point:
            g.add("aten::rand_like", x, undefined=True)
            g.add("aten::randn_like", x, f64, undefined=True)
        if dtype != torch.bool:
            g.add("aten::randint_like", x, 5, undefined=True)
            g.add("aten::randint_like.low_dtype", x, 1, 5, i32, undefined=True)
    for dtype in (None, i64, i32, f32):
        for n in (0, 1, 9):
            g.add("aten::randperm", n, *([] if dtype is None else [dtype]), undefined=True)
    for refused in (("aten::randint", 0, [2]), ("aten::randperm", -1), ("aten::rand", [-1])):
        g.add(*refused, refused=True)


def scalars(g):
    """The arithmetic of sizes, by the functions with which ExecuTorch's exporter defines it."""
    from executorch.exir.passes import executorch_prim_ops_registry as prim

    whole, reals = [0, 1, -1, 2, -7, 3, 2**40], [0.0, 0.5, -0.5, 1.5, 2.5, -2.5, -3.7, 1e10]
    pairs = [(a, b) for a in whole for b in whole] + [(a, b) for a in reals for b in reals[1:]] + [(7, 2.5), (2.5, 7), (-7, 2.5), (-2.5, 7)]

    def call(name, *args, function=None):
        g.add("executorch_prim::" + name, *args, expected=lambda: [(function or getattr(prim, name.split(".")[0]))(*args)])

    for a, b in pairs:
        for name in ("add", "sub", "mul", "sym_max", "sym_min", "eq", "gt", "lt", "ge", "le"):
            mixed = type(a) is not type(b)  # of these the runtime's extremes are real, whatever Python's are
            if not (name == "mul" and abs(a * b) >= 2**63) and not (mixed and name.startswith("sym_m")):
                call(name + ".Scalar", a, b)
        if b != 0:
            call("truediv.Scalar", a, b)
            call("floordiv.Scalar", a, b)
            if isinstance(a, int) and isinstance(b, int):
                call("floordiv.int", a, b)
                for name in ("mod.Scalar", "mod.int"):
                    call(name, a, b, function=lambda a, b: a % b)  # prim.mod takes symbols alone
    for name in ("floordiv.Scalar", "floordiv.int", "mod.Scalar", "mod.int"):
        g.add("executorch_prim::" + name, 3, 0, refused=True)
    for a in whole + reals:
        for name in ("sym_float", "sym_int", "neg", "ceil", "trunc"):
            call(name + ".Scalar", a)
        call("round.Scalar", a, function=prim.builtin_round)
    for b in (True, False):
        call("sym_not.Scalar", b)
        for t, f in ((1, 2), (-5, 2**40), (0.5, 1.5)):
            call("sym_ite.Scalar", b, t, f)
    for size in ([], [3], [2, 0, 5], [4, 1, 2, 3]):
        x = torch.zeros(size)
        g.add("aten::sym_numel", x, expected=lambda: [x.numel()])
        for dim in range(-len(size), len(size)):
            g.add("aten::sym_size.int", x, dim, expected=lambda: [x.size(dim)])
        g.add("aten::sym_size.int", x, len(size), refused=True)
        g.add("aten::sym_size.int", x, -len(size) - 1, refused=True)


if __name__ == "__main__":
    for family in (complexes, transforms, gradients, windows, quantized, language, elements, views, bags, experts, undefined, scalars):
        calls = Calls("model-" + family.__name__)
        family(calls)
        calls.write()
