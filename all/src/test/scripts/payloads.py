#!/usr/bin/env python3
"""Writes XNNPACK payloads of every kind of node, and what ExecuTorch's C++ runtime computes with them.

usage: payloads.py ../resources/payloads     (executorch 1.5.1, torch 2.15, CPU)

payloads.pte.gz   one method for each case, which calls one payload; payloads.ptd the named data of the cases "data_ptd_…"
payloads.txt      for each case its inputs (data by a formula that the test knows) and outputs

Each result of the C++ runtime is compared with PyTorch's float operators first. Where the runtime "refuses" a node that has a
meaning all the same, the results are PyTorch's; "refuse" are those that have none.
Element i of a tensor with seed s is ((7919·i + 104729·s) mod 2001 − 1000) / 500, of a positive one its absolute value
plus 0.1; of a tensor of integers (7919·i + 104729·s) mod 201 − 100, plus 100 if it is unsigned.
"""
import contextlib
import gzip
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import executorch
import torch
import torch.nn.functional as F
from executorch.exir import schema as S
from executorch.exir._serialize._named_data_store import NamedDataStoreOutput
from executorch.exir._serialize._program import PTEFile, serialize_pte_binary
from executorch.exir._serialize.data_serializer import DataEntry, DataPayload
from executorch.exir.scalar_type import ScalarType
from executorch.extension.flat_tensor.serialize.serialize import FlatTensorSerializer
from executorch.extension.pybindings import portable_lib

ROOT = pathlib.Path(executorch.__path__[0])
FLATC = ROOT / "data/bin/flatc"
SCHEMAS = {"XN00": "runtime_schema.fbs", "XN01": "schema.fbs"}
NONE = 2**32 - 1
INF = math.inf

TORCH = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16, "int32": torch.int32,
         "qint8": torch.int8, "quint8": torch.uint8, "qint32": torch.int32, "qcint8": torch.int8,
         "qcint32": torch.int32}
SCALAR = {torch.float32: ScalarType.FLOAT, torch.float16: ScalarType.HALF, torch.bfloat16: ScalarType.BFLOAT16,
          torch.int32: ScalarType.INT, torch.int8: ScalarType.CHAR, torch.uint8: ScalarType.BYTE,
          torch.int64: ScalarType.LONG}
RANGE = {"qint8": (-128, 127), "quint8": (0, 255), "qcint8": (-128, 127), "qint32": (-2**31, 2**31 - 1),
         "qcint32": (-2**31, 2**31 - 1), "qcint4": (-8, 7), "qbint4": (-8, 7)}


def formula(kind, sizes, seed):
    """kind is a torch dtype, or "positive"."""
    index = torch.arange(math.prod(sizes), dtype=torch.int64)
    mixed = 7919 * index + 104729 * seed
    dtype = torch.float32 if kind == "positive" else kind
    if not dtype.is_floating_point:
        return (mixed % 201 - (0 if dtype == torch.uint8 else 100)).to(dtype).reshape(sizes)
    values = ((mixed % 2001 - 1000).double() / 500).float()
    if kind == "positive":
        values = values.abs() + 0.1
    return values.to(dtype).reshape(sizes)


def raw(tensor):
    return bytes(tensor.contiguous().view(torch.uint8).reshape(-1).tolist()) if tensor.numel() else b""


class Quant:
    """Parameters of a value: how a payload states them, and the numbers that the stored integers stand for."""

    def __init__(self, kind, table, scale=None, zero=0, axis=None, group=None):
        self.kind, self.table, self.scale, self.zero, self.axis, self.group = kind, table, scale, zero, axis, group

    def real(self, stored):
        stored = stored.double() - self.zero
        if self.group:
            return (stored.unflatten(1, (-1, self.group)) * self.scale.double()[..., None]).flatten(1).float()
        if self.axis is None:
            return (stored * self.scale).float()
        shape = [1] * stored.dim()
        shape[self.axis] = -1
        return (stored * self.scale.double().reshape(shape)).float()

    def stored(self, real, dtype, low, high):
        return torch.clamp(torch.round(real.float() / self.scale) + self.zero, low, high).to(dtype)


def tensorwise(scale, zero=0):
    return Quant("PerTensorQuant", {"scale": scale, "zero_point": zero}, scale, zero)


