"""The cases of payloads.py, by kind of node. Expected values are PyTorch's."""
import torch
import torch.nn.functional as F

from payloads import CASES, INF, NONE, Case, formula, tensorwise, tokenwise

NHWC, NCHW = (0, 2, 3, 1), (0, 3, 1, 2)
HALF = 2e-3
Q8 = {"qint8": tensorwise(0.05, 3), "quint8": tensorwise(0.04, 120)}
O8 = {"qint8": tensorwise(0.06, -5), "quint8": tensorwise(0.05, 110)}
STEP = 1.0


def outcome(real, kind, quant=None):
    if kind == "qint8":
        return quant.stored(real, torch.int8, -128, 127)
    if kind == "quint8":
        return quant.stored(real, torch.uint8, 0, 255)
    return real.to({"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16, "int32": torch.int32}[kind])


def tolerance(kind):
    return {"fp32": 1e-5, "fp16": HALF, "bf16": 1e-2, "int32": 0.0}.get(kind, STEP)


def clamp(x, bounds):
    return x if bounds is None else x.clamp(*bounds)


def unary(name, kind, function, dtype="fp32", bounds=None, positive=False, quant=None, result=None, suffix="", sizes=(2, 5), **fields):
    c = Case(f"{name}{suffix}_{dtype}")
    quant = quant or (Q8.get(dtype), O8.get(dtype))
    x, real = c.input(list(sizes), dtype, quant[0], positive=positive)
    y = function(real.float())
    out = c.output(list(result or y.shape), dtype, quant[1])
    c.node(kind, bounds, input_id=x, output_id=out, flags=fields.pop("flags", 0), **fields)
    c.gives(outcome(clamp(y, bounds), dtype, quant[1]), tolerance=tolerance(dtype))


# Elementwise

POSITIVE = {"SquareRoot": torch.sqrt, "ReciprocalSquareRoot": torch.rsqrt, "Log": torch.log}
UNARY = {"Sigmoid": torch.sigmoid, "Floor": torch.floor, "Ceiling": torch.ceil, "Hardswish": F.hardswish, "Negate": torch.neg,
         "Square": torch.square, "Abs": torch.abs, "Gelu": F.gelu, "Tanh": torch.tanh, "Exp": torch.exp, "Sin": torch.sin,
         "Cos": torch.cos, "Copy": lambda x: x, "Softmax": lambda x: x.softmax(-1)}
for k, f in (UNARY | POSITIVE).items():
    for d in ("fp32", "fp16"):
        unary(k, k, f, d, positive=k in POSITIVE)
    if k not in POSITIVE:
        for d in ("qint8", "quint8"):
            same = (Q8[d], Q8[d]) if k in ("Copy", "Abs", "Negate", "Floor", "Ceiling") else (Q8[d], tensorwise(1 / 256, -128 if d == "qint8" else 0)) if k in ("Sigmoid", "Softmax") else None
            unary(k, k, f, d, quant=same)
unary("Square", "Square", torch.square, "int32")
unary("Abs", "Abs", torch.abs, "int32")
unary("Negate", "Negate", torch.neg, "int32")
for d in ("fp32", "fp16", "qint8", "quint8"):
    unary("LeakyReLU", "LeakyReLU", lambda x: F.leaky_relu(x, 0.1), d, negative_slope=0.1)
    unary("ELU", "ELU", lambda x: F.elu(x, 1.0), d, alpha=1.0)
    same = (Q8[d], Q8[d]) if d in Q8 else None
    unary("Clamp", "Clamp", lambda x: x, d, bounds=(-0.5, 1.25), quant=same)
    unary("Clamp", "Clamp", lambda x: x, d, bounds=(0.0, INF), suffix="_relu", quant=same)
    unary("Clamp", "Clamp", lambda x: x, d, bounds=(0.0, 6.0), suffix="_relu6", quant=same)
    unary("Clamp", "Clamp", lambda x: x, d, bounds=(-INF, 0.75), suffix="_max", quant=same)
unary("Clamp", "Clamp", lambda x: x, "fp32", suffix="_none")
unary("Clamp", "Clamp", lambda x: x, "int32", bounds=(-20.0, 30.0))
unary("ELU", "ELU", lambda x: F.elu(x, 0.5), "fp32", suffix="_half", alpha=0.5)
unary("LeakyReLU", "LeakyReLU", lambda x: F.leaky_relu(x, -0.3), "fp32", suffix="_negative", negative_slope=-0.3)
unary("Softmax", "Softmax", lambda x: x.softmax(-1), "fp32", suffix="_rank1", sizes=(7,))

BINARY = {"Add": torch.add, "Subtract": torch.sub, "Multiply": torch.mul, "Div": torch.div, "Minimum": torch.minimum, "Maximum": torch.maximum}
for k, f in BINARY.items():
    for d in ("fp32", "fp16", "qint8", "quint8", "int32"):
        c = Case(f"{k}_{d}")
        a, x = c.input([2, 5], d, Q8.get(d))
        b, y = c.input([2, 5], d, tensorwise(0.03, 100) if d == "quint8" else tensorwise(0.03, -2) if d in Q8 else None, positive=k == "Div" and d in ("fp32", "fp16"))
        real = f(x.float(), y.float())
        c.node(k, input1_id=a, input2_id=b, output_id=c.output([2, 5], d, O8.get(d)), flags=0)
        if k == "Div" and d not in ("fp32", "fp16"):
            c.gives()
        else:
            c.gives(outcome(real, d, O8.get(d)), tolerance=tolerance(d))
    for sizes, other, suffix in (([2, 3, 4], [4], "row"), ([3, 1], [2, 3, 4], "left"), ([1, 4], [3, 1], "both"), ([2, 3, 4], [1], "one")):
        c = Case(f"{k}_broadcast_{suffix}")
        a, x = c.input(sizes)
        b, y = c.input(other, positive=k == "Div")
        real = f(x, y)
        c.node(k, input1_id=a, input2_id=b, output_id=c.output(list(real.shape)), flags=0).gives(real)
    c = Case(f"{k}_constant")
    a, x = c.input([2, 3, 4])
    b, y = c.const([3, 1], data=formula("positive", [3, 1], 4))
    c.node(k, input1_id=b, input2_id=a, output_id=c.output([2, 3, 4]), flags=0).gives(f(y, x))
    c = Case(f"{k}_bounds")
    a, x = c.input([2, 3])
    b, y = c.input([2, 3], positive=k == "Div")
    real = f(x, y)
    c.node(k, (-0.5, 1.0), input1_id=a, input2_id=b, output_id=c.output([2, 3]), flags=0)
    c.gives(real if k in ("Minimum", "Maximum") else real.clamp(-0.5, 1.0))
for d in Q8:
    c = Case(f"Add_relu_{d}")
    a, x = c.input([2, 3, 4], d, Q8[d])
    b, y = c.const([1, 3, 4], d, tensorwise(0.02, 7))
    c.node("Add", (0.0, INF), input1_id=a, input2_id=b, output_id=c.output([2, 3, 4], d, O8[d]), flags=0)
    c.gives(outcome((x + y).relu(), d, O8[d]), tolerance=STEP)

for d in ("fp32", "fp16", "qint8", "quint8"):
    for sizes, slope in (([2, 4, 3, 5], [5]), ([2, 5], [5]), ([2, 4, 3, 5], [1])):
        c = Case(f"PReLU_{d}_rank{len(sizes)}_slopes{slope[0]}")
        a, x = c.input(sizes, d, Q8.get(d))
        b, w = c.const(slope, d, tensorwise(0.01, 2) if d in Q8 else None, scale=0.2)
        y = torch.where(x < 0, x.float() * w.float(), x.float())
        c.node("PReLU", input1_id=a, input2_id=b, output_id=c.output(sizes, d, O8.get(d)), flags=0)
        c.gives(outcome(y, d, O8.get(d)), tolerance=tolerance(d))

# Convert

for a, qa, b, qb in (("fp32", None, "fp16", None), ("fp16", None, "fp32", None), ("fp32", None, "qint8", O8["qint8"]),
                     ("fp32", None, "quint8", O8["quint8"]), ("qint8", Q8["qint8"], "fp32", None), ("quint8", Q8["quint8"], "fp32", None),
                     ("fp16", None, "qint8", O8["qint8"]), ("qint8", Q8["qint8"], "fp16", None), ("qint8", Q8["qint8"], "qint8", O8["qint8"]),
                     ("quint8", Q8["quint8"], "quint8", O8["quint8"]), ("qint8", Q8["qint8"], "quint8", O8["quint8"]), ("fp32", None, "int32", None),
                     ("int32", None, "fp32", None), ("fp32", None, "bf16", None), ("bf16", None, "fp32", None)):
    c = Case(f"Convert_{a}_{b}")
    x, real = c.input([3, 5], a, qa)
    c.node("Convert", input_id=x, output_id=c.output([3, 5], b, qb), flags=0)
    c.gives(outcome(real.float().round() if b == "int32" else real.float(), b, qb), tolerance=STEP if b in Q8 else HALF if "fp16" in (a, b) else 0.0)

# Movement

KINDS = ("fp32", "fp16", "qint8", "quint8", "int32")
for d in KINDS:
    q = Q8.get(d)

    def moved(name, kind, given, function, **fields):
        c = Case(f"{name}_{d}")
        x, _ = c.input(given, d, q)
        y = function(c.arguments[0][1])
        c.node(kind, input_id=x, output_id=c.output(list(y.shape), d, q), flags=0, **fields).gives(y, tolerance=0.0)

    moved("StaticTranspose", "StaticTranspose", [2, 3, 4, 5], lambda x: x.permute(0, 2, 3, 1), num_dims=4, perm=[0, 2, 3, 1])
    moved("StaticTranspose_rank6", "StaticTranspose", [2, 1, 3, 2, 2, 3], lambda x: x.permute(5, 0, 3, 1, 4, 2), num_dims=6, perm=[5, 0, 3, 1, 4, 2])
    moved("StaticReshape", "StaticReshape", [2, 3, 4], lambda x: x.reshape(6, 4), num_dims=2, new_shape=[6, 4])
    moved("StaticReshape_inferred", "StaticReshape", [2, 3, 4], lambda x: x.reshape(4, 6), num_dims=2, new_shape=[4, 0])
    moved("StaticSlice", "StaticSlice", [3, 4, 5], lambda x: x[1:3, :, 2:3], num_dims=3, offsets=[1, 0, 2], sizes=[2, 4, 1])
    if d in Q8:
        moved("StaticConstantPad", "StaticConstantPad", [1, 2, 3, 4],
              lambda x: F.pad(x.int(), (1, 2, 0, 1), value=round(0.5 / q.scale) + q.zero).to(x.dtype), pre_paddings=[0, 0, 0, 1], post_paddings=[0, 0, 1, 2], padding_value=0.5)
    else:
        moved("StaticConstantPad", "StaticConstantPad", [1, 2, 3, 4], lambda x: F.pad(x, (1, 2, 0, 1), value=2),
              pre_paddings=[0, 0, 0, 1], post_paddings=[0, 0, 1, 2], padding_value=2.0)
    for count in (2, 3, 4, 5):
        c = Case(f"Concatenate{count}_{d}")
        parts = [c.input([2, n + 1, 3], d, q)[0] for n in range(count)]
        y = torch.cat([a[1] for a in c.arguments], 1)
        ids = {f"input{i + 1}_id": parts[i] if i < count else NONE for i in range(5)}
        c.node(f"Concatenate{count}", axis=1, output_id=c.output(list(y.shape), d, q), flags=0, **ids).gives(y, tolerance=0.0)
d, q = "fp32", None
moved("StaticReshape_zero_last", "StaticReshape", [2, 3, 4], lambda x: x.reshape(2, 12), num_dims=2, new_shape=[0, 12])
moved("StaticReshape_two_inferred", "StaticReshape", [2, 3, 4], lambda x: x.reshape(6, 4), num_dims=3, new_shape=[0, 0, 4])
CASES[-1].refused("inferred sizes")
moved("StaticSlice_empty_size", "StaticSlice", [3, 4], lambda x: x[1:1], num_dims=2, offsets=[1, 0], sizes=[0, 4])
moved("StaticSlice_beyond", "StaticSlice", [3, 4], lambda x: x[1:3], num_dims=2, offsets=[1, 0], sizes=[3, 4])
moved("StaticConstantPad_rank2", "StaticConstantPad", [3, 4], lambda x: F.pad(x, (3, 0, 1, 1), value=-1.5), pre_paddings=[1, 3], post_paddings=[1, 0], padding_value=-1.5)
moved("StaticConstantPad_infinite", "StaticConstantPad", [3, 4], lambda x: F.pad(x, (1, 0), value=-INF), pre_paddings=[0, 1], post_paddings=[0, 0], padding_value=-INF)
for d in Q8:
    c = Case(f"Concatenate2_scales_{d}")
    a, x = c.input([2, 3], d, Q8[d])
    b, y = c.input([2, 3], d, O8[d])
    c.node("Concatenate2", axis=1, input1_id=a, input2_id=b, input3_id=NONE, input4_id=NONE, input5_id=NONE, output_id=c.output([2, 6], d, O8[d]), flags=0)
    c.gives(outcome(torch.cat([x, y], 1), d, O8[d]), tolerance=STEP)
    c = Case(f"StaticReshape_scales_{d}")
    a, x = c.input([2, 3], d, Q8[d])
    c.node("StaticReshape", num_dims=1, new_shape=[6], input_id=a, output_id=c.output([6], d, O8[d]), flags=0)
    c.gives(outcome(x.reshape(6), d, O8[d]), tolerance=STEP)

# Matrices


def linear(name, x_kind="fp32", w_kind="fp32", b_kind="fp32", out="fp32", sizes=(3, 6), outs=5, bias=True, flags=0, bounds=None, w_dynamic=False,
           inline=False, xq=None, wq=None, dq=None, token=None, tol=None, group=None, **container):
    if dq:
        container = {"identifier": "XN00"}  # the exporter's schema has lost the field
    c = Case("FullyConnected_" + name, **container)
    n = sizes[-1]
    x, real = c.input(list(sizes), x_kind, xq, dq=dq)
    if token:
        t = c.inside(list(sizes), "qdint8", tokenwise(token))
        c.node("Convert", input_id=x, output_id=t, flags=0)
        x = t
    shape = [n, outs] if flags else [outs, n]
    channels = torch.linspace(0.01, 0.03, outs).tolist()
    if w_kind == "qcint4":
        q = c.channelwise([s * 8 for s in channels], 0, inline)
        w, weights = c.int4(shape, q, w_kind)
    elif w_kind == "qbint4":
        q = c.groupwise(torch.linspace(0.05, 0.3, outs * (n // group)).reshape(outs, -1), group, inline)
        w, weights = c.int4(shape, q, w_kind)
    elif w_kind == "qcint8":
        q = c.channelwise(channels, 1 if flags else 0, inline)
        w, weights = c.const(shape, w_kind, q)
    elif w_dynamic:
        w, weights = c.input(shape, w_kind, wq)
    else:
        w, weights = c.const(shape, w_kind, wq, scale=0.3)
    bid, b = NONE, torch.zeros(outs)
    if bias and b_kind == "qcint32":
        q = c.channelwise([xq.scale * s * (8 if w_kind == "qcint4" else 1) for s in channels], 0, inline)
        bid, b = c.const([outs], b_kind, q, seed=5)
    elif bias and b_kind == "qint32":
        bid, b = c.const([outs], b_kind, tensorwise(xq.scale * wq.scale), seed=5)
    elif bias:
        bid, b = c.const([outs], b_kind, seed=5)
    w32 = weights.float().t() if flags else weights.float()
    if x_kind == "fp32" and not token and not dq and w_kind in ("qcint8", "qcint4"):
        b = b * q.scale  # XNNPACK's kernels scale the sum with the bias in it
    y = clamp(F.linear(quantized(real.float()) if token or dq else real.float(), w32, b.float()), bounds)
    oq = {"qint8": tensorwise(0.1, -5), "quint8": tensorwise(0.1, 110)}.get(out)
    c.node("FullyConnected", bounds, input1_id=x, filter_id=w, bias_id=bid, output_id=c.output(list(y.shape), out, oq), flags=flags)
    c.gives(outcome(y, out, oq), tolerance=tol or max(tolerance(out), HALF if "fp16" in (x_kind, w_kind) else 0))
    return c


def quantized(x):
    """Each row as int8, by PyTorch's rule."""
    low, high = x.amin(-1, True).clamp(max=0), x.amax(-1, True).clamp(min=0)
    scale = (high - low) / 255
    scale = torch.where(scale == 0, 1.0, scale)
    zero = (-128 - low / scale).round().clamp(-128, 127)
    return ((x / scale).round() + zero).clamp(-128, 127).sub(zero).mul(scale)


NEAR = 2e-2
linear("fp32")
linear("no_bias", bias=False)
linear("rank1", sizes=(6,))
linear("rank3", sizes=(2, 3, 6))
linear("rank4", sizes=(2, 2, 3, 6))
linear("transposed", flags=1)
linear("bounds", bounds=(-0.5, 1.0))
linear("relu", bounds=(0.0, INF))
linear("filter_of_input", w_dynamic=True)
linear("filter_of_input_transposed", w_dynamic=True, flags=1, bias=False)
linear("fp16", "fp16", "fp16", "fp16", "fp16")
linear("fp16_filter_fp32", "fp16", "fp32", "fp32", "fp16")
linear("fp32_filter_fp16", "fp32", "fp16", "fp32", "fp32")
linear("fp32_filter_fp16_bias_fp16", "fp32", "fp16", "fp16", "fp32")
linear("bf16_fp32", "bf16", "bf16", "fp32", "fp32", tol=1e-2)
linear("bf16_bf16", "bf16", "bf16", "fp32", "bf16", tol=1e-2)
linear("bf16_bias_bf16", "bf16", "bf16", "bf16", "bf16", tol=1e-2)
linear("fp32_filter_qcint8", "fp32", "qcint8")
linear("fp32_filter_qcint4", "fp32", "qcint4")
linear("fp32_filter_qcint8_transposed", "fp32", "qcint8", flags=1)
S8 = tensorwise(0.01)
linear("qint8", "qint8", "qint8", "qint32", "qint8", xq=Q8["qint8"], wq=S8)
linear("qint8_no_bias", "qint8", "qint8", "qint32", "qint8", xq=Q8["qint8"], wq=S8, bias=False)
linear("qint8_relu", "qint8", "qint8", "qint32", "qint8", xq=Q8["qint8"], wq=S8, bounds=(0.0, INF))
linear("qint8_bounds", "qint8", "qint8", "qint32", "qint8", xq=Q8["qint8"], wq=S8, bounds=(0.0, 6.0))
linear("quint8", "quint8", "quint8", "qint32", "quint8", xq=Q8["quint8"], wq=tensorwise(0.01, 99))
for inline in (False, True):
    s = "_inline" if inline else ""
    linear("qint8_qcint8" + s, "qint8", "qcint8", "qcint32", "qint8", xq=Q8["qint8"], inline=inline)
    linear("qint8_qcint4" + s, "qint8", "qcint4", "qcint32", "qint8", xq=Q8["qint8"], inline=inline)
    linear("dynamic_qcint8" + s, "fp32", "qcint8", token=1, inline=inline, tol=NEAR)
    linear("dynamic_qcint4" + s, "fp32", "qcint4", token=1, inline=inline, tol=NEAR)
    linear("dynamic_qbint4" + s, "fp32", "qbint4", token=1, sizes=(3, 64), group=32, inline=inline, tol=NEAR)
linear("dynamic_qcint8_rank3", "fp32", "qcint8", token=1, sizes=(2, 3, 6), tol=NEAR)
linear("dynamic_qcint8_no_bias", "fp32", "qcint8", token=1, bias=False, tol=NEAR)
linear("dynamic_qcint8_relu", "fp32", "qcint8", token=1, bounds=(0.0, INF), tol=NEAR)
linear("dynamic_qcint8_transposed", "fp32", "qcint8", token=1, flags=1, tol=NEAR)
linear("dynamic_qcint4_odd", "fp32", "qcint4", token=1, sizes=(3, 7), tol=NEAR)
linear("dynamic_qbint4_no_bias", "fp32", "qbint4", token=1, sizes=(2, 64), group=32, bias=False, tol=NEAR)
linear("dynamic_qint8", "fp32", "qint8", token=1, wq=S8, tol=NEAR)
linear("dynamic_fp16_qcint8", "fp16", "qcint8", "fp32", "fp16", token=1, tol=NEAR)
linear("dynamic_fp16_qbint4", "fp16", "qbint4", "fp32", "fp16", token=1, sizes=(3, 64), group=32, tol=NEAR)
linear("legacy_dq", "fp32", "qcint8", dq="qint8", tol=NEAR)
linear("legacy_dq_qcint4", "fp32", "qcint4", dq="qint8", tol=NEAR)
linear("legacy_dq_rank3", "fp32", "qcint8", dq="qint8", sizes=(2, 3, 6), tol=NEAR)
linear("legacy_dq_qdint8", "fp32", "qcint8", dq="qdint8", tol=NEAR)

for name, a, b, flags in (("rank3", [2, 3, 4], [2, 4, 5], 0), ("rank3_transposed", [2, 3, 4], [2, 5, 4], 1), ("rank4", [2, 3, 4, 5], [2, 3, 5, 2], 0),
                          ("broadcast", [2, 3, 4, 5], [1, 3, 5, 2], 0), ("ranks_differ", [2, 3, 4, 5], [3, 5, 2], 0), ("rank2", [3, 4], [4, 5], 0),
                          ("broadcast_one", [2, 3, 4], [1, 4, 5], 0)):
    for d in ("fp32", "fp16"):
        c = Case(f"BatchMatrixMultiply_{name}_{d}")
        x, u = c.input(a, d)
        y, v = c.input(b, d)
        r = torch.matmul(u.float(), v.float().transpose(-1, -2) if flags else v.float())
        c.node("BatchMatrixMultiply", input1_id=x, input2_id=y, output_id=c.output(list(r.shape), d), flags=flags)
        c.gives(outcome(r, d), tolerance=tolerance(d))
c = Case("BatchMatrixMultiply_constant")
x, u = c.input([2, 3, 4])
y, v = c.const([2, 4, 5])
c.node("BatchMatrixMultiply", input1_id=x, input2_id=y, output_id=c.output([2, 3, 5]), flags=0).gives(u @ v)

for mask in (False, True):
    c = Case("ScaledDotProductAttention" + ("_mask" if mask else ""))
    q, Q = c.input([1, 2, 3, 4])
    k, K = c.input([1, 2, 5, 4])
    v, V = c.input([1, 2, 5, 4])
    s, scale = c.const([4], data=torch.tensor([0.5, 0.6, 0.7, 0.4]))
    m, M = c.input([3, 5]) if mask else (NONE, None)
    c.node("ScaledDotProductAttention", query_id=q, key_id=k, value_id=v, scale_id=s, mask_id=m, output_id=c.output([1, 2, 3, 4]), flags=0)
    c.gives(F.scaled_dot_product_attention(Q * scale, K, V, M, scale=1.0))

# Images


def conv(name, kind="Conv2d", x_kind="fp32", w_kind="fp32", b_kind="fp32", out="fp32", size=(7, 6), batch=2, groups=1, ins=3, outs=4, kernel=(3, 2),
         stride=(1, 1), pad=(0, 0, 0, 0), dilation=(1, 1), adjust=(0, 0), bias=True, bounds=None, flags=0, xq=None, wq=None, inline=False, token=None,
         tol=None, dynamic_filter=False):
    """pad: top, right, bottom, left; ins and outs of each group; depthwise: ins = 1."""
    c = Case(f"{kind}_{name}")
    total = groups * ins
    x, real = c.input([batch, *size, total], x_kind, xq)
    if token:
        t = c.inside([batch, *size, total], "qdint8", tokenwise(token))
        c.node("Convert", input_id=x, output_id=t, flags=0)
        x = t
    depthwise = kind == "DepthwiseConv2d"
    shape = [1, *kernel, groups * outs] if depthwise else [groups * outs, *kernel, ins]
    channels = torch.linspace(0.01, 0.03, groups * outs).tolist()
    if w_kind == "qcint8":
        w, weights = c.const(shape, w_kind, c.channelwise(channels, 3 if depthwise else 0, inline))
    elif dynamic_filter:
        w, weights = c.input(shape, w_kind)
    else:
        w, weights = c.const(shape, w_kind, wq, scale=0.3)
    bid, b = NONE, None
    if bias and b_kind == "qcint32":
        bid, b = c.const([groups * outs], b_kind, c.channelwise([xq.scale * s for s in channels], 0, inline), seed=5)
    elif bias:
        bid, b = c.const([groups * outs], b_kind, tensorwise(xq.scale * wq.scale) if b_kind == "qint32" else None, seed=5)
    image = real.float().permute(NCHW)
    if token:
        image = quantized(image.flatten(1)).reshape(image.shape)
    b = None if b is None else b.float()
    top, right, bottom, left = pad
    if flags & 4:
        for d, n in enumerate(size):
            reach = dilation[d] * (kernel[d] - 1) + 1
            need = max(0, (-(-n // stride[d]) - 1) * stride[d] + reach - n)
            if d == 0:
                top, bottom = need // 2, need - need // 2
            else:
                left, right = need // 2, need - need // 2
    if depthwise:
        y = F.conv2d(F.pad(image, (left, right, top, bottom)), weights.float().permute(3, 0, 1, 2), b, stride, 0, dilation, groups)
    elif kind == "Conv2d":
        y = F.conv2d(F.pad(image, (left, right, top, bottom)), weights.float().permute(0, 3, 1, 2), b, stride, 0, dilation, groups)
    else:
        w4 = weights.float().reshape(groups, outs, *kernel, ins).permute(0, 4, 1, 2, 3).reshape(groups * ins, outs, *kernel)
        y = F.conv_transpose2d(image, w4, b, stride, 0, adjust, groups, dilation)
        y = y[:, :, top:y.shape[2] - bottom, left:y.shape[3] - right]
    y = clamp(y, bounds).permute(NHWC)
    oq = {"qint8": tensorwise(0.1, -5), "quint8": tensorwise(0.1, 110)}.get(out)
    c.node(kind, bounds, padding_top=pad[0], padding_right=pad[1], padding_bottom=pad[2], padding_left=pad[3], kernel_height=kernel[0],
           kernel_width=kernel[1], subsampling_height=stride[0], subsampling_width=stride[1], dilation_height=dilation[0], dilation_width=dilation[1],
           group_input_channels=ins, group_output_channels=outs, groups=groups, adjustment_height=adjust[0], adjustment_width=adjust[1], input1_id=x,
           filter_id=w, bias_id=bid, output_id=c.output(list(y.shape), out, oq), flags=flags)
    c.gives(outcome(y, out, oq), tolerance=tol or max(tolerance(out), HALF if x_kind == "fp16" else 0))


for kind, base in (("Conv2d", {}), ("DepthwiseConv2d", {"ins": 1, "outs": 1, "groups": 4}), ("ConvTranspose2d", {})):
    conv("plain", kind, **base)
    conv("no_bias", kind, **base, bias=False)
    conv("strided", kind, **base, stride=(2, 3))
    conv("padded", kind, **base, pad=(1, 1, 1, 1))
    conv("padded_unevenly", kind, **base, pad=(1, 0, 2, 1), stride=(2, 2))
    conv("dilated", kind, **base, dilation=(2, 2), pad=(1, 1, 1, 1))
    conv("relu", kind, **base, bounds=(0.0, INF))
    conv("bounds", kind, **base, bounds=(-0.5, 1.5))
    conv("filter_of_input", kind, **base, dynamic_filter=True)
    conv("fp16", kind, "fp16", "fp16", "fp16", "fp16", **base)
    conv("fp16_filter_fp32", kind, "fp16", "fp32", "fp32", "fp16", **base)
    conv("qint8", kind, "qint8", "qint8", "qint32", "qint8", xq=Q8["qint8"], wq=S8, **base)
    conv("qint8_padded", kind, "qint8", "qint8", "qint32", "qint8", xq=Q8["qint8"], wq=S8, pad=(1, 1, 1, 1), **base)
    conv("quint8", kind, "quint8", "quint8", "qint32", "quint8", xq=Q8["quint8"], wq=tensorwise(0.01, 99), **base)
    for inline in (False, True):
        conv("qcint8" + ("_inline" if inline else ""), kind, "qint8", "qcint8", "qcint32", "qint8", xq=Q8["qint8"], inline=inline, **base)
    conv("qcint8_relu_strided", kind, "qint8", "qcint8", "qcint32", "qint8", xq=Q8["qint8"], stride=(2, 2), pad=(1, 1, 1, 1), bounds=(0.0, INF), **base)
    conv("same", kind, **base, flags=4)
    conv("same_strided", kind, **base, flags=4, stride=(2, 2))
    conv("same_even", kind, **base, flags=4, size=(8, 8), kernel=(3, 3), stride=(2, 2))
    conv("same_dilated", kind, **base, flags=4, dilation=(2, 1))
    conv("same_with_padding", kind, **base, flags=4, pad=(1, 1, 1, 1))
    conv("dynamic_qcint8", kind, "fp32", "qcint8", token=3, tol=NEAR, **base)
    conv("dynamic_qcint8_batch1", kind, "fp32", "qcint8", token=3, batch=1, tol=NEAR, **base)
    conv("fp32_filter_qcint8", kind, "fp32", "qcint8", **base)
conv("same_qint8", "Conv2d", "qint8", "qcint8", "qcint32", "qint8", xq=Q8["qint8"], flags=4, stride=(2, 2))
conv("groups", groups=2, ins=3, outs=2)
conv("groups_qcint8", "Conv2d", "qint8", "qcint8", "qcint32", "qint8", xq=Q8["qint8"], groups=2, ins=3, outs=2)
conv("one_channel_groups", groups=3, ins=1, outs=1)
conv("multiplier", "DepthwiseConv2d", groups=3, ins=1, outs=2)
conv("multiplier_qcint8", "DepthwiseConv2d", "qint8", "qcint8", "qcint32", "qint8", xq=Q8["qint8"], groups=3, ins=1, outs=2)
conv("one_input", "DepthwiseConv2d", groups=1, ins=1, outs=5)
conv("groups", "ConvTranspose2d", groups=2, ins=3, outs=2, stride=(2, 2))
conv("groups_of_one", "ConvTranspose2d", groups=3, ins=1, outs=1)
conv("groups_qcint8", "ConvTranspose2d", "qint8", "qcint8", "qcint32", "qint8", xq=Q8["qint8"], groups=2, ins=3, outs=2, stride=(2, 2))
conv("adjusted", "ConvTranspose2d", stride=(2, 3), adjust=(1, 2), pad=(1, 1, 1, 1))
conv("adjusted_unevenly", "ConvTranspose2d", stride=(2, 3), adjust=(1, 0), pad=(0, 1, 1, 0))


def pool(name, kind, size=(7, 6), kernel=(3, 2), stride=(2, 2), pad=(0, 0, 0, 0), dilation=(1, 1), bounds=None, flags=0x40, d="fp32", quant=None):
    c = Case(f"{kind}_{name}")
    q = quant or Q8.get(d)
    x, real = c.input([2, *size, 3], d, q)
    image = real.float().permute(NCHW)
    top, right, bottom, left = pad
    if flags & 4:
        for i, n in enumerate(size):
            reach = dilation[i] * (kernel[i] - 1) + 1
            need = max(0, (-(-n // stride[i]) - 1) * stride[i] + reach - n)
            if i == 0:
                top, bottom = need // 2, need - need // 2
            else:
                left, right = need // 2, need - need // 2
    sides = (left, right, top, bottom)
    if kind == "MaxPooling2d":
        y = F.max_pool2d(F.pad(image, sides, value=-INF), kernel, stride, 0, dilation)
    else:
        cells = F.avg_pool2d(F.pad(torch.ones_like(image), sides), kernel, stride)
        y = F.avg_pool2d(F.pad(image, sides), kernel, stride) / cells
    y = clamp(y, bounds).permute(NHWC)
    more = {"dilation_height": dilation[0], "dilation_width": dilation[1]} if kind == "MaxPooling2d" else {"dilation_height": 0, "dilation_width": 0}
    c.node(kind, bounds, padding_top=pad[0], padding_right=pad[1], padding_bottom=pad[2], padding_left=pad[3], pooling_height=kernel[0],
           pooling_width=kernel[1], stride_height=stride[0], stride_width=stride[1], input_id=x, output_id=c.output(list(y.shape), d, q),
           flags=flags, **more)
    c.gives(outcome(y, d, q), tolerance=tolerance(d))


for kind in ("MaxPooling2d", "AvgPooling2d"):
    for d in ("fp32", "fp16", "qint8", "quint8"):
        pool(d, kind, d=d)
    pool("padded", kind, pad=(1, 1, 1, 1))
    pool("padded_qint8", kind, pad=(1, 1, 1, 1), d="qint8")
    pool("padded_unevenly", kind, pad=(1, 0, 0, 1), kernel=(3, 3))
    pool("ceil", kind, size=(6, 6), kernel=(3, 3), pad=(0, 1, 1, 0))
    pool("relu", kind, bounds=(0.0, INF))
    pool("bounds", kind, bounds=(-0.5, 0.5))
    pool("no_flags", kind, flags=0)
    pool("same", kind, flags=4)
    pool("same_even", kind, flags=4, size=(8, 8), kernel=(3, 3))
    pool("same_with_padding", kind, flags=4, pad=(1, 1, 1, 1), kernel=(3, 3))
pool("dilated", "MaxPooling2d", dilation=(2, 2), stride=(1, 1))
pool("dilated_padded", "MaxPooling2d", dilation=(2, 1), stride=(1, 2), pad=(1, 1, 1, 1))
pool("same_dilated", "MaxPooling2d", dilation=(2, 2), stride=(1, 1), flags=4)
pool("large_padding", "MaxPooling2d", pad=(2, 1, 2, 1))
pool("large_padding", "AvgPooling2d", pad=(2, 1, 2, 1))

for d in ("fp32", "fp16", "qint8", "quint8"):
    for keep in (True, False):
        c = Case(f"GlobalAvgPooling2d_{'keep' if keep else 'drop'}_{d}")
        x, real = c.input([2, 4, 3, 5], d, Q8.get(d))
        y = real.float().mean((1, 2), keepdim=keep)
        c.node("GlobalAvgPooling2d", input_id=x, output_id=c.output(list(y.shape), d, O8.get(d)), flags=0x40 if keep else 0)
        c.gives(outcome(y, d, O8.get(d)), tolerance=tolerance(d))
c = Case("GlobalAvgPooling2d_bounds")
x, real = c.input([2, 4, 3, 5])
c.node("GlobalAvgPooling2d", (0.0, 0.05), input_id=x, output_id=c.output([2, 1, 1, 5]), flags=0x40)
c.gives(real.mean((1, 2), keepdim=True).clamp(0, 0.05))

for name, pad, flags, index in (("plain", (0, 0, 0, 0), 0, "int32"), ("padded", (1, 1, 0, 0), 0, "int32"), ("padded_left", (1, 0, 1, 1), 0, "int32"), ("long", (0, 0, 0, 0), 0, "long")):
    c = Case("ArgMaxPooling2d_" + name)
    x, real = c.input([2, 6, 4, 3])
    image = F.pad(real.permute(NCHW), (pad[3], pad[1], pad[0], pad[2]), value=-INF)
    windows = image.unfold(2, 3, 3).unfold(3, 2, 2).flatten(4)
    best = windows.max(-1)[0].permute(NHWC)
    # XNNPACK counts down the columns of a window, and pads with the nearest pixel.
    near = F.pad(real.permute(NCHW), (pad[3], pad[1], pad[0], pad[2]), mode="replicate").transpose(2, 3)
    where = near.unfold(2, 2, 2).unfold(3, 3, 3).flatten(4).max(-1)[1].transpose(2, 3).permute(NHWC)
    c.node("ArgMaxPooling2d", padding_top=pad[0], padding_right=pad[1], padding_bottom=pad[2], padding_left=pad[3], pooling_height=3, pooling_width=2,
           input_id=x, output_value_id=c.output(list(best.shape)),
           output_index_id=c.output(list(where.shape), "int32", program=torch.int64 if index == "long" else None), flags=flags)
    c.gives(best, where.to(torch.int64 if index == "long" else torch.int32))

for name, new, flags in (("half_pixel", (7, 9), 0), ("align_corners", (7, 9), 8), ("legacy", (7, 9), 4), ("smaller", (2, 2), 0),
                         ("smaller_align", (2, 2), 8), ("smaller_legacy", (2, 2), 4), ("one", (1, 1), 8), ("both_flags", (7, 9), 12)):
    for d in ("fp32", "fp16", "qint8", "quint8"):
        c = Case(f"StaticResizeBilinear2D_{name}_{d}")
        x, real = c.input([2, 4, 5, 3], d, Q8.get(d))
        c.node("StaticResizeBilinear2D", new_height=new[0], new_width=new[1], input_id=x, output_id=c.output([2, *new, 3], d, Q8.get(d)), flags=flags)
        if flags & 4:
            rows = (torch.arange(new[0]) * (4 / new[0])).clamp(max=3)
            cols = (torch.arange(new[1]) * (5 / new[1])).clamp(max=4)
            r0, c0 = rows.long(), cols.long()
            r1, c1 = (r0 + 1).clamp(max=3), (c0 + 1).clamp(max=4)
            a, b = (rows - r0)[:, None, None], (cols - c0)[:, None]
            i = real.float()
            top = i[:, r0][:, :, c0] * (1 - b) + i[:, r0][:, :, c1] * b
            low = i[:, r1][:, :, c0] * (1 - b) + i[:, r1][:, :, c1] * b
            y = top * (1 - a) + low * a
        else:
            y = F.interpolate(real.float().permute(NCHW), new, mode="bilinear", align_corners=flags == 8).permute(NHWC)
        c.gives(outcome(y, d, Q8.get(d)), tolerance=tolerance(d))

# Where data lie

for identifier in ("XN00", "XN01"):
    for header, store in ((False, "inline"), (True, "section"), (True, "named"), (True, "mixed"), (True, "ptd")):
        linear(f"data_{store}_{identifier}{'' if header else '_bare'}", "fp32", "qcint8", token=1, tol=NEAR, store=store, identifier=identifier, header=header)
linear("data_inline_with_header", store="inline")
linear("data_section_bare", store="section", header=False)
linear("data_named_bare", store="named", header=False)
linear("data_ptd_qbint4", "fp32", "qbint4", token=1, sizes=(3, 64), group=32, tol=NEAR, store="ptd")


# What has no meaning, or two

REFUSED = {"StaticConstantPad_int32": "whole numbers", "FullyConnected_dynamic_qcint4_odd": "odd", "FullyConnected_data_inline_with_header": "constant data",
           "FullyConnected_data_section_bare": "constant data", "FullyConnected_data_named_bare": "constant data",
           "FullyConnected_legacy_dq_qdint8": "at entry"}
for case in CASES:
    kind, _, variant = case.name.partition("_")
    if kind == "ConvTranspose2d" and variant.startswith("same"):
        case.refused("flags")
    elif variant == "same_with_padding":
        case.refused("padding")
    elif variant.startswith("both_flags"):
        case.refused("flags")
    elif case.name in REFUSED:
        case.refused(REFUSED[case.name])
