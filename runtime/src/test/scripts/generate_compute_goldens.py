#!/usr/bin/env python3
"""Writes compute-*.jsonl.gz beside generate_kernel_goldens.py's files: products, pools, norms, reductions, orderings,
resizing, attention and quantization. Needs torch; quantization needs executorch too. Run it from anywhere.
"""

from itertools import product as each

import torch

from generate_kernel_goldens import Goldens

torch.manual_seed(20)
inf, nan = float("inf"), float("nan")
half, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
i8, u8, i32, i64 = torch.int8, torch.uint8, torch.int32, torch.int64


def t(*sizes, dtype=f32):
    return (torch.randn(sizes, dtype=f64) * 4).round(decimals=1).div(4).to(dtype)


def ints(*sizes, low=-9, high=10, dtype=i64):
    return torch.randint(low, high, sizes).to(dtype)


def of(*values, dtype=f32):
    return torch.tensor(values, dtype=dtype)


class Calls(Goldens):
    """g(operator, *arguments) records what PyTorch gives, or that it refuses."""

    def __call__(self, operator, *arguments, tolerance=None, expected=None):
        try:
            self.add(operator, *arguments, expected=expected, tolerance=tolerance)
        except (RuntimeError, IndexError, NotImplementedError, TypeError, AssertionError):
            self.add(operator, *arguments, refused=True)

    def by(self, function, operator, *arguments, tolerance=None):
        """For an operator that Python lacks: a function of the arguments gives the results."""
        self(operator, *arguments, tolerance=tolerance, expected=lambda: function(*arguments))


def products(g):
    for m, k, n in [(1, 1, 1), (2, 3, 5), (7, 67, 13), (1, 70, 9), (9, 70, 1), (0, 3, 2), (2, 0, 3)]:
        g("aten::mm", t(m, k), t(k, n), tolerance=1e-5)
        g("aten::linear", t(m, k), t(n, k), t(n), tolerance=1e-5)
    g("aten::mm", t(9, 5), t(5, 530), tolerance=1e-5)
    g("aten::linear", t(10, 66), t(11, 66), None, tolerance=1e-5)
    g("aten::linear", t(2, 3, 4), t(5, 4), None, tolerance=1e-5)
    g("aten::linear", t(4), t(5, 4), t(5), tolerance=1e-5)
    g("aten::linear", t(3, 4), t(4), None, tolerance=1e-5)
    for dtype in [half, bf16, f64, i64, i32]:
        a, b = (ints(3, 5, dtype=dtype), ints(5, 4, dtype=dtype)) if not dtype.is_floating_point else (
            t(3, 5, dtype=dtype), t(5, 4, dtype=dtype))
        g("aten::mm", a, b)
        g("aten::linear", a, b.t().contiguous(), None)
        g("aten::addmm", a[:, :4].contiguous(), a, b, 2, 3)
    for self in [t(3, 4), t(4), t(1, 4), t(3, 1), t(1)]:
        g("aten::addmm", self, t(3, 5), t(5, 4), tolerance=1e-5)
    g("aten::addmm", t(3, 4), t(3, 5), t(5, 4), 0.5, -2.0, tolerance=1e-5)
    g("aten::addmm", torch.full((4,), nan), t(3, 5), t(5, 4), 0, 1, tolerance=1e-5)
    g("aten::bmm", t(3, 2, 5), t(3, 5, 4), tolerance=1e-5)
    g("aten::bmm", t(0, 2, 5), t(0, 5, 4))
    g("aten::baddbmm", t(2, 4), t(3, 2, 5), t(3, 5, 4), 2, 0.5, tolerance=1e-5)
    g("aten::baddbmm", t(3, 1, 4), t(3, 2, 5), t(3, 5, 4), tolerance=1e-5)
    for a, b in [((5,), (5,)), ((2, 5), (5,)), ((5,), (5, 3)), ((2, 3, 4, 5), (5, 6)), ((5,), (2, 5, 3)),
                 ((2, 1, 3, 4), (3, 4, 5)), ((3, 4), (2, 3, 4, 5)), ((2, 3, 5), (5,)), ((2, 3, 5), (2, 5, 1))]:
        g("aten::matmul", t(*a), t(*b), tolerance=1e-5)
    g("aten::mv", t(3, 5), t(5), tolerance=1e-5)
    g("aten::dot", t(17), t(17), tolerance=1e-5)
    g("aten::mm", t(2, 3), t(4, 5))
    g("aten::mm", t(2, 3), t(3, 5, dtype=f64))