def tokenwise(dims=1):
    return Quant("PerTokenDynamicQuant", {"num_nonbatch_dims": dims})


class Case:
    def __init__(self, name, store="named", identifier="XN01", header=True):
        self.name, self.store, self.identifier, self.header = name, store, identifier, header
        self.values, self.nodes, self.blobs = [], [], [b""]
        self.arguments, self.outputs, self.externals = [], [], 0
        self.tolerance, self.expected, self.refusal = 1e-5, None, None
        CASES.append(self)

    def value(self, kind, sizes, index=0, external=NONE, flags=0, quant=None, dq=None, declared=None):
        tensor = {"datatype": "xnn_datatype_" + kind, "num_dims": len(sizes), "dims": list(sizes),
                  "constant_buffer_idx": index, "external_id": external, "flags": flags, "id_out": len(self.values)}
        if dq:
            tensor["dq_datatype"] = "xnn_datatype_" + dq
        if quant is None:
            self.values.append({"xvalue_union_type": "XNNTensorValue", "xvalue_union": tensor})
        else:
            self.values.append({"xvalue_union_type": "XNNQuantizedTensorValue", "xvalue_union": {
                "tensor_value": tensor, "quant_params_type": quant.kind, "quant_params": quant.table}})
        return len(self.values) - 1

    def input(self, sizes, kind="fp32", quant=None, positive=False, dq=None):
        data = formula("positive" if positive else TORCH[kind], sizes, len(self.arguments) + 1)
        if positive:
            data = data.to(TORCH[kind])
        self.arguments.append((self.externals, data, "positive" if positive else "any"))
        self.externals += 1
        id = self.value(kind, sizes, external=self.externals - 1, flags=1, quant=quant, dq=dq)
        return id, (quant.real(data) if quant else data)

    def output(self, sizes, kind="fp32", quant=None, program=None):
        self.outputs.append((self.externals, list(sizes), program or TORCH[kind]))
        self.externals += 1
        return self.value(kind, sizes, external=self.externals - 1, flags=2, quant=quant)

    def inside(self, sizes, kind="fp32", quant=None):
        return self.value(kind, sizes, quant=quant)

    def blob(self, data):
        self.blobs.append(data)
        return len(self.blobs) - 1

    def const(self, sizes, kind="fp32", quant=None, seed=9, scale=1.0, data=None):
        """A constant; its id and its numbers."""
        if data is None:
            data = formula(TORCH[kind], sizes, seed)
            if data.dtype.is_floating_point:
                data = data * scale
        id = self.value(kind, sizes, index=self.blob(raw(data)), quant=quant)
        return id, (quant.real(data) if quant else data)

    def int4(self, sizes, quant, kind, seed=9):
        """[rows, columns] of nibbles, the even column in the low one."""
        rows, columns = sizes
        data = formula(torch.int32, sizes, seed) % 16 - 8
        padded = F.pad(data + 8, (0, columns % 2)).to(torch.uint8)
        packed = padded[:, 0::2] | (padded[:, 1::2] << 4)
        id = self.value(kind, sizes, index=self.blob(raw(packed)), quant=quant)
        return id, quant.real(data)

    def channelwise(self, scales, axis=0, inline=False):
        scales = torch.tensor(scales, dtype=torch.float32)
        table = {"scale": [float(s) for s in scales] if inline else [], "channel_dim": axis,
                 "scale_buffer_idx": 0 if inline else self.blob(raw(scales)), "num_scales": len(scales)}
        return Quant("PerChannelQuant", table, scales, 0, axis)

    def groupwise(self, scales, group, inline=False):
        """scales: float [rows, groups]."""
        narrow = scales.to(torch.bfloat16)
        table = {"scale": [float(s) for s in scales.flatten()] if inline else [], "channel_dim": 0, "group_size": group,
                 "scale_buffer_idx": 0 if inline else self.blob(raw(narrow)), "num_scales": scales.numel()}
        return Quant("PerChannelGroupQuant", table, narrow.float(), 0, 0, group)

    def node(self, kind, bounds=None, **fields):
        node = {"xnode_union_type": "XNN" + kind, "xnode_union": fields, "debug_handle": 65535}
        if bounds:
            node["output_min_max"] = {"output_min": bounds[0], "output_max": bounds[1]}
        self.nodes.append(node)
        return self

    def gives(self, *expected, tolerance=None):
        self.expected = expected
        self.tolerance = tolerance or self.tolerance
        return self

    def refused(self, reason):
        """Not to be run, whatever ExecuTorch does; the error holds the reason."""
        self.refusal = reason

    def payload(self, folder, named):
        graph = {"version": "0", "xnodes": self.nodes, "xvalues": self.values, "num_externs": self.externals,
                 "input_ids": [v["xvalue_union"].get("tensor_value", v["xvalue_union"])["id_out"]
                               for v in self.values
                               if v["xvalue_union"].get("tensor_value", v["xvalue_union"])["flags"] == 1],
                 "output_ids": [v["xvalue_union"].get("tensor_value", v["xvalue_union"])["id_out"]
                                for v in self.values
                                if v["xvalue_union"].get("tensor_value", v["xvalue_union"])["flags"] == 2]}
        section = b""
        if self.store == "inline":
            graph["constant_buffer"] = [{"storage": list(b)} for b in self.blobs]
        else:
            entries = [{"offset": 2**64 - 1, "size": 0}]
            for i, b in enumerate(self.blobs[1:]):
                if self.store == "section" or (self.store == "mixed" and i % 2):
                    section += b"\0" * (-len(section) % 16)
                    entries.append({"offset": len(section), "size": len(b)})
                    section += b
                else:
                    key = f"{self.name}.{i}"
                    named[key] = b
                    entries.append({"offset": 2**64 - 1, "size": len(b), "named_key": key})
            graph["constant_data"] = entries
        text = json.dumps(graph).replace("-Infinity", '"-inf"').replace("Infinity", '"inf"').replace("NaN", '"nan"')
        path = folder / "graph.json"
        path.write_text(text)
        subprocess.run([FLATC, "--binary", "-o", folder,
                        ROOT / "backends/xnnpack/serialization" / SCHEMAS[self.identifier], path], check=True,
                       capture_output=True)
        tables = next(p for p in folder.iterdir() if p.stem == "graph" and p.suffix != ".json")
        content = tables.read_bytes()
        tables.unlink()
        if not self.header:
            return content
        padded = content + b"\0" * (-len(content) % 16)
        head = b"\0\0\0\0XH00" + struct.pack("<HIIIQ", 30, 32, len(content), 32 + len(padded), len(section))
        return head + b"\0\0" + padded + section

    def plan(self, index):
        values, offset = [], 0
        arguments = {}
        for external, data, _ in self.arguments:
            arguments[external] = (data.dtype, list(data.shape))
        for external, sizes, dtype in self.outputs:
            arguments[external] = (dtype, sizes)
        for external in range(self.externals):
            dtype, sizes = arguments[external]
            values.append(S.EValue(S.Tensor(
                scalar_type=SCALAR[dtype], storage_offset=0, sizes=sizes, dim_order=list(range(len(sizes))),
                requires_grad=False, layout=0, data_buffer_idx=0, allocation_info=S.AllocationDetails(1, offset, 0),
                shape_dynamism=S.TensorShapeDynamism.STATIC)))
            offset += -(-math.prod(sizes) * dtype.itemsize // 16) * 16 + 16
        ins, outs = [a[0] for a in self.arguments], [o[0] for o in self.outputs]
        return S.ExecutionPlan(
            name=self.name, container_meta_type=S.ContainerMetadata("", ""), values=values, inputs=ins, outputs=outs,
            chains=[S.Chain([], [], [S.Instruction(S.DelegateCall(0, list(range(self.externals))))], None)],
            operators=[], delegates=[S.BackendDelegate("XnnpackBackend", S.BackendDelegateDataReference(
                S.DataLocation.INLINE, index), [])], non_const_buffer_sizes=[0, offset + 128])


CASES = []


def program(cases, folder):
    """The bytes of a program of these cases, and of its data file."""
    inside, outside, data = {}, {}, []
    for case in cases:
        named = {}
        data.append(S.BackendDelegateInlineData(case.payload(folder, named)))
        (outside if case.store == "ptd" else inside).update(named)
    everything = {**inside, **outside}
    buffers = list(everything.values())
    entries = {key: DataEntry(buffer_index=i, alignment=16, tensor_layout=None) for i, key in enumerate(everything)}
    built = S.Program(version=0, execution_plan=[c.plan(i) for i, c in enumerate(cases)],
                      constant_buffer=[S.Buffer(b"")], backend_delegate_data=data, segments=[],
                      constant_segment=S.SubsegmentOffsets(0, []), mutable_data_segments=None, named_data=None)
    store = NamedDataStoreOutput(buffers, {k: entries[k] for k in inside}, {})
    pte = bytes(serialize_pte_binary(PTEFile(built, None, store), extract_delegate_segments=True))
    if not outside:
        return pte, None
    payload = DataPayload(buffers=buffers, named_data={k: entries[k] for k in outside})
    return pte, bytes(FlatTensorSerializer().serialize(payload))


@contextlib.contextmanager
def quiet():
    saved = os.dup(1), os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1), os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved[0], 1), os.dup2(saved[1], 2)


