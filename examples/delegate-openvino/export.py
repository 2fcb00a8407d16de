"""Exports the programs that the tests run, one for each family of operators: export.py OUT

Needs executorch 1.5.1 and torch 2.15. OUT/NAME is a case: model.pte, inputs, and expected, which PyTorch computed; calls/1 is a
later call with other sizes. Nothing is lowered: the delegate claims the operators when a program is loaded.
"""
import json
import os
import sys

import numpy as np
import torch
from executorch.exir import EdgeCompileConfig, to_edge
from torch import nn
from torch.export import Dim, export
from torch.nn import functional as F


class Products(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Conv1d(4, 6, 3, padding=1, dilation=1)
        self.image = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0))
        self.dilated = nn.Conv2d(4, 6, 3, dilation=2, bias=False)
        self.grouped = nn.Conv2d(4, 6, 3, groups=2)
        self.depthwise = nn.Conv2d(4, 8, 3, groups=4, padding=1)
        self.volume = nn.Conv3d(2, 3, 2)
        self.up = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1)
        self.up_grouped = nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2)
        self.dense = nn.Linear(7, 5)
        self.matrix = nn.Parameter(torch.randn(7, 3))

    def forward(self, image, line, volume, rows, batch):
        return (
            self.line(line), self.image(image), self.dilated(image), self.grouped(image), self.depthwise(image),
            self.volume(volume), self.up(image), self.up_grouped(image), self.dense(rows), rows @ self.matrix,
            torch.bmm(batch, batch.transpose(1, 2)), torch.addmm(rows, rows @ rows.t(), rows, beta=0.5, alpha=2.0),
        )


class Activations(nn.Module):
    def __init__(self):
        super().__init__()
        self.slopes = nn.PReLU(5)

    def forward(self, x):
        return (
            F.gelu(x), F.gelu(x, approximate="tanh"), F.silu(x), F.hardswish(x), F.hardsigmoid(x), F.relu(x), F.relu6(x),
            torch.clamp(x, -0.5, 0.75), torch.clamp(x, min=0.1), torch.clamp(x, max=0.2), F.elu(x, 0.7), F.leaky_relu(x, 0.2),
            self.slopes(x), torch.sigmoid(x), torch.tanh(x), F.hardtanh(x),
        )


class Functions(nn.Module):
    def forward(self, x, y, positive):
        return (
            torch.exp(x), torch.log(positive), torch.sqrt(positive), torch.rsqrt(positive), torch.reciprocal(positive),
            torch.pow(positive, 1.5), torch.pow(x, 2), torch.abs(x), -x, torch.floor(3 * x), torch.ceil(3 * x), torch.round(3 * x),
            torch.sin(x), torch.cos(x), torch.erf(x), torch.add(x, y, alpha=2), torch.sub(x, y, alpha=3), 1 - x, x / 3, x / positive,
            torch.maximum(x, y), torch.minimum(x, y), torch.where(x > y, x, y * 2), torch.where((x <= 0) & ~(y == 0), x, y),
            x.masked_fill(y < 0.5, 7.0),
        )


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.LayerNorm((6, 5))
        self.batch = nn.BatchNorm2d(4)
        self.group = nn.GroupNorm(2, 4)
        with torch.no_grad():
            for p in self.parameters():
                p.normal_()
            self.batch.running_mean.normal_()
            self.batch.running_var.uniform_(0.5, 2)

    def forward(self, x):
        return (
            self.layer(x), self.batch(x), self.group(x), F.softmax(x, -1), F.softmax(x, 1), F.log_softmax(x, 2),
            x.mean((2, 3), keepdim=True), x.mean(-1), x.sum((1, 2)), x.amax(3), x.amin((0, 1), keepdim=True), x.mean(),
        )


class Pools(nn.Module):
    def forward(self, x):
        return (
            F.max_pool2d(x, 3, 2, 1), F.max_pool2d(x, 2, 2, ceil_mode=True), F.avg_pool2d(x, 3, 2, 1),
            F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), F.adaptive_avg_pool2d(x, 1), F.adaptive_avg_pool2d(x, (3, 4)),
        )


class Moves(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(9, 5)

    def forward(self, x, words):
        a, b = torch.split(x, [1, 2], 0)
        return (
            x.permute(2, 0, 1) + 0, x.reshape(15, 4) + 0, x[:, 1:-1, ::2] + 0, torch.cat((x, x[:, :2]), 1), torch.stack((x, -x), 1),
            x[:1].expand(4, 5, 4) + 0, a + b, x[:, -1] + 0, F.pad(x, (1, 2, 0, 1), value=0.5), x.unsqueeze(1).squeeze(1) * 2,
            self.table(words), torch.index_select(x, 1, torch.tensor([3, 0, 3])), x.transpose(0, 1).flatten(1) + 0,
        )


class Encoder(nn.Module):
    """A block of a transformer over sequences of any length."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)
        self.mlp = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))

    def forward(self, x):
        q, k, v = (t.view(1, -1, 4, 4).transpose(1, 2) for t in self.qkv(self.norm(x)).chunk(3, -1))
        weights = torch.softmax(q @ k.transpose(2, 3) * 0.5, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(1, -1, 16))
        return x + self.mlp(x)


def save(folder, tensors):
    os.makedirs(folder, exist_ok=True)
    for i, tensor in enumerate(tensors):
        np.save(f"{folder}/{i}.npy", tensor.detach().numpy())


def outputs(module, inputs):
    results = module(*inputs)
    return results if isinstance(results, tuple) else (results,)


def case(name, module, inputs, shapes=None, later=()):
    module.eval()
    program = to_edge(
        export(module, inputs, dynamic_shapes=shapes, strict=False), compile_config=EdgeCompileConfig(_check_ir_validity=False)
    ).to_executorch()
    folder = f"{sys.argv[1]}/{name}"
    save(f"{folder}/inputs", inputs)
    save(f"{folder}/expected", outputs(module, inputs))
    for i, call in enumerate(later, 1):
        save(f"{folder}/calls/{i}/inputs", call)
        save(f"{folder}/calls/{i}/expected", outputs(module, call))
    with open(f"{folder}/model.pte", "wb") as file:
        program.write_to_file(file)
    with open(f"{folder}/case.json", "w") as file:
        json.dump({"name": name, "method": "forward", "expected_from": "pytorch", "tolerance": 1e-5}, file)


torch.manual_seed(0)
image = torch.randn(2, 4, 9, 8)
case("products", Products(), (image, torch.randn(2, 4, 11), torch.randn(1, 2, 4, 5, 3), torch.randn(6, 7), torch.randn(3, 4, 5)))
case("activations", Activations(), (torch.randn(2, 5, 3, 3) * 3,))
case("functions", Functions(), (torch.randn(3, 5), torch.randn(3, 5), torch.rand(3, 5) + 0.1))
case("norms", Norms(), (torch.randn(2, 4, 6, 5),))
case("pools", Pools(), (image,))
case("moves", Moves(), (torch.randn(3, 5, 4), torch.tensor([[1, 8, 0], [3, 3, 2]])))
case(
    "encoder", Encoder(), (torch.randn(1, 12, 16),), ({1: Dim("length", min=2, max=12)},),
    [(torch.randn(1, 5, 16),), (torch.randn(1, 2, 16),), (torch.randn(1, 12, 16),)],
)
