#!/usr/bin/env python3
"""Writes runtime/src/test/resources/kernels/*.jsonl.gz: calls of operators with PyTorch's results.

One JSON object a line: op (a functional name of the vocabulary), args (in the order of its
parameters: a tensor is {dtype, shape, data}, a real {float}, others are plain JSON), results (tensors;
null where the call must be refused), tolerance (relative, optional). Reals are hexadecimal.

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

    def add(self, op, *args, expected=None, refused=False, quiet=False, tolerance=None):
        """One call. `expected` replaces PyTorch where it lacks the operator; `quiet` drops the call if PyTorch refuses."""
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


if __name__ == "__main__":
    for family in (unary, binary, ternary, creation, layout, indexing):
        goldens = Goldens(family.__name__)
        family(goldens)
        goldens.write()