def run(case, pte, ptd):
    try:
        with quiet():
            module = (portable_lib._load_for_executorch_from_buffer(pte, data_map_buffer=ptd) if ptd
                      else portable_lib._load_for_executorch_from_buffer(pte))
            results = module.run_method(case.name, tuple(a[1] for a in case.arguments))
        return [r.clone() for r in results]
    except RuntimeError:
        return None


def distance(actual, expected):
    """Relative to the largest number; of integers, absolute."""
    a, e = actual.double().flatten(), expected.double().flatten()
    if a.numel() != e.numel():
        return math.inf
    if not expected.dtype.is_floating_point:
        return float((a - e).abs().max()) if a.numel() else 0.0
    same = (a == e) | (a.isnan() & e.isnan())
    return float(torch.where(same, 0.0, (a - e).abs()).nan_to_num(math.inf).max() / max(1e-30, float(
        torch.where(e.isfinite(), e.abs(), 0.0).max()))) if a.numel() else 0.0


def shape(sizes):
    return ",".join(map(str, sizes)) or "scalar"


def number(v):
    return repr(struct.unpack("f", struct.pack("f", v))[0]) if isinstance(v, float) else str(v)


def short(v):
    return number(v) if not isinstance(v, float) or not math.isfinite(v) else f"{v:.7g}"


