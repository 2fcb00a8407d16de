"""Makes cases of operators on tensors in channels-last order: dim_orders.py OUT [RESOURCES]

OUT/dim-orders/CASE is a case folder (see models/README.md). Images come in in channels-last order, or are brought into it
by the program; expected is what PyTorch answers, and case.json says what ExecuTorch's runtime did: it refuses some fifty of
these programs and answers a few otherwise. The files of inputs and outputs are in logical order, as Baton's tensors are.
With RESOURCES, all are written to RESOURCES/dim-orders.zip.gz. Needs executorch 1.5.1, torch 2.15 and pytest, for what it
shares with operator_suite.py.
"""
import json
import pathlib
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower
from executorch.runtime import Runtime
from operator_suite import TOLERANCE, compressed, flat, relative, save

CL, C = torch.channels_last, torch.contiguous_format
torch.manual_seed(9)


def image(*sizes, dtype=torch.float32, order=CL):
    x = torch.randn(sizes).mul(4).round().div(4) if dtype.is_floating_point else torch.randint(0, 9, sizes)
    return x.to(dtype).contiguous(memory_format=order)


class Does(nn.Module):
    """A function as a module, with modules that it uses."""

    def __init__(self, function, *parts):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, *args):
        return self.function(*self.parts, *args)


def last(module):
    """A module whose weights are in channels-last order too."""
    return module.to(memory_format=CL)


