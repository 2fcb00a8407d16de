"""Exports a program that calls an operator of its author's own: export.py OUT

Needs executorch 1.5.1 and torch 2.15. OUT is a case: model.pte, inputs/0.npy, and expected/0.npy, which PyTorch computed.
"""
import os
import sys

import numpy as np
import torch
from executorch.exir import EdgeCompileConfig, to_edge
from torch.export import Dim, export
from torch.library import Library, register_fake

library = Library("my", "DEF")
library.define("gelu2(Tensor x, float scale=1.702) -> Tensor")
library.define("gelu2.out(Tensor x, float scale=1.702, *, Tensor(a!) out) -> Tensor(a!)")


def gelu2(x, scale=1.702):
    return x * torch.sigmoid(scale * x)


def gelu2_out(x, scale=1.702, *, out):
    return out.copy_(gelu2(x, scale))


library.impl("gelu2", gelu2, "CompositeExplicitAutograd")
library.impl("gelu2.out", gelu2_out, "CompositeExplicitAutograd")
register_fake("my::gelu2", lambda x, scale=1.702: torch.empty_like(x), lib=library)


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)

    def forward(self, x):
        return torch.ops.my.gelu2(self.linear(x), 1.5) + 1


out = sys.argv[1]
torch.manual_seed(0)
layer, x = Layer().eval(), torch.randn(5, 4)
program = export(layer, (x,), dynamic_shapes=({0: Dim("batch", min=1, max=8)},))
executorch = to_edge(program, compile_config=EdgeCompileConfig(_check_ir_validity=False)).to_executorch()
for folder, tensor in (("inputs", x), ("expected", layer(x))):
    os.makedirs(f"{out}/{folder}", exist_ok=True)
    np.save(f"{out}/{folder}/0.npy", tensor.detach().numpy())
with open(f"{out}/model.pte", "wb") as file:
    executorch.write_to_file(file)
