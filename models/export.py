"""Exports the cases of this folder that are not in the README's first list: export.py OUT [name…]

Needs executorch 1.5.1 and torch 2.15. A case is a folder: model.pte, inputs, expected (what ExecuTorch's C++ runtime
answered, or PyTorch where that runtime has no kernel), case.json; calls/1, calls/2 … are later calls on the same method.
"""
import copy
import glob
import json
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.export import Dim, export
import executorch.kernels.quantized  # how ExecuTorch's own kernels spell quantize and dequantize
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackDynamicallyQuantizedPartitioner, XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge_transform_and_lower
from executorch.exir.passes.external_constants_pass import delegate_external_constants_pass_unlifted
from executorch.extension.pybindings.portable_lib import _load_for_executorch
from executorch.runtime import Runtime
from torchao.quantization.granularity import PerGroup
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.quantization.quant_api import Int8DynamicActivationIntxWeightConfig, quantize_
from torchao.utils import unwrap_tensor_subclass


TOLERANCES = {"xnn8": 1e-2, "portable8": 1e-2, "xnn8d": 2e-2, "portable8d": 2e-2, "xnn4": 2e-2,  # a step of 256, or two
              "xnn16": 5e-3, "portable16": 5e-3}  # steps of 1024, where others round between operators


def rand(*sizes, seed=0):
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed))


def flat(out):
    return [out] if isinstance(out, torch.Tensor) else [t for o in out for t in flat(o)]


def save(folder, tensors):
    os.makedirs(folder, exist_ok=True)
    for i, tensor in enumerate(tensors):
        np.save(f"{folder}/{i}.npy", tensor.detach().contiguous().numpy())


def exported(module, call, shapes, outside):
    """outside: the weights that payloads name go into the data files "first" and "second", in turn."""
    if not outside:
        return export(module, call, dynamic_shapes=shapes, strict=False)
    plain = export(module, call, dynamic_shapes=shapes, strict=False).module()
    delegate_external_constants_pass_unlifted(plain, gen_tag_fn=lambda n: ("first", "second")[len(n.name) % 2])
    return export(plain, call, dynamic_shapes=shapes, strict=False)


def quantized(module, kind, calls, shapes):
    """8: int8 with fixed parameters; 8d: with parameters chosen at each call; 4: that, with 4-bit weights in groups; 16: float16."""
    if kind.endswith("16"):
        return module.half()
    if kind.endswith("4"):
        quantize_(module, Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int4, weight_granularity=PerGroup(32)))
        return unwrap_tensor_subclass(module)
    if kind.endswith(("8", "8d")):
        quantizer = XNNPACKQuantizer()
        quantizer.set_global(get_symmetric_quantization_config(is_per_channel=True, is_dynamic=kind.endswith("d")))
        prepared = prepare_pt2e(export(module, calls[0], dynamic_shapes=shapes, strict=False).module(), quantizer)
        for call in calls:
            prepared(*call)
        return convert_pt2e(prepared)
    return module


PARTITIONERS = {
    "xnn": [XnnpackPartitioner()], "xnn8": [XnnpackPartitioner()], "xnn16": [XnnpackPartitioner()],
    "xnn8d": [XnnpackDynamicallyQuantizedPartitioner(), XnnpackPartitioner()],
    "xnn4": [XnnpackDynamicallyQuantizedPartitioner(), XnnpackPartitioner()],
}