def cases():
    x, y = image(2, 3, 5, 4), image(2, 3, 5, 4)
    flat_x = image(2, 3, 5, 4, order=C)
    # Convolutions
    convs = {"conv": nn.Conv2d(3, 4, 3, padding=1), "strided": nn.Conv2d(3, 4, 3, stride=2, padding=1), "pointwise": nn.Conv2d(3, 6, 1),
             "grouped": nn.Conv2d(3, 6, 3, groups=3), "dilated": nn.Conv2d(3, 4, 2, dilation=2), "transposed": nn.ConvTranspose2d(3, 4, 3, stride=2)}
    for name, conv in convs.items():
        yield name, Does(lambda m, a: m(a), conv), (x,)
        yield name + "-weights", Does(lambda m, a: m(a), last(conv)), (x,)
    # Pools, norms, resizing
    functions = {
        "max_pool2d": lambda a: F.max_pool2d(a, 3, 2, 1), "max_pool2d-indices": lambda a: F.max_pool2d(a, 2, return_indices=True),
        "avg_pool2d": lambda a: F.avg_pool2d(a, 2), "avg_pool2d-uneven": lambda a: F.avg_pool2d(a, 3, 2, 1, ceil_mode=True, count_include_pad=False),
        "adaptive_avg_pool2d": lambda a: F.adaptive_avg_pool2d(a, 1), "mean": lambda a: a.mean((2, 3)), "mean-keepdim": lambda a: a.mean(1, keepdim=True),
        "bilinear": lambda a: F.interpolate(a, scale_factor=2, mode="bilinear"), "bilinear-corners": lambda a: F.interpolate(a, size=(7, 3), mode="bilinear", align_corners=True),
        "nearest": lambda a: F.interpolate(a, scale_factor=2), "pixel_shuffle": lambda a: F.pixel_shuffle(torch.cat([a, a, a, a], 1), 2),
        "pad": lambda a: F.pad(a, (1, 2, 0, 1)), "softmax": lambda a: a.softmax(1), "argmax": lambda a: a.argmax(1), "sum": lambda a: a.sum((0, 3)),
        "amax": lambda a: a.amax(2), "cumsum": lambda a: a.cumsum(1),
    }
    # Elements
    for name in ("abs", "neg", "exp", "sin", "tanh", "sigmoid", "sqrt", "rsqrt", "floor", "relu", "reciprocal", "isnan", "logical_not", "erf", "sign"):
        functions[name] = (lambda f: lambda a: f(a))(getattr(torch, name))
    functions |= {"gelu": F.gelu, "hardtanh": F.hardtanh, "leaky_relu": F.leaky_relu, "elu": F.elu, "clamp": lambda a: a.clamp(-0.5, 0.75),
                  "add-scalar": lambda a: a + 2.5, "mul-scalar": lambda a: a * 3, "pow": lambda a: a**2, "gt-scalar": lambda a: a > 0.25}
    # What depends on the logical order
    functions |= {
        "view": lambda a: a.contiguous().view(2, -1) * 2, "flatten": lambda a: a.flatten(1) + 1, "reshape": lambda a: a.reshape(6, 20) * 2,
        "permute": lambda a: a.permute(0, 2, 3, 1) * 2, "transpose": lambda a: a.transpose(1, 3) + 1, "select": lambda a: a.select(1, 2) * 2,
        "slice": lambda a: a[:, 1:, ::2] * 2, "narrow": lambda a: a[..., 1:3] + a[..., :2], "unsqueeze": lambda a: a.unsqueeze(0) * 2, "squeeze": lambda a: a[:, :1].squeeze(1) * 2,
        "cat": lambda a: torch.cat([a, a * 2], 1), "cat-width": lambda a: torch.cat([a, a * 2], 3), "stack": lambda a: torch.stack([a, a + 1]), "split": lambda a: [b * 2 for b in a.split(2, 2)],
        "expand": lambda a: a[:, :1].expand(2, 4, 5, 4) + 1, "repeat": lambda a: a.repeat(1, 2, 1, 1), "flip": lambda a: a.flip(1), "roll": lambda a: a.roll(1, 3),
        "unbind": lambda a: [b + 1 for b in a.unbind(0)], "index_select": lambda a: a.index_select(1, torch.tensor([2, 0])), "gather": lambda a: a.gather(1, torch.zeros(2, 1, 5, 4, dtype=torch.int64)),
        "masked_fill": lambda a: a.masked_fill(a > 0, -1.0), "where": lambda a: torch.where(a > 0, a, a * 2), "full_like": lambda a: torch.full_like(a, 1.5) + a,
        "zeros_like": lambda a: torch.zeros_like(a) + a, "linear": lambda a: F.linear(a, torch.ones(2, 4)), "matmul": lambda a: a @ a.transpose(2, 3), "sort": lambda a: a.sort(1),
    }
    # Changes of order
    functions |= {
        "contiguous": lambda a: a.contiguous() + 1, "clone": lambda a: a.clone() + 1, "clone-contiguous": lambda a: a.clone(memory_format=C) * 2,
        "to-contiguous": lambda a: a.to(memory_format=C) + 1, "to-half": lambda a: a.to(torch.float16), "to-double-contiguous": lambda a: a.to(torch.float64, memory_format=C),
        "to-int": lambda a: (a * 3).to(torch.int32), "out-and-back": lambda a: (a.contiguous() * 2).contiguous(memory_format=CL) + a,
    }
    for name, function in functions.items():
        yield name, Does(function), (x.abs() if name in ("sqrt", "rsqrt") else x,)
    for name in ("conv",):
        yield "half-" + name, Does(lambda m, a: m(a), nn.Conv2d(3, 4, 3).half()), (image(2, 3, 5, 4, dtype=torch.float16),)
    for name, function in {"to-last": lambda a: a.to(memory_format=CL) * 2, "clone-last": lambda a: a.clone(memory_format=CL) + 1, "contiguous-last": lambda a: a.contiguous(memory_format=CL) * 2,
                           "to-last-half": lambda a: a.to(torch.float16, memory_format=CL), "last-and-view": lambda a: a.contiguous(memory_format=CL).flatten(1) * 2}.items():
        yield name, Does(function), (flat_x,)
    for name, function in {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum, "eq": torch.eq, "atan2": torch.atan2}.items():
        yield name, Does(function), (x, y)
        yield name + "-mixed", Does(function), (x, flat_x)
        yield name + "-broadcast", Does(function), (x, image(1, 3, 1, 1))
        yield name + "-row", Does(function), (x, torch.randn(4))
    yield "cat-mixed", Does(lambda a, b: torch.cat([a, b], 1)), (x, flat_x)
    yield "one-channel", Does(lambda a: a * 2), (image(2, 1, 5, 4),)
    yield "one-pixel", Does(lambda m, a: m(a).flatten(1), nn.Conv2d(3, 4, 1)), (image(2, 3, 1, 1),)
    yield "volume", Does(lambda a: a.relu() + 1), (torch.randn(1, 2, 3, 4, 2).to(memory_format=torch.channels_last_3d),)
    for dtype in (torch.int32, torch.uint8, torch.float64):
        yield f"add-{str(dtype)[6:]}", Does(lambda a, b: a + b), (image(2, 3, 2, 4, dtype=dtype), image(2, 3, 2, 4, dtype=dtype))
    yield "batch_norm", Does(lambda m, a: m(a), norm(3)), (x,)
    yield "group_norm", Does(lambda m, a: m(a), nn.GroupNorm(1, 3)), (x,)
    yield "layer_norm", Does(lambda m, a: m(a), nn.LayerNorm([3, 5, 4])), (x,)
    yield "network", Does(lambda a, n, b, x: b(F.relu(n(a(x)))).mean((2, 3)), last(nn.Conv2d(3, 8, 3, 2, 1)), norm(8), last(nn.Conv2d(8, 6, 3, groups=2))), (image(2, 3, 9, 8),)
    yield "residual", Does(lambda a, n, x: F.max_pool2d(F.hardswish(n(a(x)) + x), 2), nn.Conv2d(3, 3, 3, padding=1), norm(3)), (x,)


