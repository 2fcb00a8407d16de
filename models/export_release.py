"""Exports the `release-…` cases: export_release.py OUT, with the PyTorch and ExecuTorch of the release to export with.

They hold what files of that release look like: constants, views, a bounded size, a mutable buffer, an XNNPACK payload.
Expected outputs are PyTorch's, of the same installation.
"""
import importlib.metadata
import json
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from executorch import exir
from torch.export import Dim, export


class Image(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.depthwise, self.linear = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, groups=4), nn.Linear(16, 5)

    def forward(self, x):
        y = F.max_pool2d(F.relu(self.conv(x)), 2)
        y = self.linear(F.hardtanh(self.depthwise(y)).flatten(1))
        return F.softmax(y, -1), torch.sigmoid(y) * 0.5 + y


class Memory(nn.Module):
    """What was seen fades: each call halves the buffer and adds to it."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 4)
        self.register_buffer("seen", torch.zeros(2, 6))

    def forward(self, x):
        self.seen.mul_(0.5)
        self.seen.add_(x)
        return self.linear(self.seen), self.seen.view(3, 4) * 1.0


def rand(*sizes, seed=0):
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed))


def save(folder, tensors):
    os.makedirs(folder, exist_ok=True)
    for i, tensor in enumerate(tensors):
        np.save(f"{folder}/{i}.npy", tensor.detach().contiguous().numpy())


def case(out, release, name, kind, module, calls, shapes):
    folder = f"{out}/release-{release}-{name}-{kind}"
    edge = exir.to_edge(export(module, calls[0], dynamic_shapes=shapes), compile_config=exir.EdgeCompileConfig(_check_ir_validity=False))
    if kind == "xnn":
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        edge = edge.to_backend(XnnpackPartitioner())
    program = edge.to_executorch()
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/model.pte", "wb") as f:
        f.write(program.buffer)
    with torch.no_grad():
        for i, call in enumerate(calls):
            at = folder if i == 0 else f"{folder}/calls/{i}"
            save(at + "/inputs", call)
            save(at + "/expected", module(*call))
    plan = program.executorch_program.execution_plan[0]
    with open(f"{folder}/case.json", "w") as f:
        json.dump({"name": f"release-{release}-{name}", "kind": kind, "method": "forward", "tolerance": 1e-4,
                   "exported_by": "executorch " + importlib.metadata.version("executorch"), "expected_from": "pytorch " + torch.__version__.split("+")[0],
                   "operators": sorted({o.name + ("." + o.overload if o.overload else "") for o in plan.operators}),
                   "delegates": [d.id for d in plan.delegates]}, f, indent=1)


if __name__ == "__main__":
    release = ".".join(importlib.metadata.version("executorch").split(".")[:2])
    images = [(rand(2, 3, 8, 8),), (rand(1, 3, 8, 8, seed=1),)]
    if release not in ("0.2", "0.3"):  # there the first size is the bound
        images.append((rand(4, 3, 8, 8, seed=2),))
    batch = {"x": {0: Dim("b", min=1, max=4)}}
    seen = [(rand(2, 6, seed=i),) for i in range(3)]
    for name, module, kinds, calls, shapes in (
            ("image", Image, ("portable", "xnn"), images, batch), ("memory", Memory, ("portable",), seen, None)):
        for kind in kinds:
            torch.manual_seed(5)
            fixed = kind == "xnn"  # the first partitioners knew no sizes that vary
            try:
                case(sys.argv[1], release, name, kind, module().eval(), calls[:1] if fixed else calls, None if fixed else shapes)
                print(release, name, kind, "written")
            except Exception as e:  # an early release may lack what a case needs: the others are written all the same
                print(release, name, kind, f"cannot be exported: {type(e).__name__}: {e}".split("\n")[0])