def case(out, name, kind, module, calls, shapes):
    folder = f"{out}/{name}-{kind}"
    outside = name.endswith("ptd")
    module = quantized(copy.deepcopy(module), kind, calls, shapes)
    program = to_edge_transform_and_lower(
        exported(module, calls[0], shapes, outside and kind == "xnn"),
        partitioner=PARTITIONERS.get(kind, []),
        compile_config=EdgeCompileConfig(_check_ir_validity=False),
    ).to_executorch(ExecutorchBackendConfig(external_constants=outside))
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/model.pte", "wb") as f:
        program.write_to_file(f)
    if outside:
        program.write_tensor_data_to_file(folder)
    source = "executorch 1.5.1 C++ runtime"
    try:
        if name == "picked":
            raise RuntimeError("nonzero is planned transposed, and that runtime writes it as it is")
        if outside and len(glob.glob(f"{folder}/*.ptd")) > 1:
            raise RuntimeError("the bindings take one data file")
        if outside:
            method = _load_for_executorch(f"{folder}/model.pte", glob.glob(f"{folder}/*.ptd")[0])
            results = [[t.clone() for t in flat(list(method.run_method("forward", call)))] for call in calls]
        else:
            method = Runtime.get().load_program(f"{folder}/model.pte").load_method("forward")
            results = [[t.clone() for t in flat(list(method.execute(list(call))))] for call in calls]
    except RuntimeError:
        source = "pytorch"
        with torch.no_grad():
            results = [flat(module(*call)) for call in calls]
    for i, (call, result) in enumerate(zip(calls, results)):
        at = folder if i == 0 else f"{folder}/calls/{i}"
        save(at + "/inputs", call)
        save(at + "/expected", result)
    plan = program.executorch_program.execution_plan[0]
    with open(f"{folder}/case.json", "w") as f:
        json.dump({"name": name, "kind": kind, "method": "forward", "expected_from": source, "tolerance": TOLERANCES.get(kind, 1e-4),
                   "operators": sorted({o.name + ("." + o.overload if o.overload else "") for o in plan.operators}),
                   "delegates": [d.id for d in plan.delegates]}, f, indent=1)


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.out = nn.GRU(12, 24, 2, batch_first=True, bidirectional=True), nn.Linear(48, 5)

    def forward(self, x):
        return self.out(self.gru(x)[0]).log_softmax(-1)


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1 = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.SiLU())
        self.d2 = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.LeakyReLU(.1))
        self.u, self.up = nn.ConvTranspose2d(16, 8, 2, 2), nn.Upsample(scale_factor=2, mode="bilinear")
        self.o = nn.Conv2d(8 + 8 + 16, 2, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(a)
        return torch.sigmoid(self.o(torch.cat([a, self.u(b), self.up(b)], 1)))


class TextCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.o = nn.Embedding(100, 16), nn.Linear(24, 3)
        self.c = nn.ModuleList([nn.Conv1d(16, 8, k) for k in (3, 4, 5)])

    def forward(self, x):
        e = self.e(x).transpose(1, 2)
        return self.o(torch.cat([c(e).relu().amax(-1) for c in self.c], 1))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu")
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x):
        return self.layers(x)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.n = nn.MultiheadAttention(32, 4, batch_first=True), nn.LayerNorm(32)

    def forward(self, x):
        return self.n(x + self.a(x, x, x, need_weights=False)[0])


class Misc(nn.Module):
    def forward(self, x, y):
        values, indices = torch.topk(torch.where(x > y, x, y * 2), 3, dim=-1)
        return (values, indices, torch.cumsum(x, 1), torch.clamp(x, -1, 1).pow(3) + torch.floor(y) + torch.flip(x, [1]),
                torch.roll(y, 1, 0).std(1), torch.sort(x, dim=-1)[0], x.argmax(1), torch.var_mean(y, 1)[0],
                F.pad(x, (1, 2)), x.unfold(1, 2, 1))


class Map(nn.Module):
    """A loop: jumps backwards in the file."""

    def forward(self, xs):
        from torch._higher_order_ops.map import map as over
        return over(lambda x: torch.tanh(x) * 2, xs)