def norm(channels):
    n = nn.BatchNorm2d(channels)
    n.running_mean.uniform_(-1, 1)
    n.running_var.uniform_(0.5, 2)
    return n


def make(folder, module, inputs, partitioners):
    """Exports and runs one program; what kept it from being exported, or an empty string."""
    module = module.eval()
    with torch.no_grad():
        expected = flat(module(*inputs))
        try:
            lowered = to_edge_transform_and_lower(torch.export.export(module, inputs), partitioner=partitioners, compile_config=EdgeCompileConfig(_check_ir_validity=False))
            program = lowered.to_executorch()
        except Exception as e:
            return f"{type(e).__name__}: {str(e)[:120]!r}"
    plan = program.executorch_program.execution_plan[0]
    if partitioners and not plan.delegates:
        return "nothing is delegated"
    tolerance = max(TOLERANCE.get(t.dtype, 1e-4) for t in expected)
    save(folder / "inputs", inputs)
    save(folder / "expected", expected)
    (folder / "model.pte").write_bytes(program.buffer)
    try:
        error = relative(flat(list(Runtime.get().load_program(program.buffer).load_method("forward").execute(list(inputs)))), expected)
        answer = "passes" if error is not None and error <= tolerance else f"differs by {error}"
    except Exception as e:
        answer = str(e)[:200]
    (folder / "case.json").write_text(json.dumps({
        "name": folder.name, "kind": "xnn" if partitioners else "portable", "method": "forward", "expected_from": "pytorch", "tolerance": tolerance, "executorch": answer,
        "operators": sorted({o.name + ("." + o.overload if o.overload else "") for o in plan.operators}), "delegates": sorted({d.id for d in plan.delegates})}, indent=1))
    return "" if answer == "passes" else "ExecuTorch: " + answer


def main(out, resources=None):
    out = pathlib.Path(out) / "dim-orders"
    for name, module, inputs in cases():
        kinds = {"portable": [], "xnn": [XnnpackPartitioner()]}
        if name.startswith("volume"):  # XNNPACK's payloads know two orders
            del kinds["xnn"]
        for kind, partitioners in kinds.items():
            problem = make(out / f"{name}-{kind}", module, inputs, partitioners)
            if problem and problem != "nothing is delegated":
                print(f"{name}-{kind}: {problem}")
    if resources:
        (pathlib.Path(resources) / "dim-orders.zip.gz").write_bytes(compressed(sorted(out.glob("*/case.json")), out))


if __name__ == "__main__":
    main(*sys.argv[1:])
