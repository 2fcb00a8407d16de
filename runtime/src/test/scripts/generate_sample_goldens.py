#!/usr/bin/env python3
"""Writes runtime/src/test/resources/kernels/samples.jsonl.gz and dtypes.jsonl.gz, in the form of generate_kernel_goldens.py,
and dtypes.txt beside them.

samples: calls that PyTorch makes on the sample inputs of its own operator tests, as its dispatcher sees them.
dtypes: small calls of the other files (written before), their tensors cast to every other dtype that PyTorch takes.
dtypes.txt: those dtypes, a line an operator: what the kernels are held to.

Needs torch 2.15 and executorch 1.5.1 (for their operators). The first line of dtypes.txt tells the versions and the seed.
"""

import gzip
import json
import os
import signal
import sys
import warnings

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import generate_kernel_goldens as kernels
from generate_kernel_goldens import CODES, FOLDER, PARAMETERS, Goldens, encode, real

SEED = 6
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
          torch.bool, torch.uint16, torch.uint32, torch.uint64]
CODES.update({torch.uint16: 27, torch.uint32: 28, torch.uint64: 29})
BY_NAME = {str(d)[6:]: d for d in list(CODES)}
BY_CODE = {code: dtype for dtype, code in CODES.items()}
TOLERANCE = {torch.float16: 1e-2, torch.bfloat16: 5e-2, torch.float32: 2e-5, torch.float64: 1e-9}

# Results are random, undefined, or a view of memory that a golden does not hold.
LEFT_OUT = {"aten::empty.memory_format", "aten::empty_like", "aten::rand", "aten::randn", "aten::rand_like", "aten::randn_like", "aten::randint",
            "aten::randint.low", "aten::randint_like", "aten::randint_like.low_dtype", "aten::randperm", "aten::native_dropout",
            "dim_order_ops::_empty_dim_order", "executorch_prim::et_view", "executorch_prim::et_copy_index"}
# Arithmetic that neither ExecuTorch nor Baton has.
REFUSED = {torch.uint64: set("""bitwise_and.Scalar bitwise_and.Scalar_Tensor bitwise_or.Scalar bitwise_or.Scalar_Tensor bitwise_xor.Scalar
bitwise_xor.Scalar_Tensor eq.Scalar ne.Scalar ceil floor round trunc fmax fmin maximum minimum hardtanh isfinite isinf isnan
multiply.Tensor nan_to_num pow.Scalar relu relu6 signbit""".split())}
# Resizing of bytes: PyTorch rounds between the dimensions, or not, by what the processor has.
BYTES_DIFFER = ("upsample_linear", "upsample_bi", "upsample_tri")
# Results beside the first that PyTorch leaves undefined, or that depend on how it sorts equal elements.
FIRST_RESULT = {"aten::_embedding_bag", "aten::kthvalue", "aten::mode", "aten::median.dim", "aten::nanmedian.dim"}
MOST_NUMBERS = 150  # in the tensors of a call
CALLS = 3  # of an operator for each combination of dtypes


def tensors(x):
    if isinstance(x, torch.Tensor):
        return [x]
    return [t for item in x for t in tensors(item)] if isinstance(x, (list, tuple)) else []


def function(op):
    namespace, name = op.split("::")
    name, _, overload = name.partition(".")
    try:
        return getattr(getattr(getattr(torch.ops, namespace), name), overload or "default")
    except AttributeError:
        return None


def tolerance(results):
    return max([TOLERANCE.get(t.dtype.to_real(), 0) if t.dtype.is_complex else TOLERANCE.get(t.dtype, 0) for t in results], default=0) or None


class Recorder(TorchDispatchMode):
    """Keeps the calls that are operators of the vocabulary, some for each combination of dtypes."""

    def __init__(self, goldens):
        super().__init__()
        self.goldens, self.counts, self.seen = goldens, {}, set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        results = func(*args, **(kwargs or {}))
        name, _, overload = str(func).removesuffix(".default").replace("aten.", "aten::", 1).partition(".")
        self.record(func, f"{name}.{overload}" if overload else name, args, kwargs or {}, results)
        return results

    def record(self, func, op, args, kwargs, results):
        if op not in PARAMETERS or op in LEFT_OUT or func._schema.is_mutable:
            return
        given = {a.name: kwargs[a.name] for a in func._schema.arguments if a.name in kwargs}
        given.update(zip([a.name for a in func._schema.arguments], args))
        if any(not isinstance(v, (torch.Tensor, int, float, str, bool, torch.dtype, list, tuple, type(None))) for k, v in given.items() if k in PARAMETERS[op]):
            return
        known = [given.get(p, next(a.default_value for a in func._schema.arguments if a.name == p)) for p in PARAMETERS[op]]
        if any(str(a.type) == "Tensor" and isinstance(given.get(a.name), (int, float)) for a in func._schema.arguments):
            return  # a Python number where the operator takes a tensor
        if op == "aten::native_batch_norm" and given["training"]:
            return  # changes its statistics
        if any(n in op for n in BYTES_DIFFER) and known[0].dtype == torch.uint8:
            return
        every = tensors(known) + tensors([results])
        if sum(t.numel() for t in every) > MOST_NUMBERS or any(t.dtype not in CODES or t.is_quantized or t.layout != torch.strided for t in every):
            return
        key = (op, tuple(str(t.dtype) for t in tensors(known)))
        call = json.dumps([op, encode(known)])
        if self.counts.get(key, 0) >= CALLS or call in self.seen:
            return
        self.counts[key] = self.counts.get(key, 0) + 1
        self.seen.add(call)
        results = list(results) if isinstance(results, (list, tuple)) else [results]
        write(self.goldens, op, known, results)


