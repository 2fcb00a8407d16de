#!/usr/bin/env python3
"""Writes runtime/src/test/resources/kernels/*.jsonl.gz: calls of operators with PyTorch's results.

One JSON object a line: op (a functional name of the vocabulary), args (in the order of its
parameters: a tensor is {dtype, shape, data}, a real {float}, others are plain JSON), results (tensors;
null where the call must be refused; without data where
nobody can foretell them), tolerance (relative, optional). Reals are hexadecimal.

Needs torch only. Run it from anywhere; a second script may import `Goldens` for files of its own.
"""

import gzip
import itertools
import json
import pathlib
import random

import torch

ROOT = pathlib.Path(__file__).resolve().parents[4]
FOLDER = ROOT / "runtime/src/test/resources/kernels"
VOCABULARY = ROOT / "delegate-api/src/main/resources/dev/baton/graph/operators.txt"

CODES = {torch.uint8: 0, torch.int8: 1, torch.int16: 2, torch.int32: 3, torch.int64: 4, torch.half: 5,
         torch.float: 6, torch.double: 7, torch.bool: 11, torch.bfloat16: 15, torch.complex32: 8, torch.complex64: 9, torch.complex128: 10}
F32, F64, F16, BF16 = torch.float, torch.double, torch.half, torch.bfloat16
I64, I32, I16, I8, U8, BOOL = torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool
NAN, INF = float("nan"), float("inf")


def parameters():
    """Operator name -> names of its parameters."""
    table = {}
    for line in VOCABULARY.read_text().splitlines():
        if line.startswith("#"):
            continue
        signature = line.split(" ; ")[0]
        name, rest = signature.split("(", 1)
        inside = rest[: rest.rindex(") ->")].replace("(a)", "").replace("(a!)", "").replace("(b!)", "")
        names, depth, part = [], 0, ""
        for c in inside + ",":
            depth += c in "[" or -(c in "]")
            if c == "," and depth == 0:
                names.append(part.split("=")[0].split()[-1] if part.strip() else None)
                part = ""
            else:
                part += c
        table[name] = [n for n in names if n]
    return table


PARAMETERS = parameters()


def real(x):
    if x != x:
        return "nan"
    if x in (INF, -INF):
        return "inf" if x > 0 else "-inf"
    text = float(x).hex()
    mantissa, exponent = text.split("p")
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + "p" + exponent.lstrip("+")


def encode(x):
    if isinstance(x, torch.Tensor):
        flat = x.contiguous().flatten()
        if x.dtype.is_complex:
            flat = torch.view_as_real(flat.to(torch.complex128)).flatten()
            return {"dtype": str(x.dtype)[6:], "shape": list(x.shape), "data": [real(v) for v in flat.tolist()]}
        data = [real(v) for v in flat.double().tolist()] if x.dtype.is_floating_point else flat.tolist()
        return {"dtype": str(x.dtype)[6:], "shape": list(x.shape), "data": data}
    if isinstance(x, torch.dtype):
        return CODES[x]
    if isinstance(x, float):
        return {"float": real(x)}
    if isinstance(x, (list, tuple)):
        return [encode(i) for i in x]
    return x


