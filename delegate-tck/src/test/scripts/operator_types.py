"""Makes cases of operators by type and shape: operator_types.py OUT [RESOURCES]

OUT/types/CASE is a case folder (see models/README.md) for common operators in each floating point and integer type, and for
shapes that are easily forgotten: no dimensions, one element, six dimensions, lengths that no vector divides, no elements; and quantized to
int8 as PyTorch's exporter does, with fixed parameters and with such that are chosen at each call.
Expected is what PyTorch answers; case.json says what ExecuTorch's runtime did. NPY has no bfloat16: those programs convert
their inputs, and their outputs back. A case that is there already is not made again. With RESOURCES, all are written to RESOURCES/types.zip.gz. Needs what dim_orders.py needs.
"""
import json
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from dim_orders import Does, make
from operator_suite import TOLERANCE, compressed

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "models"))
from export import case as quantized_case  # noqa: E402

FLOATS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16, "float64": torch.float64}
INTEGERS = {"int8": torch.int8, "uint8": torch.uint8, "int16": torch.int16, "int32": torch.int32, "int64": torch.int64}
SHAPES = {"scalar": (), "one": (1,), "ones": (1, 1, 1), "prime": (17, 31), "six": (2, 1, 3, 1, 2, 5), "line": (1027,), "empty": (3, 0, 2)}


def real(*sizes, seed=0):
    return torch.randn(sizes, generator=torch.Generator().manual_seed(seed))


def whole(*sizes, seed=0):
    return torch.randint(0, 50, sizes, generator=torch.Generator().manual_seed(seed))