def write(goldens, op, args, results):
    known = results[:1] + [None] * (len(results) - 1) if op in FIRST_RESULT else results
    line = {"op": op, "args": encode(args), "results": encode(known)}
    allowed = tolerance(results)
    if allowed:
        line["tolerance"] = allowed
    goldens.lines.append(json.dumps(line, separators=(",", ":")))


def samples():
    from torch.testing._internal.common_methods_invocations import op_db

    goldens = Goldens("samples")
    recorder = Recorder(goldens)
    for info in op_db:
        for dtype in DTYPES:
            if dtype not in info.dtypes:
                continue
            torch.manual_seed(SEED)
            kernels.random.seed(SEED)
            signal.alarm(20)
            try:
                for i, sample in enumerate(info.sample_inputs("cpu", dtype, requires_grad=False)):
                    if i == 40:
                        break
                    with torch.no_grad(), recorder:
                        info.op(sample.input, *sample.args, **sample.kwargs)
            except Exception as e:  # an operator that this build of PyTorch lacks
                goldens.skipped.append((info.name, str(e).splitlines()[:1]))
            finally:
                signal.alarm(0)
    return goldens


# The other dtypes.


def value(x):
    if isinstance(x, dict):
        if "float" in x:
            return float.fromhex(x["float"]) if "0x" in x["float"] else float(x["float"])
        if x["dtype"] not in BY_NAME:
            raise ValueError(x["dtype"])
        dtype = BY_NAME[x["dtype"]]
        if dtype.is_complex:
            numbers = [float.fromhex(v) if "0x" in v else float(v) for v in x["data"]]
            return torch.view_as_complex(torch.tensor(numbers, dtype=torch.float64).reshape(-1, 2)).reshape(x["shape"]).to(dtype)
        if dtype.is_floating_point:
            numbers = [float.fromhex(v) if "0x" in v else float(v) for v in x["data"]]
            return torch.tensor(numbers, dtype=torch.float64).to(dtype).reshape(x["shape"])
        return torch.tensor([int(v) for v in x["data"]], dtype=torch.int64).to(dtype).reshape(x["shape"])
    return [value(i) for i in x] if isinstance(x, list) else x


def cast(x, source, target):
    """Tensors of one dtype in another; what it cannot hold becomes positive and small."""
    if isinstance(x, torch.Tensor) and x.dtype == source:
        if target.is_floating_point or target == torch.bool:
            return x.to(target)
        small = torch.nan_to_num(x.double(), 0, 3, -3).clamp(-100, 100)
        return (small.abs() if target in (torch.uint8, torch.uint16, torch.uint32, torch.uint64) else small).to(target)
    return [cast(i, source, target) for i in x] if isinstance(x, list) else x


def fits(op, args):
    """The arguments as PyTorch's function takes them; codes of dtypes are dtypes."""
    named = dict(zip(PARAMETERS[op], args))
    for name in ("dtype", "out_dtype", "output_dtype", "a_dtype"):
        if isinstance(named.get(name), int) and not isinstance(named[name], bool):
            named[name] = BY_CODE[named[name]]
    if isinstance(named.get("memory_format"), int):
        named["memory_format"] = [torch.contiguous_format, torch.preserve_format, torch.channels_last, torch.channels_last_3d][named["memory_format"]]
    return named


def small_calls():
    """Operator -> calls with results, the shortest ones of at least two numbers first."""
    calls = {}
    for path in sorted(FOLDER.glob("*.jsonl.gz")):
        if path.name == "dtypes.jsonl.gz":
            continue
        for text in gzip.open(path, "rt"):
            line = json.loads(text)
            if line["results"] is None or line["op"] in LEFT_OUT or len(text) > 4000:
                continue
            calls.setdefault(line["op"], []).append((("nan" in text or "inf" in text), len(text) < 200, len(text), line["args"]))
    return {op: [c[-1] for c in sorted(found, key=lambda c: c[:3])] for op, found in calls.items()}


def dtypes():
    goldens = Goldens("dtypes")
    lines = []
    for op, calls in sorted(small_calls().items()):
        call = function(op) if op.startswith("aten::") or op.startswith("dim_order_ops::") else None
        taken = set()
        for target in DTYPES if call else []:
            if op[6:] in REFUSED.get(target, ()):
                continue
            if any(name in op for name in BYTES_DIFFER) and not target.is_floating_point:
                continue
            found = 0
            for args in calls[:12]:
                try:
                    args = value(args)
                    first = next((t for t in tensors(args) if t.numel() > 1), None)
                    if first is None:
                        continue
                    args = cast(args, first.dtype, target)
                    torch.manual_seed(SEED)
                    results = call(**fits(op, args))
                except Exception:
                    continue
                results = list(results) if isinstance(results, (list, tuple)) else [results]
                if any(not isinstance(r, torch.Tensor) or r.dtype not in CODES for r in results) or not any(r.numel() for r in results):
                    continue
                taken.add(str(target)[6:])
                if first.dtype != target:
                    write(goldens, op, args, results)
                found += 1
                if found == 2:
                    break
        if taken:
            lines.append(f"{op}: {' '.join(sorted(taken))}")
    return goldens, lines


if __name__ == "__main__":
    import executorch
    import executorch.exir.passes.dim_order_ops_registry  # noqa: F401
    import executorch.extension.llm.custom_ops.custom_ops  # noqa: F401
    import torch.ao.quantization.fx._decomposed  # noqa: F401
    import executorch.exir.passes._quant_patterns_and_replacements  # noqa: F401

    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    if "dtypes" not in sys.argv:
        samples().write()
    goldens, lines = dtypes()
    goldens.write()
    version = f"# PyTorch {torch.__version__}, seed {SEED}: dtypes of the first tensor that PyTorch takes."
    (FOLDER / "dtypes.txt").write_text("\n".join([version] + lines) + "\n")