def name(dtype):
    return str(dtype).removeprefix("torch.")


def main(out):
    out = pathlib.Path(out)
    import payload_cases  # noqa: F401  fills CASES
    assert len({c.name for c in CASES}) == len(CASES), "two cases of one name"
    lines = ["# Written by payloads.py: cases of payloads.pte, with results of ExecuTorch's C++ runtime or PyTorch."]
    with tempfile.TemporaryDirectory() as d:
        folder = pathlib.Path(d)
        bad = 0
        for case in CASES:
            pte, ptd = program([case], folder)
            results = run(case, pte, ptd)
            expected = list(case.expected) if case.expected is not None else None
            origin = "gives"
            if results is None or any(a.shape != torch.Size(o[1]) and o[1] != [] for a, o in zip(results, case.outputs)):
                print("refused" if results is None else "other shape", case.name)
                origin = "refuses"
            elif expected is not None and not case.refusal:
                for a, e in zip(results, expected):
                    far = distance(a, e)
                    if far > case.tolerance:
                        bad += 1
                        print("far", case.name, far, a.flatten()[:6].tolist(), e.flatten()[:6].tolist())
            lines += ["", f"case {case.name}", f"executorch {origin}", f"tolerance {case.tolerance:g}"]
            for _, data, how in case.arguments:
                lines.append(f"input {name(data.dtype)} {shape(data.shape)} {how}")
            if case.refusal:
                lines.append("refuse " + case.refusal)
                continue
            for given in (results if origin == "gives" else expected or []):
                lines.append(f"output {name(given.dtype)} {shape(given.shape)} "
                             + " ".join(short(v) for v in given.flatten().tolist()))
        print(len(CASES), "cases,", bad, "far from PyTorch")
        pte, ptd = program(CASES, folder)
    (out / "payloads.pte.gz").write_bytes(gzip.compress(pte, 9, mtime=0))
    (out / "payloads.ptd").write_bytes(ptd)
    (out / "payloads.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.modules["payloads"] = sys.modules["__main__"]
    main(sys.argv[1])