def convolutions(g):
    conv = "aten::convolution"

    def c(x, w, bias, stride, padding, dilation, transposed=False, output=None, groups=1, dtype=f32):
        n = len(stride)
        weight = t(*w, dtype=dtype)
        out = (w[1] * groups) if transposed else w[0]
        g(conv, t(*x, dtype=dtype), weight, t(out, dtype=dtype) if bias else None, stride, padding, dilation, transposed,
          output or [0] * n, groups, tolerance={f32: 1e-5, half: 2e-3, bf16: 2e-2}.get(dtype, 0))

    c((1, 3, 7, 9), (4, 3, 3, 3), True, [1, 1], [1, 1], [1, 1])
    c((2, 3, 7, 9), (4, 3, 3, 2), False, [2, 1], [1, 0], [1, 2])
    c((1, 4, 8, 8), (6, 2, 3, 3), True, [2, 2], [1, 1], [1, 1], groups=2)
    c((2, 5, 6, 7), (5, 1, 3, 5), True, [1, 2], [2, 2], [2, 1], groups=5)
    c((1, 4, 6, 6), (8, 1, 3, 3), False, [1, 1], [4, 4], [1, 1], groups=4)
    c((1, 6, 5, 5), (3, 6, 1, 1), True, [1, 1], [0, 0], [1, 1])
    c((1, 6, 5, 5), (3, 6, 1, 1), True, [2, 3], [1, 0], [1, 1])
    c((1, 70, 3, 3), (2, 70, 2, 2), True, [1, 1], [0, 0], [1, 1])
    c((1, 2, 24, 24), (1, 2, 3, 3), True, [1, 1], [1, 1], [1, 1])
    c((1, 3, 1, 1), (2, 3, 1, 1), True, [1, 1], [0, 0], [1, 1])
    c((0, 3, 4, 4), (2, 3, 3, 3), True, [1, 1], [0, 0], [1, 1])
    c((2, 3, 11), (4, 3, 4), True, [3], [2], [2])
    c((1, 4, 9), (4, 1, 3), False, [1], [1], [1], groups=4)
    c((1, 2, 4, 5, 6), (3, 2, 2, 3, 1), True, [1, 2, 1], [1, 0, 1], [1, 1, 2])
    c((1, 3, 4, 5), (3, 2, 3, 3), True, [2, 2], [1, 1], [1, 1], True, [1, 1])
    c((2, 4, 3, 4), (4, 2, 3, 2), False, [3, 1], [0, 1], [2, 1], True, [2, 0], 2)
    c((1, 2, 5), (2, 3, 4), True, [2], [1], [1], True, [0])
    c((1, 2, 2, 3, 2), (2, 1, 2, 2, 3), True, [2, 1, 1], [0, 1, 0], [1, 1, 1], True, [1, 0, 0])
    for dtype in [f64, half, bf16]:
        c((1, 3, 5, 5), (4, 3, 3, 3), True, [2, 1], [1, 1], [1, 1], dtype=dtype)
        c((1, 2, 3, 3), (2, 2, 3, 3), True, [2, 2], [1, 1], [1, 1], True, [1, 0], dtype=dtype)
    g(conv, t(1, 3, 5, 5), t(4, 2, 3, 3), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
    g(conv, t(1, 3, 2, 2), t(4, 3, 3, 3), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
    # Taps that meet nothing but padding.
    c((1, 3, 6, 6), (4, 3, 3, 3), True, [1, 1], [12, 12], [12, 12])
    c((1, 4, 6, 5), (4, 1, 3, 3), False, [1, 2], [9, 7], [8, 9], groups=4)


def pools(g):
    x = t(2, 3, 7, 9)
    bad = x.clone()
    bad[0, 0, 3, 4] = nan
    bad[0, 1] = -inf
    max2 = "aten::max_pool2d_with_indices"
    for kernel, stride, padding, dilation, ceil in [
            ([2, 2], [2, 2], [0, 0], [1, 1], False), ([3, 3], [2, 2], [1, 1], [1, 1], False),
            ([3, 2], [2, 3], [1, 1], [1, 2], True), ([2, 3], [3, 2], [1, 0], [2, 1], True), ([3, 3], [], [1, 1], [2, 2], False)]:
        for v in [x, bad]:
            g(max2, v, kernel, stride, padding, dilation, ceil)
        if dilation == [1, 1]:
            for count in [True, False]:
                g("aten::avg_pool2d", x, kernel, stride, padding, ceil, count)
    g(max2, t(3, 5, 5), [2, 2])
    g(max2, ints(1, 2, 5, 5), [2, 2], [1, 1])
    g(max2, t(0, 2, 5, 5), [2, 2])
    g(max2, t(1, 2, 5, 5, dtype=half), [2, 2])
    g(max2, t(1, 2, 5, 5), [2, 2], [2, 2], [2, 2])
    g(max2, t(1, 2, 1, 5), [2, 2])
    g("aten::max_pool3d_with_indices", t(1, 2, 4, 5, 5), [2, 3, 2], [2, 1, 2], [1, 1, 0], [1, 1, 1], True)
    for ceil, count, divisor in each([False, True], [False, True], [None, 5]):
        g("aten::avg_pool2d", t(2, 5, 7), [3, 3], [2, 2], [1, 1], ceil, count, divisor)
        g("aten::avg_pool3d", t(1, 2, 4, 5, 3), [2, 3, 3], [2, 2, 2], [1, 1, 1], ceil, count, divisor)
        g("aten::avg_pool1d", t(2, 3, 8), [3], [2], [1], ceil, count)
    g("aten::avg_pool2d", t(1, 2, 5, 5, dtype=half), [3, 3])
    g("aten::avg_pool2d", t(1, 2, 5, 5), [3, 3], [1, 1], [0, 0], False, True, 0)
    for size in [[1, 1], [3, 4], [7, 9], [9, 2], [0, 1]]:
        g("aten::_adaptive_avg_pool2d", x, size)
        if size[0]:
            g("aten::adaptive_max_pool2d", bad, size)
    g("aten::_adaptive_avg_pool2d", t(3, 5, 5, dtype=f64), [2, 2])
    g("aten::_adaptive_avg_pool3d", t(1, 2, 3, 4, 5), [2, 2, 3])
    g("aten::adaptive_avg_pool1d", t(2, 3, 7), [3])
    g("aten::adaptive_avg_pool2d", t(2, 3, 7, 5), [3, 1])
    g("aten::adaptive_avg_pool3d", t(2, 3, 4, 5), [3, 1, 2])


def norms(g):
    for shape in [(2, 3, 4, 5), (3, 4), (1, 1, 1), (2, 3, 5), (0, 3, 4)]:
        c = shape[1]
        stats = (t(c), t(c).abs() + 0.1)
        for w, b in [(t(c), t(c)), (None, None)]:
            g("aten::_native_batch_norm_legit_no_training", t(*shape), w, b, *stats, 0.1, 1e-5, tolerance=1e-5)
        g("aten::_native_batch_norm_legit", t(*shape), t(c), t(c), *stats, False, 0.1, 1e-3, tolerance=1e-5)
        g("aten::native_batch_norm", t(*shape), t(c), t(c), *stats, False, 0.1, 1e-3, tolerance=1e-5)
    g("aten::_native_batch_norm_legit.no_stats", t(2, 3, 4, 5), t(3), t(3), True, 0.1, 1e-5, tolerance=1e-5)
    g("aten::_native_batch_norm_legit_no_training", *(t(2, 3, 4, dtype=f64), *(t(3, dtype=f64).abs() for _ in range(4))), 0.1, 1e-5)
    for shape, n in [((3, 7), 1), ((2, 3, 5), 2), ((4,), 1), ((2, 1), 1), ((0, 4), 1), ((2, 67), 1)]:
        own = list(shape[-n:])
        for w, b in [(t(*own), t(*own)), (None, None), (t(*own), None)]:
            g("aten::native_layer_norm", t(*shape), own, w, b, 1e-5, tolerance=1e-5)
        g("aten::layer_norm", t(*shape), own, t(*own), t(*own), tolerance=1e-5)
        g("aten::rms_norm", t(*shape), own, t(*own), 1e-6, tolerance=1e-5)
        g("aten::rms_norm", t(*shape), own, tolerance=1e-5)
    for dtype in [half, bf16, f64]:
        g("aten::native_layer_norm", t(3, 7, dtype=dtype), [7], t(7, dtype=dtype), t(7, dtype=dtype), 1e-5)
        g("aten::rms_norm", t(3, 7, dtype=dtype), [7], t(7, dtype=dtype), tolerance=2e-2 if dtype == bf16 else 2e-3)
    for shape, groups in [((2, 6, 3, 4), 3), ((2, 6), 2), ((1, 4, 5), 4), ((2, 4, 3), 1)]:
        c, hw = shape[1], torch.Size(shape[2:]).numel()
        g("aten::native_group_norm", t(*shape), t(c), t(c), shape[0], c, hw, groups, 1e-5, tolerance=1e-5)
        g("aten::native_group_norm", t(*shape), None, None, shape[0], c, hw, groups, 1e-5, tolerance=1e-5)
        g("aten::group_norm", t(*shape), groups, t(c), t(c), tolerance=1e-5)
    g("aten::native_layer_norm", t(3, 7), [6], None, None, 1e-5)


def softmaxes(g):
    for shape, dim in [((3, 7), 1), ((3, 7), 0), ((2, 3, 5), 1), ((2, 3, 5), -1), ((), 0), ((1,), 0), ((0, 3), 1), ((3, 0), 1)]:
        for op in ["aten::_softmax", "aten::_log_softmax"]:
            g(op, t(*shape), dim, False, tolerance=1e-5)
        for op in ["aten::softmax.int", "aten::log_softmax.int", "aten::_safe_softmax"]:
            g(op, t(*shape), dim, tolerance=1e-5)
    x = t(4, 5) * 30
    x[0] = -inf
    x[1, 2] = nan
    x[2, 3] = inf
    for op in ["aten::_softmax", "aten::_log_softmax"]:
        g(op, x, 1, False, tolerance=1e-5)
        for dtype in [half, bf16, f64]:
            g(op, t(3, 7, dtype=dtype), 1, False, tolerance=0 if dtype != bf16 else 1e-2)
    g("aten::_safe_softmax", x, 1, tolerance=1e-5)
    g("aten::softmax.int", ints(2, 5), 1, f32, tolerance=1e-5)
    g("aten::_softmax", ints(2, 5), 1, False)
    g("aten::_softmax", t(2, 5), 2, False)


DIMS = [((3, 4, 5), d, k) for d in [[0], [1], [2], [-1], [0, 2], [1, 2], [0, 1], [], None] for k in [True, False]]
DIMS += [((), None, False), ((), [0], True), ((0, 3), [0], False), ((3, 0), [1], True), ((2, 1, 3, 2), [1, 3], False)]


def reductions(g):
    for shape, dim, keep in DIMS:
        for op in ["aten::sum.dim_IntList", "aten::mean.dim"]:
            g(op, t(*shape), dim, keep, tolerance=1e-5)
        g("aten::var.correction", t(*shape), dim, 0, keep, tolerance=1e-5)
        g("aten::std.correction", t(*shape), dim, None, keep, tolerance=1e-5)
        g("aten::any.dims", ints(*shape, low=0, high=2), dim, keep)
        g("aten::all.dims", ints(*shape, low=0, high=2, dtype=torch.bool), dim, keep)
        if dim:
            g("aten::logsumexp", t(*shape), dim, keep, tolerance=1e-5)
            g("aten::norm.ScalarOpt_dim", t(*shape), None, dim, keep, tolerance=1e-5)
    x = t(3, 4)
    for dtype in [u8, i8, i32, i64, torch.bool]:
        v = ints(3, 4, low=0, dtype=dtype)
        g("aten::sum.dim_IntList", v, [1])
        g("aten::sum.dim_IntList", v, [1], False, f32)
        g("aten::prod", v)
        g("aten::prod.dim_int", v, 0, True)
        g("aten::any.dim", v, 1)
        g("aten::all.dim", v, 0, True)
        g("aten::any", v)
        g("aten::all", v)
        g("aten::mean.dim", v, [1], False, f32)
        g("aten::mean.dim", v, [1])
    for dtype in [half, bf16, f64]:
        v = t(3, 9, dtype=dtype)
        for op in ["aten::sum.dim_IntList", "aten::mean.dim", "aten::var.correction", "aten::std.correction", "aten::logsumexp"]:
            g(op, v, [1])
        g("aten::sum.dim_IntList", v, [1], False, f32, tolerance=1e-5)
    g("aten::sum.dim_IntList", t(2, 1500), [1], tolerance=1e-4)
    g("aten::sum.dim_IntList", t(37, 30), [0], tolerance=1e-5)
    g("aten::sum.dim_IntList", x, [1], False, i64)
    g("aten::sum.dim_IntList", x, [1, 1])
    g("aten::sum.dim_IntList", x, [2])
    g("aten::mean", x, tolerance=1e-5)
    g("aten::mean", ints(3), f32)
    g("aten::prod", x, tolerance=1e-5)
    g("aten::prod.dim_int", x, 1, False, f64)
    g("aten::any", t(0))
    g("aten::all", of(nan, 1.0))
    for correction in [None, 0, 1, 2, 4, 5]:
        g("aten::var.correction", x, [1], correction, tolerance=1e-5)
    g("aten::var.correction", x + 1000, [1], 1, tolerance=1e-3)
    g("aten::var.correction", t(3, 1), [1])
    g("aten::var.correction", t(3, 0), [1])
    g("aten::var.dim", x, [0], True, tolerance=1e-5)
    g("aten::var.dim", x, None, False, tolerance=1e-5)
    g("aten::var_mean.correction", x, [1], 1, True, tolerance=1e-5)
    g("aten::var_mean.correction", x, tolerance=1e-5)
    g("aten::logsumexp", torch.tensor([[-inf, -inf], [inf, 1], [nan, 1], [1000, 1000]]), [1], tolerance=1e-5)
    g("aten::logsumexp", ints(2, 3), [1], tolerance=1e-5)
    for p in [0, 1, 2, 3, 0.5, inf, -inf, -1]:
        g("aten::linalg_vector_norm", x + 0.3, p, [1], tolerance=1e-5)
    g("aten::linalg_vector_norm", x, tolerance=1e-5)
    g("aten::linalg_vector_norm", x, 2, [0], True, f64, tolerance=1e-7)
    g("aten::norm.ScalarOpt_dim", x, 3, [0], True, tolerance=1e-5)


def orderings(g):
    tie = of(2, 5, 5, 1, 5, 1)
    bad = of([1, nan, 3, nan], [inf, 2, -inf, 2], [-0.0, 0.0, 0.0, -0.0])
    values = [t(3, 4, 5), bad.reshape(3, 2, 2), ints(3, 4, 5, dtype=i64), ints(3, 4, 5, low=0, dtype=u8), t(3, 4, 5, dtype=half)]
    for v in values:
        for dim, keep in [([0], False), ([1], True), ([-1], False), ([0, 2], True), ([], False)]:
            for op in ["aten::amax", "aten::amin"]:
                g(op, v, dim, keep)
        for op in ["aten::max", "aten::min"]:
            g(op, v)
            for dim, keep in [(0, False), (1, True), (-1, False)]:
                g(op + ".dim", v, dim, keep)
                g(op.replace("::", "::arg"), v, dim, keep)
            g(op.replace("::", "::arg"), v)
    big = of(2**62 + 1, 2**62, -2**63, 2**63 - 1, dtype=i64)
    for op in ["aten::argmax", "aten::argmin", "aten::max", "aten::min"]:
        g(op, tie)
        g(op, big)
        g(op, t())
        g(op, t(0, 3))
        g(op, torch.cat([torch.zeros(1500), tie]))
    g("aten::max.dim", t(3, 0), 1)
    g("aten::max.dim", t(3, 0), 0)
    g("aten::amax", t(3, 0), [1])
    g("aten::amax", ints(3, low=0, high=2, dtype=torch.bool))
    for v in [t(3, 4, 5), bad, tie, big, ints(7, low=0, high=3), t(), t(2, 0), t(1)]:
        for dim, descending in each([0, -1], [False, True]):
            g("aten::sort.stable", v, True, dim, descending)
    g("aten::sort", torch.randperm(67).float(), 0, True)
    for k, dim, largest in [(1, 0, True), (2, 1, True), (3, -1, False), (0, 1, True), (4, 1, False)]:
        g("aten::topk", torch.randperm(60).reshape(3, 4, 5).float(), k, dim, largest)
    g("aten::topk", of(1, nan, 3, 2), 2)
    g("aten::topk", of(1, nan, 3, 2), 4, 0, False)
    g("aten::topk", t(3), 4)
    for v in [torch.randperm(60).reshape(3, 4, 5).float(), torch.randperm(15).reshape(3, 5, 1)]:
        for dim, keep in each([0, 1, -1], [False, True]):
            g("aten::median.dim", v, dim, keep)
        g("aten::median", v)
    g("aten::median", of(1, nan, 0))
    g("aten::median.dim", of([1, nan, 0], [3, 1, 2]), 1)
    g("aten::median", t(0))
    edges = of(-1, 0, 0, 2, 5)
    v = of([-2, -1, 0], [1, 5, 6])
    for right, narrow in each([False, True], [False, True]):
        g("aten::bucketize.Tensor", v, edges, narrow, right)
        g("aten::searchsorted.Tensor", edges, v, narrow, right)
        g("aten::searchsorted.Tensor", of([1, 3, 5], [2, 4, 6], dtype=i64), of([0, 3, 5, 9], [2, 4, 5, 7], dtype=i64), narrow, right)
    g("aten::bucketize.Tensor", of(nan, 1), edges)
    g("aten::bucketize.Tensor", of(1), t(0))
    g("aten::searchsorted.Tensor", of(5, 1, 3), of(2, 4), False, False, "right", of(1, 2, 0, dtype=i64))
    for v in [t(3, 4), ints(3, 4), ints(3, 4, low=0, high=2, dtype=torch.bool), t(2, 3, 4, dtype=half), t(0, 3), t()]:
        for dim in [0, -1]:
            g("aten::cumsum", v, dim, tolerance=1e-5)
            g("aten::cumprod", v, dim, tolerance=1e-5)
    g("aten::cumsum", ints(3, 4, dtype=i32), 1, f32)
    g("aten::cumsum", t(3, 4) * 9, 1, i64)


def resizing(g):
    for out, factors in [([5, 7], None), ([2, 2], None), ([3, 4], None), (None, [2.0, 2.0]), (None, [1.7, 0.6]), ([1, 9], None)]:
        x = t(1, 2, 3, 4)
        g("aten::upsample_nearest2d.vec", x, out, factors)
        for align in [False, True]:
            g("aten::upsample_bilinear2d.vec", x, out, align, factors, tolerance=1e-5)
            g("aten::upsample_bicubic2d.vec", x, out, align, factors, tolerance=1e-5)
            if out:
                g("aten::upsample_bilinear2d", x, out, align, tolerance=1e-5)
                g("aten::_upsample_bilinear2d_aa", x, out, align, tolerance=1e-5)
        if out:
            g("aten::upsample_nearest2d", x, out)
    g("aten::upsample_bilinear2d", t(1, 1, 3, 4), [6, 8], False, 2.1, 2.0, tolerance=1e-5)
    g("aten::upsample_nearest2d", t(1, 1, 3, 4), [6, 9], 2.0, 2.3)
    g("aten::_upsample_bilinear2d_aa", t(1, 1, 11, 13), [3, 4], False, tolerance=1e-5)
    for n in range(1, 40, 3):
        g("aten::upsample_nearest1d", torch.arange(float(n)).reshape(1, 1, n), [n * 3 // 2 + 1])
    g("aten::upsample_nearest1d", t(2, 1, 5), [8], 1.6)
    g("aten::upsample_nearest3d.vec", t(1, 1, 2, 3, 2), [3, 4, 5], None)
    g("aten::upsample_linear1d.vec", t(2, 1, 5), [8], False, None, tolerance=1e-5)
    g("aten::upsample_linear1d.vec", t(2, 1, 5), None, True, [1.5], tolerance=1e-5)
    g("aten::upsample_trilinear3d.vec", t(1, 1, 2, 3, 2), [3, 4, 5], False, None, tolerance=1e-5)
    g("aten::upsample_trilinear3d.vec", t(1, 1, 2, 3, 2), [3, 4, 5], True, None, tolerance=1e-5)
    for dtype in [half, f64]:
        g("aten::upsample_bilinear2d.vec", t(1, 1, 3, 4, dtype=dtype), [5, 6], False, None, tolerance=0 if dtype == f64 else 2e-3)
        g("aten::upsample_nearest2d.vec", t(1, 1, 3, 4, dtype=dtype), [5, 6], None)
    x = t(2, 2, 4, 5)
    grid = torch.cat([t(2, 3, 3, 2) * 0.8, of([1, 1], [-1, -1], [0.999, 3.0]).expand(2, 1, 3, 2)], 1)
    for mode, padding, align in each([0, 1, 2], [0, 1, 2], [False, True]):
        g("aten::grid_sampler_2d", x, grid, mode, padding, align, tolerance=1e-4)
    g("aten::grid_sampler_2d", t(1, 1, 3, 3, dtype=f64), t(1, 2, 2, 2, dtype=f64), 0, 0, False)


def attention(g):
    sdpa = "aten::scaled_dot_product_attention"
    for batch, l, s, e, v in [((2, 3), 4, 5, 7, 6), ((1, 1), 1, 9, 4, 4), ((2,), 3, 3, 5, 5), ((), 2, 3, 4, 4)]:
        qkv = t(*batch, l, e), t(*batch, s, e), t(*batch, s, v)
        g(sdpa, *qkv, tolerance=1e-5)
        g(sdpa, *qkv, None, 0.0, True, tolerance=1e-5)
        g(sdpa, *qkv, t(l, s), 0.0, False, 0.3, tolerance=1e-5)
        g(sdpa, *qkv, ints(l, s, low=0, high=2, dtype=torch.bool), tolerance=1e-5)
    q, k, v = t(2, 6, 3, 4), t(2, 2, 5, 4), t(2, 2, 5, 4)
    g(sdpa, q, k, v, None, 0.0, False, None, True, tolerance=1e-5)
    g(sdpa, q, k, v, t(2, 6, 3, 5), 0.0, False, None, True, tolerance=1e-5)
    g(sdpa, q, k, v, t(2, 1, 3, 5), 0.0, False, None, True, tolerance=1e-5)
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1] = False
    g(sdpa, t(1, 1, 3, 4), t(1, 1, 5, 4), t(1, 1, 5, 4), mask, tolerance=1e-5)
    g(sdpa, t(1, 2, 3, 4, dtype=half), t(1, 2, 3, 4, dtype=half), t(1, 2, 3, 4, dtype=half), tolerance=3e-3)

    def custom(q, k, v, start, mask=None, p=0.0, causal=False, scale=None):
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        if causal:
            k, v = k[:, :, :start + q.size(2)], v[:, :, :start + q.size(2)]
            mask = torch.ones(q.size(2), k.size(2), dtype=torch.bool).tril(start)
        elif mask is not None:
            k, v = k[:, :, :mask.size(1)], v[:, :, :mask.size(1)]
        return torch.nn.functional.scaled_dot_product_attention(
            q, k, v, mask, 0.0, False, scale=scale, enable_gqa=True).transpose(1, 2).contiguous()

    def with_cache(q, k, v, keys, values, start, length, *rest):
        keys, values = keys.clone(), values.clone()
        keys[:, start:start + k.size(1)] = k
        values[:, start:start + v.size(1)] = v
        return keys, values, custom(q, keys, values, start, *rest)

    for start, l in [(0, 1), (0, 3), (4, 2), (7, 1)]:
        q, kv = t(1, l, 4, 6), (t(1, 8, 2, 6), t(1, 8, 2, 6))
        rest = (start, None, 0.0, True)
        g.by(custom, "llama::custom_sdpa", q, *kv, *rest, tolerance=1e-5)
        g.by(with_cache, "llama::sdpa_with_kv_cache", q, t(1, l, 2, 6), t(1, l, 2, 6), *kv, start, l, None, 0.0, True, tolerance=1e-5)
    g.by(custom, "llama::custom_sdpa", q, *kv, 2, t(1, 5), tolerance=1e-5)
    for p in [0.0, 1.0, 2.0, 3.0, inf]:
        g("aten::_cdist_forward", t(2, 3, 4), t(2, 5, 4), p, None, tolerance=1e-5)
        g("aten::_pdist_forward", t(4, 3), p, tolerance=1e-5)
    g("aten::_cdist_forward", t(3, 1, 2, 4), t(2, 5, 4), 2.0, None, tolerance=1e-5)
    g("aten::native_dropout", t(3, 4), 0.5, False)


def quantization(g):
    import executorch.exir.passes._quant_patterns_and_replacements  # noqa: F401, registers the operators
    import torch.ao.quantization.fx._decomposed  # noqa: F401

    q = "quantized_decomposed::"
    x = torch.cat([t(3, 4, 6) * 3, of(0.05, 0.15, 0.25, 100, -100, 0).expand(3, 1, 6)], 1)
    for low, high, dtype in [(-128, 127, i8), (0, 255, u8), (-127, 127, i8), (-32768, 32767, torch.int16)]:
        zero = 3 if low else 128
        d = dtype
        g(q + "quantize_per_tensor", x, 0.1, zero, low, high, d)
        g(q + "quantize_per_tensor.tensor", x, of(0.07), of(zero, dtype=i64), low, high, d)
        xq = ints(3, 4, low=low, high=high + 1, dtype=dtype)
        g(q + "dequantize_per_tensor", xq, 0.1, zero, low, high, d)
        g(q + "dequantize_per_tensor.tensor", xq, of(0.07), of(zero, dtype=i64), low, high, d)
    d = i8
    for axis, scale in each([0, 1, 2], [f32, f64]):
        n = x.size(axis)
        scales, zeros = (torch.rand(n) * 0.1 + 0.02).to(scale), ints(n)
        g(q + "quantize_per_channel", x, scales, zeros, axis, -128, 127, d)
        xq = ints(*x.shape, low=-128, high=128, dtype=i8)
        g(q + "dequantize_per_channel", xq, scales, zeros, axis, -128, 127, d)
        g(q + "dequantize_per_channel", xq, scales, None, axis, -128, 127, d)
    y = t(4, 6)
    for scale in [f32, f64]:
        scales, zeros = (torch.rand(4, 1) * 0.1 + 0.02).to(scale), ints(4, 1)
        yq = ints(4, 6, low=-128, high=128, dtype=i8)
        g(q + "quantize_per_token", y, scales, zeros, -128, 127, d)
        g(q + "dequantize_per_token", yq, scales, zeros, -128, 127, d, f32)
    scales, zeros = torch.rand(4, 2) * 0.1 + 0.02, ints(4, 2, dtype=i32)
    g(q + "quantize_per_channel_group", y, scales, zeros, -8, 7, d, 3)
    g(q + "dequantize_per_channel_group", yq, scales, zeros, -8, 7, d, 3, f32)
    for v in [y, y.abs() + 1, -y.abs(), torch.zeros(2, 3), t(2, 5, 7)]:
        g(q + "choose_qparams.tensor", v, -128, 127, 1e-7, d)
        g(q + "choose_qparams_per_token_asymmetric", v, d)
    for bits, low, high in [(8, -128, 127), (4, -8, 7), (2, -2, 1)]:
        name = q + ("embedding_byte" if bits == 8 else f"embedding_{bits}bit")
        w = ints(5, 2 * bits, low=-128, high=128, dtype=i8) if bits == 8 else ints(5, bits, low=0, high=256, dtype=u8)
        for scales in [torch.rand(5) + 0.1, torch.rand(5, 2) + 0.1]:
            g(name, w, scales, None, low, high, of(4, 0, 0, dtype=i64))
            g(name, w, scales, scales * 2, low, high, of([1, 2], [3, 0], dtype=i32))
            g(name + ".dtype", w, scales.to(half), None, low, high, of(4, 0, dtype=i64), f32)


def windows(g):
    """Strides, dilations and paddings far beyond the image, and windows that meet nothing but padding."""
    conv, max2, avg2 = "aten::convolution", "aten::max_pool2d_with_indices", "aten::avg_pool2d"
    most = 2**31 - 1
    for stride in [40000, 65536, most]:
        g(max2, t(1, 1, 2, 2), [2, 2], [stride, stride])
        g(max2, t(1, 1, 3, 5), [2, 3], [1, stride])
        g(avg2, t(1, 1, 2, 2), [2, 2], [stride, stride])
        g(avg2, t(1, 1, 3, 5), [2, 3], [stride, 1])
        g("aten::avg_pool1d", t(1, 1, 5), [3], [stride], [0])
        for groups in [1, 2]:
            g(conv, t(1, 2, 2, 2), t(2, 2 // groups, 2, 2), t(2), [stride] * 2, [0, 0], [1, 1], False, [0, 0], groups)
    for size in [1, 2]:
        g(max2, t(1, 1, 2, 2), [size, size], [most, most], [size - 1, size - 1], [most, most], True)
        g(avg2, t(1, 1, 2, 2), [2, 2], [most, most], [1, 1], True)
    for x in [t(1, 1, 4, 4), ints(1, 1, 4, 4, dtype=i32), t(1, 1, 4, 4, dtype=f64)]:
        g(max2, x, [2, 2], [2, 2], [1, 1], [5, 5])
    for groups in [1, 2]:
        for size, stride, padding, dilation in [(2, 10**9, 1500000000, 1), (2, most, 10**9, 2 * 10**9), (1, most, 2**30, 1)]:
            g(conv, t(1, 2, 2, 2), t(2, 2 // groups, size, size), t(2), [stride] * 2, [padding] * 2, [dilation] * 2, False, [0, 0], groups)
        g(conv, t(1, 2, 3), t(2, 2 // groups, 1), t(2), [2 * 10**9], [2 * 10**9], [1], True, [0], groups)
        g(conv, t(1, 2, 1), t(2, 2 // groups, 2), t(2), [1], [5 * 10**8], [10**9], True, [0], groups)
    # Positions that a transposed convolution of one tap does not reach.
    g(conv, t(1, 3, 5), t(3, 4, 1), t(4), [1], [0], [2], True, [1], 1, tolerance=1e-5)
    g(conv, t(2, 2, 3, 4), t(2, 3, 1, 1), None, [1, 1], [0, 0], [3, 2], True, [2, 0], 1, tolerance=1e-5)
    g(conv, t(1, 2, 3), t(2, 1, 1), t(2), [1], [0], [2], True, [1], 2, tolerance=1e-5)


if __name__ == "__main__":
    for family in [products, convolutions, pools, norms, softmaxes, reductions, orderings, resizing, attention, quantization, windows]:
        g = Calls("compute-" + family.__name__)
        family(g)
        g.write()