class Rope(nn.Module):
    """A Llama-style attention block: rotary positions, a KV cache that lives across calls, a causal mask by position."""

    def __init__(self, d=32, h=4, length=16):
        super().__init__()
        self.h, self.e = h, nn.Embedding(50, d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
        self.w = nn.Parameter(torch.ones(d))
        for name in ("kc", "vc"):
            self.register_buffer(name, torch.zeros(1, h, length, d // h))
        self.register_buffer("mask", torch.tril(torch.ones(length, length, dtype=torch.bool)))
        angle = torch.outer(torch.arange(length), 1 / (10000 ** (torch.arange(0, d // h, 2) / (d // h))))
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())
        self.requires_grad_(False)

    def forward(self, token, pos):
        x = self.e(token)
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.w
        b, t, d = x.shape
        cos, sin = self.cos[pos], self.sin[pos]

        def heads(y):
            return y.view(b, t, self.h, -1).transpose(1, 2)

        def rotate(y):
            even, odd = y[..., ::2], y[..., 1::2]
            return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)

        q, k, v = rotate(heads(self.q(x))), rotate(heads(self.k(x))), heads(self.v(x))
        self.kc.index_copy_(2, pos, k)
        self.vc.index_copy_(2, pos, v)
        y = F.scaled_dot_product_attention(q, self.kc, self.vc, attn_mask=self.mask[pos][None, None])
        return self.o(y.transpose(1, 2).reshape(b, t, d))


class Gpt(nn.Module):
    def __init__(self, d=32, h=4, length=12):
        super().__init__()
        self.te, self.pe, self.q, self.o = nn.Embedding(60, d), nn.Embedding(length, d), nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.n, self.h = nn.LayerNorm(d), h
        self.f = nn.Sequential(nn.Linear(d, 64), nn.GELU("tanh"), nn.Linear(64, d))

    def forward(self, tokens):
        b, t = tokens.shape
        x = self.te(tokens) + self.pe(torch.arange(t))
        q, k, v = (y.view(b, t, self.h, -1).transpose(1, 2) for y in self.q(self.n(x)).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, -1))
        return (x + self.f(self.n(x))) @ self.te.weight.t()


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.h = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 3 * 7, 1)

    def forward(self, x):
        y = self.h(F.silu(self.c(x)))
        b, _, h, w = y.shape
        y = y.view(b, 3, 7, h, w).permute(0, 1, 3, 4, 2)
        gy, gx = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        xy = (y[..., :2].sigmoid() * 2 - .5 + torch.stack([gx, gy], -1).float()) * 4
        wh = (y[..., 2:4].sigmoid() * 2) ** 2
        return torch.cat([xy, wh, y[..., 4:].sigmoid()], -1).reshape(b, -1, 7), F.interpolate(x, scale_factor=2, mode="nearest")


class Speech(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = nn.Sequential(nn.Conv1d(1, 16, 48, stride=4), nn.ReLU(), nn.Conv1d(16, 16, 7, padding=3, groups=4), nn.GELU(),
                               nn.MaxPool1d(2), nn.ConvTranspose1d(16, 8, 4, stride=2), nn.AdaptiveAvgPool1d(10))
        self.l = nn.LSTM(8, 12, batch_first=True)

    def forward(self, x):
        return self.l(self.n(x).transpose(1, 2))[0].softmax(-1)


class Ranking(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.ModuleList([nn.Embedding(50, 8) for _ in range(3)])
        self.b = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU())
        self.t = nn.Sequential(nn.Linear(8 + 6, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x, ids):
        d = self.b(x)
        v = torch.stack([d] + [e(ids[:, k]) for k, e in enumerate(self.e)], 1)
        i, j = torch.tensor([1, 2, 2, 3, 3, 3]), torch.tensor([0, 0, 1, 0, 1, 2])
        return torch.sigmoid(self.t(torch.cat([d, torch.bmm(v, v.transpose(1, 2))[:, i, j]], 1)))


class Distances(nn.Module):
    def forward(self, x, y, t):
        return (F.cosine_similarity(x, y), (x - y).abs().sum(-1), F.pairwise_distance(x, y), torch.norm(x, dim=1),
                torch.log_softmax(x, 1).gather(1, t[:, None]), F.normalize(y), torch.cdist(x, y), x.logsumexp(1),
                F.one_hot(t, 6).float() @ x.t()[:6], torch.einsum("ij,kj->ik", x, y))


class Weights(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.l, self.shift = nn.Conv2d(3, 8, 3), nn.Linear(8, 5), nn.Parameter(rand(5))

    def forward(self, x):
        return self.l(self.c(x).relu().mean((2, 3))) * self.shift


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.g, self.t = nn.Conv2d(8, 8, 3, 2, groups=2, dilation=2), nn.ConvTranspose2d(8, 6, 3, 2, 1)
        self.c, self.l = nn.Conv2d(14, 8, 1), nn.Linear(8, 5)

    def forward(self, x):
        a = self.a(x)
        g = F.hardtanh(self.g(a * self.b(a) + a), -1, 2)
        t = self.t(g).relu()
        c = self.c(torch.cat([a[:, :, :11, :11], t], 1))
        p = F.max_pool2d(c, 2)
        return self.l(F.adaptive_avg_pool2d(p, 1).flatten(1)), torch.sigmoid(p).permute(0, 2, 3, 1), t


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n, self.m = nn.LayerNorm(64), nn.LayerNorm(64)
        self.q, self.k, self.v = nn.Linear(64, 64), nn.Linear(64, 64, bias=False), nn.Linear(64, 64)
        self.o, self.g, self.u = nn.Linear(64, 64), nn.Linear(64, 96, bias=False), nn.Linear(64, 96, bias=False)
        self.d = nn.Linear(96, 64, bias=False)

    def forward(self, x):
        h = self.n(x)
        q, k, v = self.q(h), self.k(h), self.v(h)
        x = x + self.o(torch.softmax(q @ k.transpose(1, 2) / 8, -1) @ v)
        h = self.m(x)
        return x + self.d(F.silu(self.g(h)) * self.u(h))


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.strided = nn.Conv2d(6, 10, 3, stride=2, padding=1)
        self.grouped = nn.Conv2d(6, 12, (3, 2), groups=3, padding=(0, 1), bias=False)
        self.depthwise = nn.Conv2d(6, 6, 3, groups=6, padding=1)
        self.dilated = nn.Conv2d(6, 12, 3, groups=6, stride=2, dilation=2, padding=2)
        self.pointwise = nn.Conv2d(6, 40, 1)
        self.deep = nn.Conv2d(40, 3, 3)
        self.first = nn.Conv2d(1, 5, 5, padding=2)
        self.transposed = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1)

    def forward(self, x):
        return (self.strided(x), F.relu(self.grouped(x)), F.hardtanh(self.depthwise(x), -0.3, 0.4), self.dilated(x),
                self.deep(F.relu(self.pointwise(x))), self.first(x[:, :1]), self.transposed(x))


class Lines(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv1d(4, 8, 3, padding=1), nn.Conv1d(8, 8, 5, groups=8, padding=2)

    def forward(self, x):
        return self.b(F.hardswish(self.a(x)))


class Linears(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(96, 64), nn.Linear(96, 5, bias=False), nn.Linear(64, 8)

    def forward(self, x):
        return self.c(F.relu(self.a(x))), self.b(x)


class Arithmetic(nn.Module):
    def forward(self, x, y, r):
        return x + y, F.relu(x + y), x * y, x * r, x + r, x - y, F.max_pool2d(x * y, 3, 2, 1)


class Moves(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.linear = nn.Conv2d(4, 8, 1), nn.Linear(8, 6)

    def forward(self, x):
        y = self.conv(x)
        z = torch.cat([y, y * y], 1)
        mean = F.adaptive_avg_pool2d(y, 1)
        return z[:, 2:9], y.permute(0, 2, 3, 1), self.linear(y.flatten(2).transpose(1, 2)), self.linear(mean.flatten(1))


class Halves(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.n = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.LayerNorm(8)
        self.q, self.o = nn.Linear(8, 24), nn.Linear(8, 5)

    def forward(self, x):
        y = F.hardswish(self.b(F.relu(self.a(x)))).flatten(2).transpose(1, 2)
        q, k, v = self.q(self.n(y)).chunk(3, -1)
        return self.o(F.scaled_dot_product_attention(q, k, v) + y), y.mean(1)


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.Conv2d(8, 16, 3)

    def forward(self, x):
        return self.b(self.a(x))


class SelfAttention(nn.Module):
    def __init__(self, d=16, h=2):
        super().__init__()
        self.q, self.o, self.h = nn.Linear(d, 3 * d), nn.Linear(d, d), h

    def forward(self, x, mask=None, causal=False):
        b, t, d = x.shape
        q, k, v = (y.view(b, t, self.h, -1).transpose(1, 2) for y in self.q(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        return self.o(y.transpose(1, 2).reshape(b, t, d))


class NormFirst(nn.Module):
    """Two layers whose scores are bounded: each attention follows a layer norm."""

    def __init__(self, d=16):
        super().__init__()
        self.a = nn.ModuleList([SelfAttention(d) for _ in range(2)])
        self.n = nn.ModuleList([nn.LayerNorm(d) for _ in range(4)])
        self.f = nn.ModuleList([nn.Sequential(nn.Linear(d, 32), nn.GELU(), nn.Linear(32, d)) for _ in range(2)])

    def forward(self, x):
        for i in range(2):
            x = x + self.a[i](self.n[2 * i](x), causal=i == 1)
            x = x + self.f[i](self.n[2 * i + 1](x))
        return x


class Masked(nn.Module):
    """Attention with a mask that the caller gives: a row of it may hide everything."""

    def __init__(self):
        super().__init__()
        self.n, self.a = nn.LayerNorm(16), SelfAttention()

    def forward(self, x, mask):
        return x + self.a(self.n(x), mask)


class Shifted(nn.Module):
    """Shifted windows and the merging of patches, as in Swin."""

    def __init__(self):
        super().__init__()
        self.n, self.l, self.m = nn.LayerNorm(8), nn.Linear(8, 8), nn.Linear(32, 16)

    def forward(self, x):
        y = self.l(self.n(torch.roll(x, (-2, -3), (1, 2))))
        x = x + torch.roll(y, (2, 3), (1, 2))
        return self.m(torch.cat([x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)], -1))


class Dilated(nn.Module):
    """Causal convolutions with PReLUs, which are exported as comparisons, and extremes without their indices."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(8, 8, 3, padding=2 * d, dilation=d) for d in (1, 2)])
        self.prelu = nn.PReLU(8)
        with torch.no_grad():
            self.prelu.weight.copy_(torch.arange(8) / 8 - 0.25)

    def forward(self, x):
        for conv in self.convs:
            x = x + self.prelu(conv(x)[..., :x.shape[-1]])
        return F.leaky_relu(x, 0.1), x.max(-1)[0], x.min(1)[0]


class Window(nn.Module):
    """A window whose place and length are data, and sizes computed from them."""

    def forward(self, x, start, length):
        s, n = start.item(), length.item()
        torch._check(s >= 0)
        torch._check(n >= 1)
        torch._check(s + n <= x.shape[0])
        y = x.narrow(0, s, n)
        return y * 2, y.sum(0), torch.full((n // 2 + 1,), 1.5), torch.zeros(2) + n


class Groups(nn.Module):
    """Group norm of a varying number of images, and cells of different sizes."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.GroupNorm(3, 6)
        with torch.no_grad():
            self.norm.weight.copy_(torch.arange(6) / 3 + 0.5)
            self.norm.bias.copy_(torch.arange(6) / 6)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x))) + x.mean(1, keepdim=True)


class Cells(nn.Module):
    """Adaptive pools whose cells overlap, a variance, a root mean square."""

    def forward(self, x):
        y = F.adaptive_avg_pool2d(x, (3, 4))
        return y, y.var((2, 3), correction=1), 1 - F.rms_norm(y, (4,), eps=1e-3)


class Picked(nn.Module):
    """Shapes that data decide, three times, behind a size that varies."""

    def forward(self, x, keep):
        at = torch.nonzero(x > 0.5)
        chosen = torch.masked_select(x, x < 0) * 2
        rows = x[keep]
        return at, chosen, chosen.sum(), F.softmax(rows, -1) + 1, rows.shape[0] * x


def hiding(*rows):
    mask = torch.zeros(1, 1, 6, 6).masked_fill(torch.ones(6, 6).triu(1) > 0, -torch.inf)
    mask[..., list(rows), :] = -torch.inf
    return mask


BOTH = ("portable", "xnn")
INT8 = ("portable8", "xnn8")
MODELS = {  # name: module, kinds, calls, dynamic shapes
    "gru": (Gru, ("xnn",), [(rand(1, 9, 12),)], None),
    "unet": (Unet, BOTH, [(rand(1, 3, 32, 32),)], None),
    "textcnn": (TextCnn, ("portable",), [(torch.randint(0, 100, (2, 20)),)], None),
    "enc-dyn": (Encoder, BOTH, [(rand(1, 7, 32),), (rand(1, 11, 32),), (rand(1, 2, 32),)], {"x": {1: Dim("s", min=2, max=32)}}),
    "attn": (Attention, BOTH, [(rand(1, 6, 32),)], None),
    "norm-first": (NormFirst, BOTH, [(rand(1, 6, 16),), (1e15 * rand(1, 6, 16, seed=1),)], None),
    "masked": (Masked, BOTH, [(rand(1, 6, 16), hiding()), (rand(1, 6, 16), hiding(0, 4)), (rand(1, 6, 16), hiding(*range(6)))], None),
    "shifted": (Shifted, BOTH, [(rand(1, 8, 6, 8),)], None),
    "dilated": (Dilated, ("portable",), [(rand(2, 8, 13),)], None),
    "groups": (Groups, BOTH, [(rand(2, 3, 5, 6),), (rand(3, 3, 5, 6),), (rand(1, 3, 5, 6),)], {"x": {0: Dim("b", min=1, max=4)}}),
    "cells": (Cells, BOTH, [(rand(2, 3, 5, 7),)], None),
    "enc-dyn2": (NormFirst, BOTH, [(rand(2, 5, 16),), (rand(3, 7, 16),), (rand(4, 2, 16),)],
                 {"x": {0: Dim("n", min=2, max=4), 1: Dim("s", min=2, max=9)}}),
    "misc": (Misc, ("portable",), [(rand(4, 6), rand(4, 6, seed=1))], None),
    "map": (Map, ("portable",), [(rand(5, 3),)], None),
    "rope": (Rope, BOTH, [(torch.tensor([[t]]), torch.tensor([p])) for t, p in ((3, 0), (7, 1), (9, 2))], None),
    "gpt-dyn": (Gpt, BOTH, [(torch.randint(0, 60, (1, t)),) for t in (8, 12, 3)], {"tokens": {1: Dim("T", min=2, max=12)}}),
    "det": (Detector, BOTH, [(rand(1, 3, 32, 32),)], None),
    "wav": (Speech, BOTH, [(rand(1, 1, 400),)], None),
    "weights-ptd": (Weights, BOTH, [(rand(2, 3, 8, 8),)], None),
    "dlrm": (Ranking, BOTH, [(rand(3, 4), torch.randint(0, 50, (3, 3)))], None),
    "vision": (Vision, ("xnn8",), [(rand(1, 3, 16, 16),), (rand(1, 3, 16, 16, seed=1),)], None),
    "block": (Block, ("xnn8d", "xnn4"), [(rand(1, 5, 64),), (rand(1, 5, 64, seed=1),)], None),
    "int8-conv": (Convolutions, INT8, [(rand(2, 6, 9, 11),)], None),
    "int8-conv1d": (Lines, INT8, [(rand(2, 4, 13),)], None),
    "int8-linear": (Linears, INT8, [(rand(3, 96),)], None),
    "half": (Halves, ("portable16", "xnn16"), [(rand(1, 3, 8, 8).half(),)], None),
    "int8-tokens": (Linears, ("portable8", "portable8d", "xnn8", "xnn8d", "xnn4"), [(rand(2, 40, 96),)], None),
    "int8-row": (Linears, ("xnn8d", "xnn4"), [(rand(1, 96),), (rand(1, 96, seed=3) + 4,), (rand(1, 96) * 0,)], None),
    "int8-arithmetic": (Arithmetic, INT8, [(rand(2, 3, 5, 7), 3 * rand(2, 3, 5, 7, seed=1), rand(3, 1, 1, seed=2))], None),
    "int8-moves": (Moves, INT8, [(rand(1, 4, 3, 5),)], None),
    "int8-image": (Images, ("xnn8d",), [(rand(1, 3, 12, 13),)], None),
    "int8-images": (Images, ("xnn8d",), [(rand(3, 3, 12, 13),)], None),
    "window": (Window, ("portable",), [(rand(9, 4), torch.tensor(s), torch.tensor(n)) for s, n in ((2, 5), (0, 9), (8, 1), (3, 2))], None),
    "picked": (Picked, ("portable",), [(rand(n, 3, seed=n), torch.arange(n) % 3 != r) for n, r in ((5, 0), (8, 1), (1, 0), (2, 2))],
               {"x": {0: Dim("n", min=1, max=8)}, "keep": {0: Dim("n", min=1, max=8)}}),
    "losses": (Distances, ("portable",), [(rand(4, 6), rand(4, 6, seed=1), torch.tensor([0, 5, 2, 3]))], None),
}

if __name__ == "__main__":
    for name, (module, kinds, calls, shapes) in MODELS.items():
        if len(sys.argv) == 2 or name in sys.argv[2:]:
            torch.manual_seed(5)
            built = module().eval()
            for kind in kinds:
                case(sys.argv[1], name, kind, built, calls, shapes)
