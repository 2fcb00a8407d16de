"""Exports the cases that are more than one plain program: export_programs.py OUT [name…]

Several methods that share state, bundled programs, mutable weights in data files, training programs. Needs executorch 1.5.1 and
torch 2.15. Expected outputs are those of ExecuTorch's runtime where that is said in case.json, else PyTorch's.
"""
import copy
import json
import os
import shutil
import sys
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
from executorch.devtools import BundledProgram
from executorch.devtools.bundled_program.config import MethodTestCase, MethodTestSuite
from executorch.devtools.bundled_program.serialize import serialize_from_bundled_program_to_flatbuffer
from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge, to_edge_transform_and_lower
from executorch.exir.passes import MemoryPlanningPass
from executorch.exir.passes.init_mutable_pass import InitializedMutableBufferPass
from executorch.runtime import Runtime
from torch.export import Dim, export
from torch.export.experimental import _export_forward_backward

from export import PARTITIONERS, flat, rand, save

RUNTIME = "executorch 1.5.1 C++ runtime"


def describe(folder, name, kind, method, source, program, methods=None):
    plans = program.executorch_program.execution_plan
    with open(f"{folder}/case.json", "w") as f:
        json.dump({"name": name, "kind": kind, "method": method, **({"methods": methods} if methods else {}), "expected_from": source,
                   "tolerance": 1e-4,
                   "operators": sorted({o.name + ("." + o.overload if o.overload else "") for p in plans for o in p.operators}),
                   "delegates": [d.id for p in plans for d in p.delegates]}, f, indent=1)


def write(out, name, kind, program, results, source, calls, methods=None):
    folder = f"{out}/{name}-{kind}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/model.pte", "wb") as f:
        program.write_to_file(f)
    program.write_tensor_data_to_file(folder)
    for i, (call, result) in enumerate(zip(calls, results)):
        at = folder if i == 0 else f"{folder}/calls/{i}"
        save(at + "/inputs", call)
        save(at + "/expected", result)
    describe(folder, name, kind, methods[0] if methods else "forward", source, program, methods)


# ---- several methods over one state

class Cache(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.register_buffer("rows", torch.zeros(8, 4))
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))


class Write(nn.Module):
    def __init__(self, cache):
        super().__init__()
        self.cache = cache

    def forward(self, x, pos):
        self.cache.rows[pos] = self.cache.linear(x)
        self.cache.count.add_(1)
        return self.cache.rows.sum(0)


class Read(nn.Module):
    def __init__(self, cache):
        super().__init__()
        self.cache = cache

    def forward(self, x):
        return x @ self.cache.rows.T, self.cache.count + 0


def shared(out, kind):
    cache = Cache().requires_grad_(False)
    x, pos = rand(1, 4), torch.tensor([2])
    methods = {"read": export(Read(cache), (x,), strict=False), "write": export(Write(cache), (x, pos), strict=False)}
    program = to_edge_transform_and_lower(
        methods, partitioner={m: PARTITIONERS.get(kind, []) for m in methods}, compile_config=EdgeCompileConfig(_check_ir_validity=False)
    ).to_executorch(ExecutorchBackendConfig(memory_planning_pass=MemoryPlanningPass(share_mutable_buffers=True), emit_mutable_buffer_names=True))
    loaded = Runtime.get().load_program(program.buffer)
    run = {m: loaded.load_method(m) for m in methods}
    plan = ["read", "write", "read", "write", "read"]
    calls = [(x,), (x, pos), (x,), (rand(1, 4, seed=1), torch.tensor([7])), (rand(1, 4, seed=2),)]
    results = [[t.clone() for t in flat(list(run[m].execute(list(c))))] for m, c in zip(plan, calls)]
    write(out, "shared", kind, program, results, RUNTIME, calls, plan)


# ---- first contents, and weights outside