class Goldens:
    def __init__(self, name):
        self.name, self.lines, self.skipped = name, [], []

    def add(self, op, *args, expected=None, refused=False, quiet=False, tolerance=None, undefined=False):
        """One call. `expected` replaces PyTorch where it lacks the operator; `quiet` drops the call if PyTorch refuses;
        of results that are `undefined` only dtype and shape count."""
        names = PARAMETERS[op]
        if refused:
            results = None
        else:
            try:
                if expected is not None:
                    results = expected()
                else:
                    namespace, name = op.split("::")
                    name, _, overload = name.partition(".")
                    function = getattr(getattr(getattr(torch.ops, namespace), name), overload or "default")
                    results = function(**dict(zip(names, args)))
            except (RuntimeError, NotImplementedError, IndexError, TypeError) as e:
                if not quiet:
                    raise
                self.skipped.append((op, str(e).splitlines()[0]))
                return
            results = list(results) if isinstance(results, (list, tuple)) else [results]
        line = {"op": op, "args": encode(args), "results": results and encode(results)}
        if results is not None:
            line["results"] = encode(results)
        if undefined:
            for result in line["results"]:
                del result["data"]
        if tolerance:
            line["tolerance"] = tolerance
        self.lines.append(json.dumps(line, separators=(",", ":")))

    def write(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / (self.name + ".jsonl.gz")
        path.write_bytes(gzip.compress(("\n".join(self.lines) + "\n").encode(), 9, mtime=0))
        print(f"{path.name}: {len(self.lines)} calls, {path.stat().st_size} bytes, {len(self.skipped)} not in PyTorch")


random.seed(20)
torch.manual_seed(20)


def tensor(dtype, *shape, low=-3.0, high=3.0):
    if dtype == BOOL:
        return torch.randint(0, 2, shape) > 0
    if dtype.is_floating_point:
        return (torch.rand(shape, dtype=F64) * (high - low) + low).to(dtype)
    low, high = int(low * 3), int(high * 3)
    return torch.randint(0 if dtype == U8 else low, high + 1, shape).to(dtype)


SPECIAL = torch.tensor([0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 88.0, -88.0, 1e-8, 7e3, NAN, INF, -INF])


def unary(g):
    plain = """abs neg exp expm1 exp2 log log1p log2 log10 sqrt rsqrt reciprocal sin cos tan asin acos atan sinh cosh
        tanh asinh acosh atanh erf ceil floor round trunc sign relu sigmoid logical_not bitwise_not isnan isinf
        isfinite square sgn gelu silu hardswish hardsigmoid hardtanh leaky_relu elu celu selu mish softplus relu6
        nan_to_num frac signbit logit deg2rad rad2deg special_erf log_sigmoid_forward hardshrink softshrink
        _conj_physical""".split()
    for name in plain:
        op = "aten::" + name
        # PyTorch's vectorized gelu turns infinities into NaN, its scalar one does not.
        special = SPECIAL[:13] if name == "gelu" else SPECIAL
        g.add(op, special, quiet=True, tolerance=1e-5 if name in ("sin", "cos", "tan") else None)
        g.add(op, tensor(F32, 2, 3, 7), quiet=True)
        g.add(op, tensor(F32, 1, 5, low=0.01, high=0.99), quiet=True)
        g.add(op, tensor(F32), quiet=True)
        g.add(op, tensor(F32, 0, 3), quiet=True)
        g.add(op, tensor(F64, 5, low=1.0), quiet=True)
        g.add(op, tensor(F16, 5), quiet=True, tolerance=2e-3)
        g.add(op, tensor(BF16, 5, low=0.1, high=0.9), quiet=True, tolerance=1.6e-2)
        if name in ("elu", "celu", "selu"):
            continue
        for dtype in (I64, I32, U8, BOOL):
            g.add(op, tensor(dtype, 5), quiet=True)
    g.add("aten::erfinv", tensor(F32, 9, low=-1.0, high=1.0))
    g.add("aten::erfinv", tensor(F64, 9, low=-1.0, high=1.0))
    g.add("aten::erfinv", torch.tensor([0.0, 1.0, -1.0, 2.0, 0.999999, -0.75]))
    g.add("aten::erf", tensor(F64, 30, low=-6.0, high=6.0))
    g.add("aten::gelu", SPECIAL, "tanh")
    g.add("aten::gelu", tensor(F64, 7), "tanh")
    g.add("aten::gelu", tensor(F16, 7), "tanh", tolerance=2e-3)
    g.add("aten::logit", tensor(F32, 7, low=-0.5, high=1.5), 0.1)
    g.add("aten::hardtanh", SPECIAL, 0.0, 6.0)
    g.add("aten::hardtanh", tensor(I64, 7), -2, 4)
    g.add("aten::leaky_relu", SPECIAL, 0.25)
    g.add("aten::elu", tensor(F32, 7), 1.5, 2.0, 0.5)
    g.add("aten::celu", tensor(F32, 7), 2.0)
    g.add("aten::softplus", tensor(F32, 7), 2.0, 3.0)
    g.add("aten::nan_to_num", SPECIAL, 5.0, 6.0, -7.0)
    g.add("aten::threshold", SPECIAL, 0.5, 20.0)
    g.add("aten::threshold", tensor(I32, 7), 1, -4)
    g.add("aten::round.decimals", tensor(F32, 7), 2)
    g.add("aten::round.decimals", tensor(F64, 7, low=-300.0, high=300.0), -1)
    g.add("aten::hardshrink", tensor(F32, 7), 1.0)
    g.add("aten::softshrink", tensor(F32, 7), 1.0)
    for low, high in ((-1, 1), (-0.5, None), (None, 2), (2.5, 1.0)):
        g.add("aten::clamp", SPECIAL, low, high)
        g.add("aten::clamp", tensor(I64, 7), low, high)
        g.add("aten::clamp", tensor(F16, 7), low, high)
    g.add("aten::clamp", tensor(U8, 7), 2, 4)
    g.add("aten::clamp", tensor(F32, 3), None, None, refused=True)


SHAPES = [((3, 5), (3, 5)), ((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((), (2, 3)), ((7,), ()), ((0, 3), (1, 3)), ((), ()),
          ((2, 3, 5), (3, 1)), ((1,), (4, 1)), ((2, 1, 3, 1), (1, 2, 1, 5))]
DTYPES = [(F64, F64), (I64, I64), (I32, I64), (F32, I64), (BOOL, F32), (F16, F16), (F16, F32), (U8, I8), (BOOL, BOOL),
          (BF16, F16), (I32, I32), (U8, U8)]


def binary(g):
    names = """add.Tensor sub.Tensor rsub.Tensor mul.Tensor multiply.Tensor div.Tensor floor_divide fmod.Tensor remainder.Tensor
        pow.Tensor_Tensor maximum minimum atan2 hypot copysign.Tensor logaddexp eq.Tensor ne.Tensor lt.Tensor le.Tensor
        gt.Tensor ge.Tensor logical_and logical_or logical_xor bitwise_and.Tensor bitwise_or.Tensor bitwise_xor.Tensor
        bitwise_left_shift.Tensor bitwise_right_shift.Tensor heaviside""".split()
    special = [torch.tensor(v) for v in zip(*itertools.product([0.0, 1.0, -1.5, 3.0, NAN, INF, -INF], repeat=2))]
    for name in names:
        op = "aten::" + name
        shift = "shift" in name
        integers = "bitwise" in name
        divides = name.split(".")[0] in ("floor_divide", "fmod", "remainder")
        g.add(op, *special, quiet=True)
        for a, b in SHAPES:
            dtype = I64 if integers else F32
            g.add(op, tensor(dtype, *a), tensor(dtype, *b) + (4 if shift else 0), quiet=True)
        for a, b in DTYPES:
            right = tensor(b, 7)
            if divides and not b.is_floating_point:
                right = torch.where(right == 0, torch.ones_like(right), right)
            if shift and b != BOOL:
                right = right.abs()
            g.add(op, tensor(a, 7), right, quiet=True, tolerance=2e-3 if a == F16 else 1.6e-2 if a == BF16 else None)
        # A tensor of rank 0 promotes like a number.
        g.add(op, tensor(I64, 3), torch.tensor(2.5), quiet=True)
        g.add(op, tensor(F16, 3), torch.tensor(2.5), quiet=True, tolerance=2e-3)
        g.add(op, tensor(I8, 3), torch.tensor(3), quiet=True)
    for name in ("add.Tensor", "sub.Tensor", "rsub.Tensor"):
        g.add("aten::" + name, tensor(F32, 2, 5), tensor(F32, 5), 0.3)
        g.add("aten::" + name, tensor(I64, 5), tensor(I64, 5), 3)
        g.add("aten::" + name, tensor(F16, 5), tensor(F16, 5), 2.0)
        g.add("aten::" + name, tensor(I64, 5), tensor(I64, 5), 0.5, refused=True)
    big = torch.tensor([2**63 - 1, -(2**63), 2**62])
    g.add("aten::add.Tensor", big, big)
    g.add("aten::mul.Tensor", big.to(I32), torch.tensor([3, 5, 7], dtype=I32))
    g.add("aten::mul.Tensor", torch.tensor([100, -100], dtype=I8), torch.tensor([3, 3], dtype=I8))
    for mode in (None, "floor", "trunc"):
        for a, b in SHAPES[:6]:
            g.add("aten::div.Tensor_mode", tensor(F32, *a), tensor(F32, *b), mode)
        left, right = tensor(I64, 9), torch.tensor([1, -1, 2, -2, 3, -3, 4, -4, 5])
        g.add("aten::div.Tensor_mode", left, right, mode)
        g.add("aten::div.Tensor_mode", *special, mode)
        g.add("aten::div.Tensor_mode", tensor(F16, 5), tensor(F16, 5), mode)
        g.add("aten::div.Scalar_mode", tensor(F32, 7, high=9.0), 0.7, mode)
        g.add("aten::div.Scalar_mode", left, 3, mode)
        g.add("aten::div.Scalar_mode", left, -2.5, mode)
    for op in ("aten::fmod.Tensor", "aten::remainder.Tensor", "aten::floor_divide"):
        g.add(op, tensor(I64, 3), torch.tensor([1, 0, 2]), refused=True)
    g.add("aten::add.Tensor", tensor(F32, 2), tensor(F32, 3), refused=True)
    g.add("aten::bitwise_and.Tensor", tensor(F32, 2), tensor(F32, 2), refused=True)
    g.add("aten::bitwise_left_shift.Tensor", torch.tensor([1, -1, 5, 7]), torch.tensor([62, 63, 64, 70]))
    g.add("aten::bitwise_right_shift.Tensor", torch.tensor([-1, -9, 5, 7]), torch.tensor([1, 63, 64, 70]))
    g.add("aten::bitwise_right_shift.Tensor", torch.tensor([-1, -9, 5], dtype=I32), torch.tensor([31, 32, 40], dtype=I32))
    scalars = """add.Scalar sub.Scalar rsub.Scalar mul.Scalar div.Scalar floor_divide.Scalar fmod.Scalar remainder.Scalar
        pow.Tensor_Scalar eq.Scalar ne.Scalar lt.Scalar le.Scalar gt.Scalar ge.Scalar bitwise_and.Scalar
        bitwise_or.Scalar bitwise_xor.Scalar bitwise_left_shift.Tensor_Scalar bitwise_right_shift.Tensor_Scalar""".split()
    for name in scalars:
        op = "aten::" + name
        expected = None
        for dtype in (F32, F64, F16, BF16, I64, I32, U8, BOOL):
            for other in (2, 2.5, -1, True, 0.5):
                if name == "floor_divide.Scalar" or name.startswith("pow") and dtype == U8:
                    continue
                g.add(op, tensor(dtype, 5), other, quiet=True, tolerance={F16: 2e-3, BF16: 1.6e-2}.get(dtype))
        g.add(op, tensor(F32), 3, quiet=True)
        g.add(op, tensor(I64, 0), 3, quiet=True)
    g.add("aten::floor_divide.Scalar", tensor(F32, 5), 0.7, expected=None, quiet=True)
    g.add("aten::floor_divide.Scalar", tensor(I64, 5), 2, quiet=True)
    g.add("aten::pow.Tensor_Scalar", tensor(I64, 5), -2, refused=True)
    for exponent in (0, 3, 0.5, -0.5, -2.0, 1.7):
        g.add("aten::pow.Tensor_Scalar", tensor(F32, 5, low=0.1), exponent)
    g.add("aten::pow.Tensor_Scalar", SPECIAL, 2)
    g.add("aten::pow.Tensor_Tensor", torch.tensor([2, 1, -1, -1, 0, 3]), torch.tensor([-1, -5, -3, -4, 0, 4]))
    for base in (2, 2.5, -1.0, 1):
        g.add("aten::pow.Scalar", base, tensor(F32, 5))
        g.add("aten::pow.Scalar", base, tensor(I64, 5).abs())
    for shape in ((2, 3, 4), (2, 3), (5,), ()):
        g.add("aten::prelu", tensor(F32, *shape), torch.tensor([0.25]))
    g.add("aten::prelu", tensor(F32, 2, 3, 4), torch.tensor([0.25, -1.0, 2.0]))
    g.add("aten::prelu", tensor(F16, 2, 3), torch.tensor([0.25, -1.0, 2.0], dtype=F16))
    g.add("aten::_prelu_kernel", tensor(F32, 2, 3, 4), tensor(F32, 1, 3, 1))


def ternary(g):
    for c, a, b in (((3, 5), (3, 5), (3, 5)), ((2, 1), (3,), ()), ((4,), (3, 1), (2, 1, 4)), ((), (2,), (2,)), ((0, 2), (2,), (1,))):
        for x, y in ((F32, F32), (I64, F32), (F16, F16), (BOOL, BOOL), (F64, F64), (I32, I64), (U8, U8)):
            g.add("aten::where.self", tensor(BOOL, *c), tensor(x, *a), tensor(y, *b))
        for dtype in (F32, F64, F16, I64):
            g.add("aten::addcmul", tensor(dtype, *a), tensor(dtype, *b), tensor(dtype, *c), 2)
            g.add("aten::addcdiv", tensor(dtype, *a), tensor(dtype, *b), tensor(dtype, *c), 0.5, quiet=True)
            g.add("aten::lerp.Tensor", tensor(dtype, *a), tensor(dtype, *b), tensor(dtype, *c), quiet=True)
            g.add("aten::lerp.Scalar", tensor(dtype, *a), tensor(dtype, *b), 0.3, quiet=True)
            g.add("aten::clamp.Tensor", tensor(dtype, *a), tensor(dtype, *b), tensor(dtype, *c))
            g.add("aten::clamp.Tensor", tensor(dtype, *a), tensor(dtype, *b), None)
            g.add("aten::clamp.Tensor", tensor(dtype, *a), None, tensor(dtype, *b))
            g.add("aten::masked_fill.Scalar", tensor(dtype, *a), tensor(BOOL, *c), 2)
            g.add("aten::masked_fill.Tensor", tensor(dtype, *a), tensor(BOOL, *c), torch.tensor(2, dtype=dtype))
    g.add("aten::masked_fill.Scalar", tensor(F32, 2, 3), tensor(BOOL, 3), -INF)
    g.add("aten::clamp.Tensor", torch.tensor([NAN, 1.0, 2.0]), torch.tensor([0.0, NAN, 1.0]), torch.tensor([1.0, 1.0, NAN]))
    for shape, dim in (((4,), 0), ((2, 6), -1), ((2, 4, 3), 1), ((0, 2), 1)):
        g.add("aten::glu", tensor(F32, *shape), dim)
        g.add("aten::glu", tensor(F16, *shape), dim, tolerance=2e-3)
    g.add("aten::glu", tensor(F32, 3), 0, refused=True)


def creation(g):
    for value in (2, 2.5, True):
        g.add("aten::full", [2, 3], value)
        g.add("aten::full", [], value)
        for dtype in (F32, F16, BF16, I64, I32, U8, BOOL, F64):
            g.add("aten::full", [3], value, dtype)
            g.add("aten::scalar_tensor", value, dtype)
            g.add("aten::full_like", tensor(F32, 2, 0), value, dtype)
            g.add("aten::fill.Scalar", tensor(dtype, 2, 3), value)
            g.add("aten::fill.Tensor", tensor(dtype, 2, 3), torch.tensor(value))
        g.add("aten::full_like", tensor(I32, 2, 1), value)
        g.add("aten::scalar_tensor", value)
        g.add("aten::new_full", tensor(F16, 1), [2], value)
    for name in ("zeros", "ones"):
        g.add("aten::" + name, [2, 0, 3])
        g.add("aten::" + name, [2, 3], I32)
        g.add("aten::" + name + "_like", tensor(F16, 3, 2))
        g.add("aten::" + name + "_like", tensor(F32, 3), BOOL)
        g.add("aten::new_" + name, tensor(F64, 1), [2, 2])
    for args in ((5,), (5.5,), (0,), (3, F32), (2.5, I64), (7, I32)):
        g.add("aten::arange", *args)
    for args in ((1, 8), (1, 8, 3), (0.5, 3.25, 0.25), (5, -3, -2), (2, 2), (1, 5, 1, F32), (0, 1, 0.1), (0, 1, 0.1, F64), (0, 6, 1, F16)):
        g.add("aten::arange.start_step", *args)
    g.add("aten::arange.start_step", 5, 1, 1, refused=True)
    g.add("aten::eye", 3)
    g.add("aten::eye.m", 2, 4, I64)
    g.add("aten::eye.m", 4, 2)
    source = [SPECIAL[:12], tensor(F64, 7), tensor(F16, 7), tensor(BF16, 7), tensor(I64, 7), tensor(I32, 2, 3), tensor(BOOL, 5), tensor(F32),
              tensor(F32, 0), tensor(I16, 3), tensor(I8, 3)]
    for x in source:
        for dtype in (F32, F64, F16, BF16, I64, I32, I16, I8, BOOL):
            if x.dtype.is_floating_point and dtype in (I16, I8) and x.numel() > 10:
                continue
            g.add("aten::_to_copy", x, dtype)
            g.add("dim_order_ops::_to_dim_order_copy", x, False, None, dtype, expected=lambda: x.to(dtype))
    g.add("aten::_to_copy", torch.tensor([2**24 + 1, 2**53 + 1, -(2**62) - 1]), F32)
    g.add("aten::_to_copy", torch.tensor([300, -300, 70000]), U8)
    g.add("aten::_to_copy", torch.tensor([1.00048828125, 1.0014648, 65519.0, 65520.0, 6e-8, 1e-9]), F16)
    g.add("aten::_to_copy", torch.tensor([1.00390625, 1.01171875, 3.4e38, 1e-40]), BF16)
    g.add("aten::copy", tensor(F32, 2, 3), tensor(F32, 2, 3))
    g.add("aten::copy", tensor(F32, 2, 3), tensor(I64, 3))
    g.add("aten::copy", tensor(I32, 2, 3), tensor(F32, 2, 1))
    g.add("aten::copy", tensor(I32, 2, 3), tensor(F32))
    g.add("aten::copy", tensor(I32, 3), tensor(I32, 2, 3), refused=True)
    for name in ("clone", "alias_copy", "detach_copy", "lift_fresh_copy"):
        g.add("aten::" + name, tensor(F32, 2, 3))
        g.add("aten::" + name, tensor(BOOL))
    x = tensor(F32, 2, 3)
    g.add("dim_order_ops::_clone_dim_order", x, expected=lambda: x)
    g.add("aten::contiguous", x)


def layout(g):
    x = tensor(F32, 2, 3, 4)
    h = tensor(F16, 2, 3, 4)
    b = tensor(BOOL, 3, 5)
    l = tensor(I64, 5, 2)
    for size in ([6, 4], [-1], [2, -1, 2], [2, 3, 4], [24, 1]):
        g.add("aten::view_copy", x, size)
        g.add("aten::reshape", x, size)
        g.add("executorch_prim::et_view", x, size, expected=lambda: x.view(size))
    g.add("aten::view_copy", tensor(F32), [1, 1])
    g.add("aten::view_copy", tensor(F32, 0, 3), [3, 0])
    g.add("aten::view_copy", x, [5, -1], refused=True)
    g.add("aten::flatten.using_ints", x)
    g.add("aten::flatten.using_ints", x, 1, 2)
    g.add("aten::flatten.using_ints", tensor(F32))
    for dim in (0, 1, -1, 3):
        g.add("aten::unsqueeze_copy", x, dim)
    g.add("aten::unsqueeze", tensor(F32), 0)
    s = tensor(F32, 1, 3, 1)
    for dim in (0, 1, -1):
        g.add("aten::squeeze_copy.dim", s, dim)
        g.add("aten::squeeze_copy.dims", s, [dim])
    g.add("aten::squeeze_copy.dims", s, [0, 2])
    g.add("aten::squeeze_copy.dims", s, [0, 3], refused=True)
    for source, size in ((s, [4, 3, 5]), (s, [2, 1, 3, 2]), (s, [-1, -1, 2]), (tensor(F32), [2, 3]), (x, [2, 3, 4]), (s, [0, 3, 1]), (tensor(BOOL, 2, 1), [2, 7])):
        g.add("aten::expand_copy", source, size)
    g.add("aten::expand_copy", x, [2, 4, 4], refused=True)
    for dims in ([0, 2, 1], [2, 1, 0], [1, 0, 2], [-1, 0, 1], [0, 1, 2]):
        g.add("aten::permute_copy", x, dims)
        g.add("aten::permute_copy", h, dims)
    g.add("aten::permute_copy", s, [1, 0, 2])
    g.add("aten::permute_copy", tensor(U8, 2, 3, 4, 5), [0, 2, 3, 1])
    g.add("aten::permute_copy", tensor(F64, 2, 3, 4, 5), [0, 3, 1, 2])
    g.add("aten::permute_copy", tensor(F32), [])
    g.add("aten::permute_copy", x, [0, 0, 1], refused=True)
    for d0, d1 in ((0, 1), (-1, 1), (2, 2)):
        g.add("aten::transpose_copy.int", x, d0, d1)
    g.add("aten::t_copy", b)
    g.add("aten::t_copy", tensor(F32, 3))
    for args in ((0, 1), (1, 0, 2), (2, 1, 2**63 - 1, 2), (2, -3, -1), (1, None, None, 2), (1, 2, 1), (-1, -100, 100), (0, 5, 9), (1, 0, 3)):
        g.add("aten::slice_copy.Tensor", x, *args)
    g.add("aten::slice_copy.Tensor", l, 0, 1, 5, 3)
    g.add("aten::slice_copy.Tensor", x, 0, 0, 1, 0, refused=True)
    g.add("aten::slice_copy.Tensor", x, 3, 0, 1, 1, refused=True)
    for dim, index in ((0, 1), (1, -1), (2, 2), (-1, 0)):
        g.add("aten::select_copy.int", x, dim, index)
    g.add("aten::select_copy.int", x, 1, 3, refused=True)
    g.add("aten::narrow_copy", x, 1, 1, 2)
    g.add("aten::narrow_copy", x, -1, -3, 2)
    g.add("aten::narrow_copy", x, 1, 2, 2, refused=True)
    g.add("aten::as_strided_copy", x, [2, 3], [1, 5], 2)
    g.add("aten::as_strided_copy", x, [3, 3], [2, 2])
    g.add("aten::as_strided_copy", x, [3, 3], [12, 2], 0, refused=True)
    g.add("aten::unfold_copy", x, 2, 2, 1)
    g.add("aten::unfold_copy", x, 0, 1, 3)
    g.add("aten::unfold_copy", l, -2, 3, 2)
    for offset, d1, d2 in ((0, 0, 1), (1, 1, 2), (-1, 0, 2), (2, 2, 0), (9, 0, 1)):
        g.add("aten::diagonal_copy", x, offset, d1, d2)
    for dims in ([0], [1, 2], [-1], []):
        g.add("aten::flip", x, dims)
        g.add("aten::flip", h, dims)
    for repeats in ([1, 1, 1], [2, 1, 3], [2, 1, 2, 1], [0, 1, 1]):
        g.add("aten::repeat", x, repeats)
    g.add("aten::repeat", tensor(F32), [3])
    for shifts, dims in (([1], [0]), ([-2], [2]), ([1, 2], [1, 2]), ([5], []), ([7, 1], [-1, 0])):
        g.add("aten::roll", x, shifts, dims)
    g.add("aten::roll", tensor(F32, 0), [1], [0])
    for shape in ((2, 8, 3, 5), (4, 2, 2), (1, 2, 4, 1, 3)):
        g.add("aten::pixel_shuffle", tensor(F32, *shape), 2)
    for shape in ((2, 3, 4, 6), (1, 2, 2)):
        g.add("aten::pixel_unshuffle", tensor(F32, *shape), 2)
    for d in (0, 1, -1, 5, -5):
        for t in (b, x):
            g.add("aten::tril", t, d)
            g.add("aten::triu", t, d)
    for size, dim in ((1, 0), (2, 1), (3, -1), (9, 2)):
        g.add("aten::split_copy.Tensor", x, size, dim)
        g.add("aten::unsafe_split.Tensor", x, size, dim)
    g.add("aten::split_with_sizes_copy", x, [1, 2], 1)
    g.add("aten::split_with_sizes_copy", x, [1, 0, 3], -1)
    g.add("aten::split_with_sizes_copy", x, [1, 1], 1, refused=True)
    for dim in (0, 1, -1):
        g.add("aten::unbind_copy.int", x, dim)
    y = tensor(F32, 2, 5, 4)
    g.add("aten::cat", [x, y], 1)
    g.add("aten::cat", [x, x, x], -1)
    g.add("aten::cat", [x, tensor(F32, 0)], 1)
    g.add("aten::cat", [tensor(F32, 0), x, tensor(F32, 0)], 0)
    g.add("aten::cat", [tensor(F32, 0, 4), tensor(F32, 3, 4)])
    g.add("aten::cat", [tensor(F32, 2, 3), tensor(I64, 2, 2), tensor(F16, 2, 1)], 1)
    g.add("aten::cat", [tensor(I32, 2), tensor(I64, 3)])
    g.add("aten::cat", [tensor(F32, 0), tensor(F32, 0)])
    g.add("aten::cat", [x, y], 0, refused=True)
    for dim in (0, 1, -1):
        g.add("aten::stack", [b, b, ~b], dim)
    g.add("aten::stack", [tensor(F32), tensor(F32)])
    for pad, value in (([1, 2], 0.5), ([1, 0, 2, 1], 0), ([-1, 1], 3), ([0, 0, -1, -1], 0), ([1, 1, 1, 1, 1, 1], -INF), ([-2, 3, 1, -1], 1.5), ([0, 0], 0)):
        g.add("aten::constant_pad_nd", x, pad, value)
    g.add("aten::constant_pad_nd", l, [1, 1], 7)
    g.add("aten::constant_pad_nd", b, [1, 1], True)
    for kind in ("reflection", "replication"):
        op = "aten::" + kind + "_pad"
        g.add(op + "1d", tensor(F32, 2, 5), [2, 3])
        g.add(op + "1d", tensor(F32, 2, 3, 5), [4, 0])
        g.add(op + "1d", tensor(F32, 2, 5), [-1, 2])
        g.add(op + "2d", tensor(F32, 2, 4, 5), [1, 2, 3, 0])
        g.add(op + "2d", tensor(F32, 2, 1, 4, 5), [2, 2, 1, 1])
        g.add(op + "2d", tensor(F32, 2, 4, 5), [-1, 2, 3, -2])
        g.add(op + "3d", tensor(F32, 2, 2, 3, 4), [1, 2, 2, 0, 1, 1])
        g.add(op + "3d", tensor(F64, 1, 2, 2, 3, 4), [0, 2, 1, 0, 1, 1])
    g.add("aten::reflection_pad1d", tensor(F32, 2, 3), [3, 0], refused=True)
    for dim, start, end, step in ((1, 0, 2, 1), (0, None, None, 1), (2, 0, 4, 2), (-1, -3, -1, 1)):
        part = torch.ops.aten.slice_copy.Tensor(x, dim, start, end, step)
        g.add("aten::slice_scatter", x, tensor(F32, *part.shape), dim, start, end, step)
    g.add("aten::slice_scatter", x, tensor(F32, 2, 3, 3), 2, 0, 2, 1, refused=True)
    g.add("aten::select_scatter", x, tensor(F32, 2, 4), 1, -2)
    g.add("aten::select_scatter", x, tensor(F32, 3, 4), 0, 1)
    to, row = tensor(F32, 4, 2, 3), tensor(F32, 2, 3)
    g.add("executorch_prim::et_copy_index", to, row, 2, expected=lambda: torch.select_scatter(to, row, 0, 2))
    g.add("executorch_prim::et_copy_index", to, row, 4, expected=lambda: torch.cat([to, row[None]]))
    value, cache = tensor(F32, 2, 3, 2, 4), tensor(F32, 2, 8, 2, 4)
    g.add("llama::update_cache", value, cache, 4, expected=lambda: torch.slice_scatter(cache, value, 1, 4, 7))
    g.add("llama::update_cache", value, cache, 6, refused=True)
    places = torch.tensor([[0, 7, 3], [2, 1, 5]])

    def updated():
        result = cache.clone()
        result[torch.arange(2)[:, None], places] = value
        return result

    g.add("llama::update_cache_with_indices", value, cache, 0, places, expected=updated)


def indexing(g):
    x = tensor(F32, 3, 4, 5)
    i0, i1 = torch.tensor([0, 2, -1]), torch.tensor([[1], [3]])
    m1, m2 = torch.tensor([True, False, True]), tensor(BOOL, 3, 4)
    none = torch.zeros(3, dtype=BOOL)
    lists = [[i0], [None, i0], [None, None, i0], [i0, i1], [i0, None, i0], [None, i1, i0], [i0.int(), None, i1], [m1], [m2], [None, tensor(BOOL, 4, 5)],
             [m1, None, torch.tensor([2])], [m1, torch.tensor([1, 2])], [m2, torch.tensor([4])], [none], [none, None, torch.tensor([0])], [torch.tensor(1)],
             [torch.tensor(1), None, torch.tensor(2)], [torch.zeros(0, dtype=I64)], [None, torch.tensor([[0, 1], [2, 3]])], [tensor(BOOL, 3, 4, 5)],
             [m1, torch.tensor([[0, 1], [2, 3], [1, 1]])], [torch.tensor([True, False, False]), torch.tensor([0, 1, 2])],
             [torch.tensor(0), torch.tensor([1]), torch.tensor([2])]]
    for indices in lists:
        g.add("aten::index.Tensor", x, indices)
        shape = torch.ops.aten.index.Tensor(x, indices).shape
        for accumulate in (False, True):
            g.add("aten::index_put", x, indices, tensor(F32, *shape), accumulate, quiet=True)
            g.add("aten::index_put", x, indices, tensor(F32), accumulate)
            if len(shape) > 1:
                g.add("aten::index_put", x, indices, tensor(F32, *shape[1:]), accumulate)
    g.add("aten::index.Tensor", x, [torch.tensor([3])], refused=True)
    g.add("aten::index.Tensor", x, [None, torch.tensor([-5])], refused=True)
    g.add("aten::index.Tensor", x, [torch.tensor([True, False])], refused=True)
    g.add("aten::index.Tensor", tensor(F16, 5), [torch.tensor([4, 0])])
    g.add("aten::index_put", tensor(I64, 5), [torch.tensor([1, 1, 2])], torch.tensor([3, 4, 5]), True)
    g.add("aten::index_put", tensor(F16, 5), [torch.tensor([1, 1, 2])], tensor(F16, 3), True)
    g.add("aten::index_put", tensor(BOOL, 5), [torch.tensor([1, 3])], torch.tensor(True))
    for dim, index in ((0, [2, 0]), (1, [3, 3, 1]), (-1, []), (2, [4])):
        for dtype in (I64, I32):
            g.add("aten::index_select", x, dim, torch.tensor(index, dtype=dtype))
    g.add("aten::index_select", tensor(F32), 0, torch.tensor([0]))
    g.add("aten::index_select", x, 1, torch.tensor(2))
    g.add("aten::index_select", x, 1, torch.tensor([4]), refused=True)
    g.add("aten::index_select", x, 1, torch.tensor([-1]), refused=True)
    weight = tensor(F32, 7, 3)
    for index in (torch.tensor([6, 0, 2]), torch.tensor(3), torch.tensor([[1, 2], [3, 4]], dtype=I32), torch.zeros(0, 2, dtype=I64)):
        g.add("aten::embedding", weight, index)
        g.add("aten::embedding", tensor(F16, 7, 3), index, 2)
    g.add("aten::embedding", weight, torch.tensor([7]), refused=True)
    for dim in (0, 1, -1):
        index = torch.randint(0, 3, (2, 3, 3))
        g.add("aten::gather", x, dim, index)
        g.add("aten::scatter.src", x, dim, torch.randperm(3)[:, None, None].expand(3, 1, 1) if dim == 0 else index[:, :1, :1], tensor(F32, 3, 4, 5))
        g.add("aten::scatter.value", x, dim, index, 9.5)
        g.add("aten::scatter_add", x, dim, index, tensor(F32, 3, 3, 4))
        for reduce in ("sum", "prod", "amax", "amin", "mean"):
            for include in (True, False):
                g.add("aten::scatter_reduce.two", x, dim, index, tensor(F32, 3, 3, 4), reduce, include)
                g.add("aten::scatter_reduce.two", tensor(I64, 3, 4, 5), dim, index, tensor(I64, 3, 3, 4), reduce, include)
    g.add("aten::gather", tensor(I32, 5), 0, torch.tensor([4, 4, 0]))
    g.add("aten::gather", tensor(F32), 0, torch.tensor(0))
    g.add("aten::gather", x, 1, torch.zeros(3, 0, 5, dtype=I64))
    g.add("aten::gather", x, 1, torch.tensor([[[4]]]), refused=True)
    g.add("aten::scatter.value", tensor(I64, 5), 0, torch.tensor([1, 1]), 7)
    g.add("aten::scatter_add", tensor(I32, 5), 0, torch.tensor([1, 1, 0]), tensor(I32, 3))
    g.add("aten::scatter_add", x, 0, torch.tensor([[[-1]]]), x, refused=True)
    for dim, index in ((0, [2, 0]), (1, [3, 1, 0]), (-1, [4])):
        shape = list(x.shape)
        shape[dim] = len(index)
        g.add("aten::index_copy", x, dim, torch.tensor(index), tensor(F32, *shape))
        g.add("aten::index_add", x, dim, torch.tensor(index), tensor(F32, *shape), 0.5)
    g.add("aten::index_add", tensor(I64, 5), 0, torch.tensor([1, 1]), torch.tensor([3, 4]), 2)
    g.add("aten::index_add", tensor(F32, 5), 0, torch.tensor([1, 5]), tensor(F32, 2), refused=True)
    for t in (m2, tensor(F32, 5).round(), tensor(I64, 2, 2, 3) // 4, torch.tensor(True), torch.tensor(0), tensor(F32, 0, 3), torch.zeros(3)):
        g.add("aten::nonzero", t)
    for a, m in (((3, 4), (3, 4)), ((3, 4), (4,)), ((4,), (3, 1)), ((), (3,)), ((0,), (0,))):
        g.add("aten::masked_select", tensor(F32, *a), tensor(BOOL, *m))
        g.add("aten::masked_select", tensor(I64, *a), tensor(BOOL, *m))
        g.add("aten::masked_scatter", tensor(F32, *a), tensor(BOOL, *m), tensor(F32, 20))
    g.add("aten::masked_scatter", tensor(F32, 3), torch.tensor([True] * 3), tensor(F32, 2), refused=True)
    g.add("aten::repeat_interleave.Tensor", torch.tensor([1, 0, 3]), 4)
    g.add("aten::repeat_interleave.Tensor", torch.tensor([2, 1], dtype=I32), 3)
    g.add("aten::repeat_interleave.Tensor", torch.tensor([2, -1]), 3, refused=True)


def further(g):
    """Operators that ExecuTorch exports and has no kernel of."""
    ties = torch.tensor([[1.0, 3.0, 3.0, -2.0, NAN, 5.0, 1.0], [2.0, 2.0, -1.0, INF, 1.0, 2.0, -INF]])
    x, l = tensor(F32, 3, 4, 5), tensor(I64, 4, 6)
    for op in ("aten::cummax", "aten::cummin", "aten::logcumsumexp"):
        for dim in (0, 1, -1):
            g.add(op, ties, dim)
            g.add(op, x, dim)
            g.add(op, l, dim, quiet=True)
        g.add(op, tensor(F32), 0)
        g.add(op, tensor(F32, 2, 0), 1)
        g.add(op, tensor(BOOL, 5), 0, quiet=True)
        g.add(op, x, 3, refused=True)
    g.add("aten::logcumsumexp", l, 0, refused=True)
    for k in (1, 2, 3):
        for dim in (0, 1, -1):
            g.add("aten::kthvalue", x, k, dim, True)
        g.add("aten::kthvalue", torch.tensor([9, 4, 7, 1]), k)
    g.add("aten::kthvalue", tensor(F32), 1)
    g.add("aten::kthvalue", x, 6, 2, refused=True)
    for t in (ties[1], torch.tensor([3, 1, 3, 1, 2]), torch.tensor([[0, 1, 1], [2, 2, 1]]), tensor(BOOL, 5), tensor(F32, 4, 3).round()):
        g.add("aten::mode", t)
        g.add("aten::mode", t, 0, True)
    for t in (ties, torch.full((3,), NAN), tensor(F32, 5), tensor(F32), l):
        g.add("aten::nanmedian", t)
    g.add("aten::nanmedian", tensor(F32, 0))
    for t in (ties, x):
        for dim in (0, 1):
            g.add("aten::nanmedian.dim", t, dim)
    bounds = torch.tensor([-1.5, 0.0, 0.0, 2.0])
    for value in (-2.0, 0.0, 0, 1.5, 2, 7.5, NAN):
        for right in (False, True):
            g.add("aten::bucketize.Scalar", value, bounds, False, right)
            g.add("aten::searchsorted.Scalar", bounds, value, True, right)
        g.add("aten::searchsorted.Scalar", torch.tensor([1, 3, 5]), value, quiet=True)
    g.add("aten::searchsorted.Scalar", torch.tensor([3, 1, 5]), 3, False, False, "right", torch.tensor([1, 0, 2]))
    for a, b in SHAPES:
        for dtype in (I64, I32, I8, U8):
            g.add("aten::gcd", tensor(dtype, *a, high=30.0), tensor(dtype, *b, high=20.0))
            g.add("aten::lcm", tensor(dtype, *a, high=3.0), tensor(dtype, *b, high=3.0))
    g.add("aten::gcd", tensor(BOOL, 2), tensor(BOOL, 2), refused=True)
    g.add("aten::lcm", tensor(F32, 2), tensor(F32, 2), refused=True)
    for name in ("and", "or", "xor", "left_shift", "right_shift"):
        for dtype in (I64, I32, U8, BOOL):
            for value in (5, -7, True):
                g.add(f"aten::bitwise_{name}.Scalar_Tensor", value, tensor(dtype, 7).abs() if dtype != BOOL else tensor(dtype, 7), quiet=True)
    for value in (7, -7, 5.5, -0.5):
        g.add("aten::remainder.Scalar_Tensor", value, torch.tensor([1, -2, 3, -4, 5]))
        g.add("aten::remainder.Scalar_Tensor", value, SPECIAL)
        g.add("aten::remainder.Scalar_Tensor", value, tensor(F16, 5), tolerance=2e-3)
    poles = torch.tensor([0.0, -0.0, -1.0, -2.0, 1.0, 2.0, 0.5, -0.5, -1.5, -2.25, 3.75, 10.5, 60.0, INF, NAN])
    for op in ("aten::lgamma", "aten::digamma"):
        g.add(op, poles)
        g.add(op, poles.double()[4:-2])
        g.add(op, tensor(F32, 3, 4, high=20.0, low=0.01), tolerance=1e-5)
        g.add(op, tensor(F16, 5, low=1.0), tolerance=4e-3)
        g.add(op, tensor(I64, 5, low=1.0))
    g.add("aten::angle", SPECIAL)
    g.add("aten::angle", l)
    for reduce in ("add", "multiply"):
        for dim in (0, 1, -1):
            index = torch.randint(0, 3, (2, 3, 3))
            for dtype in (F32, I64, F16):
                g.add("aten::scatter.reduce", tensor(dtype, 3, 4, 5), dim, index, tensor(dtype, 3, 3, 4), reduce, tolerance=4e-3 if dtype == F16 else None)
                g.add("aten::scatter.value_reduce", tensor(dtype, 3, 4, 5), dim, index, 2, reduce, tolerance=4e-3 if dtype == F16 else None)
    g.add("aten::scatter.reduce", x, 0, torch.tensor([[[3]]]), x, "add", refused=True)
    g.add("aten::scatter.reduce", x, 0, torch.tensor([[[1]]]), x, "max", refused=True)
    plain = torch.tensor([3.0, -1.0, 3.0, 3.0, -0.0, 0.0, -1.0])
    for t in (plain, tensor(I64, 3, 4), tensor(BOOL, 5), tensor(F32, 0), tensor(F32), tensor(F16, 9).round(), tensor(U8, 9)):
        for inverse in (False, True):
            for counts in (False, True):
                g.add("aten::_unique2", t, True, inverse, counts)
                if t.numel() or t.dim() == 1:
                    g.add("aten::unique_consecutive", t, inverse, counts)
    for args in ((10, -3.0, 3.0), (4, 0, 0), (7, -1, 2)):
        g.add("aten::histc", tensor(F32, 40), *args)
        g.add("aten::histc", tensor(F64, 3, 4), *args)
    g.add("aten::histc", torch.tensor([1.0, NAN, 2.0, 5.0]), 4, 0, 5)
    g.add("aten::histc", torch.full((3,), 2.0), 4)
    g.add("aten::histc", torch.tensor([1.0, INF]), 4, refused=True)
    g.add("aten::histc", tensor(F32, 3), 4, 2, 1, refused=True)
    for t in (torch.tensor([1, 4, 1, 0]), torch.tensor([2, 2], dtype=U8), tensor(I64, 0)):
        g.add("aten::bincount", t)
        g.add("aten::bincount", t, None, 7)
        for dtype in (F32, F64, I64):
            g.add("aten::bincount", t, tensor(dtype, len(t)))
    for t in (tensor(F32, 2, 5).round(), tensor(BOOL, 3, 4), torch.tensor(1.0), torch.tensor(0)):
        for size in (0, 3, 20):
            g.add("aten::nonzero_static", t, size)
            g.add("aten::nonzero_static", t, size, 7)
    for args in ((3, 4), (4, 3, 1), (4, 3, -2), (3, 3, 5), (3, 3, -5), (0, 2), (2, 0)):
        g.add("aten::tril_indices", *args)
        g.add("aten::triu_indices", *args)
    g.add("aten::tril_indices", 3, 3, 0, I32)
    matrix, vector = tensor(F32, 3, 4), tensor(F32, 4)
    for addend in (tensor(F32, 3), tensor(F32, 1), tensor(F32)):
        g.add("aten::addmv", addend, matrix, vector)
        g.add("aten::addmv", addend, matrix, vector, 0.5, 2)
    g.add("aten::addmv", torch.full((3,), NAN), matrix, vector, 0, 1)
    g.add("aten::addmv", tensor(I64, 3), tensor(I64, 3, 4), tensor(I64, 4), 2, 3)
    g.add("aten::addmv", tensor(F32, 4), matrix, vector, refused=True)
    for dtype in (F32, F64):
        for name in ("complex", "polar"):
            g.add("aten::" + name, tensor(dtype, 2, 3), tensor(dtype, 3))
            g.add("aten::" + name, tensor(dtype), tensor(dtype))
        g.add("aten::complex", tensor(dtype, 3), tensor(I64, 3), refused=True)
    for align in (False, True):
        for size in ([7], [3], [12]):
            g.add("aten::upsample_linear1d", tensor(F32, 2, 3, 5), size, align)
            g.add("aten::upsample_linear1d", tensor(F32, 1, 2, 5), size, align, size[0] / 5)
        for size in ([7, 3], [2, 9]):
            g.add("aten::upsample_bicubic2d", tensor(F32, 1, 2, 4, 5), size, align, tolerance=2e-5)
        g.add("aten::upsample_trilinear3d", tensor(F32, 1, 2, 2, 3, 4), [3, 5, 2], align)
        g.add("aten::upsample_trilinear3d", tensor(F64, 1, 1, 2, 3, 4), [4, 6, 8], align, 2.0, 2.0, 2.0)
    for size in ([3, 5, 2], [4, 6, 8]):
        g.add("aten::upsample_nearest3d", tensor(F32, 1, 2, 2, 3, 4), size)
        g.add("aten::upsample_nearest3d", tensor(F32, 1, 2, 2, 3, 4), [4, 6, 8], 2.0, 2.0, 2.0)


def edges(g):
    """Ends of the integers' ranges, NaNs among numbers, dimensions of size 0."""
    for dtype in (U8, I8, I16, I32, I64):
        least, most = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        a = torch.tensor([least, least, most, most, most, 7], dtype=dtype)
        b = torch.tensor([most, 1, most, 2, 3, 5], dtype=dtype)
        for name in ("add.Tensor", "sub.Tensor", "rsub.Tensor", "mul.Tensor", "div.Tensor", "floor_divide", "fmod.Tensor", "remainder.Tensor",
                     "maximum", "minimum", "eq.Tensor", "lt.Tensor", "ge.Tensor", "bitwise_and.Tensor", "bitwise_xor.Tensor", "atan2"):
            g.add("aten::" + name, a, b, quiet=True)
        g.add("aten::pow.Tensor_Scalar", a, 3, quiet=True)
        for name in ("abs", "neg", "sign", "bitwise_not", "relu", "square", "logical_not"):
            g.add("aten::" + name, a, quiet=True)
        bits = torch.iinfo(dtype).bits
        by = torch.tensor([0, 1, bits - 1, bits, bits + 1, 100], dtype=dtype)
        for direction in ("left", "right"):
            g.add(f"aten::bitwise_{direction}_shift.Tensor", a, by)
            g.add(f"aten::bitwise_{direction}_shift.Tensor", torch.full_like(a, 5), by)
            g.add(f"aten::bitwise_{direction}_shift.Tensor_Scalar", a, bits)
        g.add("aten::clamp", a, 0, 6)
        g.add("aten::sum.dim_IntList", a, [0])
        g.add("aten::cumsum", a, 0)
        g.add("aten::prod", a)
        g.add("aten::mean.dim", a, [0], False, F32)
        for largest in (True, False):
            g.add("aten::topk", torch.tensor([5, most, least, 1, 3], dtype=dtype), 2, 0, largest)
            g.add("aten::sort", torch.tensor([5, most, least, 1, 3], dtype=dtype), 0, largest)
        for op in ("aten::amax", "aten::argmax", "aten::argmin", "aten::amin"):
            g.add(op, torch.tensor([5, most, least, 1, 3], dtype=dtype))
        for real_dtype in (F32, F64):
            g.add("aten::_to_copy", a, real_dtype)
    for dtype in (I8, I16):
        least = torch.tensor([torch.iinfo(dtype).min], dtype=dtype)
        for op in ("aten::floor_divide", "aten::fmod.Tensor", "aten::remainder.Tensor"):
            g.add(op, least, torch.tensor([-1], dtype=dtype))
    for dtype in (F32, F64, F16, BF16):
        x = torch.tensor([[1.0, NAN, 3.0], [INF, 2.0, -INF], [-0.0, 0.0, -1.0], [NAN, INF, NAN]], dtype=dtype)
        for op in ("amax", "amin"):
            g.add("aten::" + op, x, [1])
            g.add("aten::" + op, x)
        for op in ("argmax", "argmin", "max.dim", "min.dim", "cummax", "cummin", "cumsum", "logcumsumexp", "median.dim"):
            g.add("aten::" + op, x, 1)
        for descending in (True, False):
            g.add("aten::sort", x, 1, descending)
            g.add("aten::topk", x, 2, 1, descending)
        for op in ("max", "min", "median", "any", "all"):
            g.add("aten::" + op, x)
        g.add("aten::sum.dim_IntList", x, [1])
        g.add("aten::mean.dim", x, [1])
        g.add("aten::logsumexp", x, [1])
        g.add("aten::_softmax", x, 1, False)
        g.add("aten::clamp", x, -1.0, 1.0)
        g.add("aten::clamp.Tensor", x, torch.full((3,), NAN, dtype=dtype), None)
        g.add("aten::round", torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, NAN, INF], dtype=dtype))
        g.add("aten::round.decimals", torch.tensor([0.125, 2.5, -1.25, 0.05], dtype=dtype), 1)
        g.add("aten::round.decimals", torch.tensor([25.0, 35.0, -15.0, 149.0], dtype=dtype), -1)
        g.add("aten::nan_to_num", x)
        g.add("aten::sign", x)
        for zero in (0.0, -0.0):
            for name in ("div.Tensor", "floor_divide", "fmod.Tensor", "remainder.Tensor"):
                g.add("aten::" + name, x, torch.tensor(zero, dtype=dtype))
        g.add("aten::_to_copy", torch.tensor([-1.9, 1.9, -0.5], dtype=dtype), I32)
        g.add("aten::_to_copy", x, BOOL)
    for shape, dims in (((0, 3), [0]), ((0, 3), [1]), ((2, 0, 3), [1]), ((0,), [0])):
        e = tensor(F32, *shape)
        for op in ("aten::sum.dim_IntList", "aten::mean.dim", "aten::logsumexp"):
            g.add(op, e, dims)
        g.add("aten::amax", e, dims, quiet=True)
        g.add("aten::any.dims", e, dims)
        g.add("aten::all.dims", e, dims)
        for op in ("cumsum", "cummax", "prod.dim_int", "argmax", "max.dim", "sort", "unbind_copy.int"):
            g.add("aten::" + op, e, dims[0], quiet=True)
        g.add("aten::_softmax", e, dims[0], False)
        g.add("aten::topk", e, 0, dims[0])
        g.add("aten::flip", e, dims)
        g.add("aten::relu", e)
        g.add("aten::index_select", e, dims[0], torch.zeros(0, dtype=I64))
        g.add("aten::nonzero", e)
    for a, b in (((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0))):
        g.add("aten::mm", tensor(F32, *a), tensor(F32, *b))
        g.add("aten::addmm", tensor(F32, b[1]), tensor(F32, *a), tensor(F32, *b))
        g.add("aten::bmm", tensor(F32, 2, *a), tensor(F32, 2, *b))
    g.add("aten::convolution", tensor(F32, 0, 3, 5, 5), tensor(F32, 2, 3, 3, 3), tensor(F32, 2), [1, 1], [1, 1], [1, 1], False, [0, 0], 1)
    g.add("aten::native_layer_norm", tensor(F32, 0, 4), [4], tensor(F32, 4), tensor(F32, 4), 1e-5)
    g.add("aten::max_pool2d_with_indices", tensor(F32, 0, 2, 4, 4), [2, 2])
    g.add("aten::constant_pad_nd", tensor(F32, 0, 2), [1, 1], 2.0)
    g.add("aten::constant_pad_nd", tensor(F32, 2, 0), [1, 1], 2.0)
    g.add("aten::repeat", tensor(F32, 2, 0), [2, 3])
    g.add("aten::stack", [tensor(F32, 0), tensor(F32, 0)])


if __name__ == "__main__":
    for family in (unary, binary, ternary, creation, layout, indexing, further, edges):
        goldens = Goldens(family.__name__)
        family(goldens)
        goldens.write()