def attention(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def attention_masked(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def floats():
    """Name, function, modules, inputs in float32."""
    x, y, image, line, tokens = real(3, 5, 7), real(3, 5, 7, seed=1), real(1, 4, 9, 7), real(1, 4, 13), real(2, 6, 16)
    heads = (real(1, 2, 5, 8), real(1, 2, 5, 8, seed=1), real(1, 2, 5, 8, seed=2))
    for name in ("add", "sub", "mul", "div", "maximum", "minimum"):
        yield name, getattr(torch, name), (), (x, y)
    for name in ("abs", "neg", "relu", "exp", "sigmoid", "tanh", "floor", "ceil", "sin", "cos", "erf"):
        yield name, getattr(torch, name), (), (x,)
    for name in ("sqrt", "rsqrt", "log", "reciprocal"):
        yield name, getattr(torch, name), (), (x.abs() + 0.5,)
    yield "gelu", F.gelu, (), (x,)
    yield "gelu-tanh", lambda a: F.gelu(a, approximate="tanh"), (), (x,)
    yield "silu", F.silu, (), (x,)
    yield "hardswish", F.hardswish, (), (x,)
    yield "leaky_relu", lambda a: F.leaky_relu(a, 0.1), (), (x,)
    yield "clamp", lambda a: a.clamp(-0.5, 0.75), (), (x,)
    yield "pow", lambda a: a**2, (), (x,)
    yield "where", lambda a, b: torch.where(a > b, a, b), (), (x, y)
    yield "softmax", lambda a: a.softmax(-1), (), (x,)
    yield "softmax-middle", lambda a: a.softmax(1), (), (x,)
    yield "log_softmax", lambda a: a.log_softmax(-1), (), (x,)
    yield "sum", lambda a: a.sum(1), (), (x,)
    yield "mean", lambda a: a.mean((0, 2), keepdim=True), (), (x,)
    yield "amax", lambda a: a.amax(-1), (), (x,)
    yield "argmax", lambda a: a.argmax(-1), (), (x,)
    yield "cumsum", lambda a: a.cumsum(1), (), (x,)
    yield "cat", lambda a, b: torch.cat([a, b], 1), (), (x, y)
    yield "permute", lambda a: a.permute(2, 0, 1) * 2, (), (x,)
    yield "slice", lambda a: a[:, 1:4:2] + 1, (), (x,)
    yield "expand", lambda a: a[:1].expand(3, 5, 7) + a, (), (x,)
    yield "pad", lambda a: F.pad(a, (1, 2)), (), (x,)
    yield "mm", torch.mm, (), (real(5, 33), real(33, 9, seed=1))
    yield "bmm", torch.bmm, (), (real(2, 5, 16), real(2, 16, 3, seed=1))
    yield "linear", lambda m, a: m(a), (nn.Linear(16, 9),), (tokens,)
    yield "linear-without-bias", lambda m, a: m(a), (nn.Linear(16, 9, bias=False),), (tokens,)
    yield "conv1d", lambda m, a: m(a), (nn.Conv1d(4, 6, 3, padding=1),), (line,)
    yield "conv2d", lambda m, a: m(a), (nn.Conv2d(4, 6, 3, padding=1),), (image,)
    yield "conv2d-strided", lambda m, a: m(a), (nn.Conv2d(4, 6, 3, stride=2),), (image,)
    yield "conv2d-pointwise", lambda m, a: m(a), (nn.Conv2d(4, 6, 1),), (image,)
    yield "conv2d-depthwise", lambda m, a: m(a), (nn.Conv2d(4, 4, 3, padding=1, groups=4),), (image,)
    yield "conv2d-dilated", lambda m, a: m(a), (nn.Conv2d(4, 6, 3, dilation=2),), (image,)
    yield "conv-transposed", lambda m, a: m(a), (nn.ConvTranspose2d(4, 3, 3, stride=2),), (image,)
    yield "layer_norm", lambda m, a: m(a), (nn.LayerNorm(16),), (tokens,)
    yield "rms_norm", lambda m, a: m(a), (nn.RMSNorm(16, eps=1e-5),), (tokens,)
    yield "group_norm", lambda m, a: m(a), (nn.GroupNorm(2, 4),), (image,)
    yield "batch_norm", lambda m, a: m(a), (nn.BatchNorm2d(4),), (image,)
    yield "max_pool2d", lambda a: F.max_pool2d(a, 3, 2, 1), (), (image,)
    yield "avg_pool2d", lambda a: F.avg_pool2d(a, 3, 2, 1), (), (image,)
    yield "adaptive_avg_pool2d", lambda a: F.adaptive_avg_pool2d(a, 1), (), (image,)
    yield "upsample-bilinear", lambda a: F.interpolate(a, scale_factor=2, mode="bilinear"), (), (image,)
    yield "upsample-nearest", lambda a: F.interpolate(a, scale_factor=2), (), (image,)
    yield "attention", attention, (), heads
    yield "attention-causal", attention_masked, (), heads


def integers():
    x, y = whole(3, 5, 7), whole(3, 5, 7, seed=1)
    for name in ("add", "sub", "mul", "maximum", "minimum", "eq", "gt"):
        yield name, getattr(torch, name), (x, y)
    yield "abs", torch.abs, (x - 20,)
    yield "neg", torch.neg, (x,)
    yield "clamp", lambda a: a.clamp(3, 30), (x,)
    yield "sum", lambda a: a.sum(1), (x,)
    yield "amax", lambda a: a.amax(-1), (x,)
    yield "cat", lambda a, b: torch.cat([a, b], 1), (x, y)
    yield "permute", lambda a: a.permute(2, 0, 1) + 1, (x,)
    yield "slice", lambda a: a[:, 1:4:2] + 1, (x,)
    yield "where", lambda a, b: torch.where(a > b, a, b), (x, y)
    yield "to-float", lambda a: a.to(torch.float32), (x,)


def through(function, dtype):
    """The function in another type, between conversions."""
    return lambda *a: function(*[p if isinstance(p, nn.Module) else p.to(dtype) for p in a]).to(torch.float32)


def cases():
    for type_name, dtype in FLOATS.items():
        for name, function, modules, inputs in floats():
            torch.manual_seed(3)
            modules = [m.to(dtype) for m in modules]
            if dtype == torch.bfloat16:
                if name != "argmax":
                    yield f"{name}-{type_name}", Does(through(function, dtype), *modules), inputs
            else:
                yield f"{name}-{type_name}", Does(function, *modules), tuple(i.to(dtype) for i in inputs)
    for type_name, dtype in INTEGERS.items():
        for name, function, inputs in integers():
            yield f"{name}-{type_name}", Does(function), tuple(i.to(dtype) for i in inputs)
    for name, sizes in SHAPES.items():
        x, y = real(*sizes), real(*sizes, seed=1)
        yield f"add-shape-{name}", Does(torch.add), (x, y)
        yield f"relu-shape-{name}", Does(torch.relu), (x,)
        yield f"sigmoid-shape-{name}", Does(torch.sigmoid), (x,)
        if sizes:
            yield f"softmax-shape-{name}", Does(lambda a: a.softmax(-1)), (x,)
            yield f"sum-shape-{name}", Does(lambda a: a.sum(-1)), (x,)
            yield f"cat-shape-{name}", Does(lambda a, b: torch.cat([a, b], 0)), (x, y)
    for rows, inner, columns in ((1, 1, 1), (1, 37, 5), (33, 1, 2), (3, 129, 1)):
        yield f"mm-shape-{rows}x{inner}x{columns}", Does(torch.mm), (real(rows, inner), real(inner, columns, seed=1))


def quantized():
    """Name, kinds, function, modules, inputs."""
    image, tokens, x, y = real(1, 4, 9, 7), real(2, 6, 32), real(3, 5, 7), real(3, 5, 7, seed=1)
    yield "linear", ("portable8", "portable8d"), lambda m, a: m(a), (nn.Linear(32, 9),), (tokens,)
    yield "conv2d", ("portable8",), lambda m, a: m(a), (nn.Conv2d(4, 6, 3, padding=1),), (image,)
    yield "conv2d-depthwise", ("portable8",), lambda m, a: m(a), (nn.Conv2d(4, 4, 3, groups=4),), (image,)
    yield "conv2d-relu", ("portable8",), lambda m, a: m(a).relu(), (nn.Conv2d(4, 6, 3, stride=2),), (image,)
    yield "add", ("portable8",), torch.add, (), (x, y)
    yield "mul", ("portable8",), torch.mul, (), (x, y)
    yield "max_pool2d", ("portable8",), lambda m, a: F.max_pool2d(m(a), 2), (nn.Conv2d(4, 6, 1),), (image,)
    yield "mean", ("portable8",), lambda m, a: m(a).mean((2, 3)), (nn.Conv2d(4, 6, 1),), (image,)
    yield "cat", ("portable8",), lambda m, a: torch.cat([m(a), m(a * 2)], 1), (nn.Conv2d(4, 6, 1),), (image,)


def loosen(file, tolerance):
    """States the tolerance of the type inside, where the outputs are of another."""
    description = json.loads(file.read_text())
    file.write_text(json.dumps(description | {"tolerance": tolerance}, indent=1))


def main(out, resources=None):
    out = pathlib.Path(out) / "types"
    for name, module, inputs in cases():
        if not (out / name / "case.json").exists():
            problem = make(out / name, module, inputs, [])
            if problem:
                print(f"{name}: {problem}")
            if name.endswith("-bfloat16"):
                loosen(out / name / "case.json", TOLERANCE[torch.bfloat16])
    for name, kinds, function, modules, inputs in quantized():
        for kind in kinds:
            if (out / f"quantized-{name}-{kind}" / "case.json").exists():
                continue
            torch.manual_seed(3)
            quantized_case(str(out), "quantized-" + name, kind, Does(function, *modules).eval(), [inputs], None)
    if resources:
        (pathlib.Path(resources) / "types.zip.gz").write_bytes(compressed(sorted(out.glob("*/case.json")), out))


if __name__ == "__main__":
    main(*sys.argv[1:])