class Counter(nn.Module):
    """A buffer that begins with numbers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("sum", torch.arange(6.0).view(2, 3))
        self.linear = nn.Linear(3, 2)

    def forward(self, x):
        self.sum.mul_(0.5)
        self.sum.add_(x)
        return self.linear(self.sum), self.sum.T.contiguous()


def initial(out, kind):
    module = Counter().requires_grad_(False)
    calls = [(rand(2, 3, seed=i),) for i in range(3)]
    program = to_edge_transform_and_lower(
        export(module, calls[0], strict=False), partitioner=PARTITIONERS.get(kind, []), compile_config=EdgeCompileConfig(_check_ir_validity=False)
    ).to_executorch(ExecutorchBackendConfig(passes=[InitializedMutableBufferPass(["sum"])]))
    method = Runtime.get().load_program(program.buffer).load_method("forward")
    write(out, "initial", kind, program, [[t.clone() for t in flat(list(method.execute(list(c))))] for c in calls], RUNTIME, calls)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.second(torch.sigmoid(self.first(x)))


class Loss(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net, self.loss = net, nn.CrossEntropyLoss()

    def forward(self, x, label):
        y = self.net(x)
        return self.loss(y, label), y.detach().argmax(dim=1)


def training(out, kind):
    """The joint graph: loss and answer, then the gradients and the weights, which lie in a data file when kind says so."""
    net = Net()
    calls = [(rand(1, 4, seed=i), torch.tensor([i])) for i in range(3)]
    joint = _export_forward_backward(export(Loss(net), calls[0], strict=False))
    external = kind.endswith("ptd")
    program = to_edge(joint, compile_config=EdgeCompileConfig(_check_ir_validity=False)).to_executorch(
        ExecutorchBackendConfig(external_mutable_weights=external))
    results = []
    for call in calls:
        net.zero_grad()
        loss, answer = Loss(net)(*call)
        loss.backward()
        weights = list(net.parameters())
        results.append([loss, answer] + [w.grad.clone() for w in weights] + [w.detach() for w in weights])
    count = len(program.executorch_program.execution_plan[0].outputs)
    assert count == len(results[0]), (count, [tuple(r.shape) for r in results[0]])
    write(out, "training", kind, program, results, "pytorch", calls)


# ---- bundles

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x, scale: float, add: bool):
        y = F.relu(self.conv(x)) * scale
        return y + 1 if add else y

    def pooled(self, x):
        return F.avg_pool2d(self.conv(x), 2), x.amax((2, 3)).to(torch.int64)


class Pooled(nn.Module):
    def __init__(self, two):
        super().__init__()
        self.two = two

    def forward(self, x):
        return self.two.pooled(x)


class Step(nn.Module):
    """State: each test of a bundle begins anew."""

    def __init__(self):
        super().__init__()
        self.register_buffer("sum", torch.zeros(2, 3))

    def forward(self, x):
        self.sum.add_(x)
        return self.sum * 2


def bundle(out, name, program, suites):
    bundled = BundledProgram(program, [
        MethodTestSuite(method_name=m, test_cases=[MethodTestCase(inputs=list(c), expected_outputs=list(e)) for c, e in tests])
        for m, tests in suites.items()])
    with open(f"{out}/{name}.bpte", "wb") as f:
        f.write(serialize_from_bundled_program_to_flatbuffer(bundled))


def bundled(out, kind):
    two = Two().requires_grad_(False)
    images = [rand(1, 3, 6, 6, seed=i) for i in range(3)]
    images[1] = images[1].to(memory_format=torch.channels_last)
    methods = {"forward": export(two, (images[0], 0.5, True), strict=False), "pooled": export(Pooled(two), (images[0],), strict=False)}
    program = to_edge_transform_and_lower(
        methods, partitioner={m: PARTITIONERS.get(kind, []) for m in methods}, compile_config=EdgeCompileConfig(_check_ir_validity=False)).to_executorch()
    bundle(out, f"bundled-{kind}", program, {
        "forward": [((x, 0.5, True), flat(two(x, 0.5, True))) for x in images],
        "pooled": [((x,), flat(two.pooled(x))) for x in images[:2]]})


def bundled_state(out, kind):
    step = Step()
    calls = [rand(2, 3, seed=i) for i in range(2)]
    program = to_edge(export(step, (calls[0],), strict=False)).to_executorch()
    bundle(out, f"bundled-state-{kind}", program, {"forward": [((x,), [2 * x]) for x in calls]})


CASES = {"shared": (shared, ("portable", "xnn")), "initial": (initial, ("portable", "xnn")), "training": (training, ("portable", "portable-ptd")),
         "bundled": (bundled, ("portable", "xnn")), "bundled-state": (bundled_state, ("portable",))}

if __name__ == "__main__":
    for name, (make, kinds) in CASES.items():
        if len(sys.argv) == 2 or name in sys.argv[2:]:
            for kind in kinds:
                torch.manual_seed(5)
                make(sys.argv[1], kind)
