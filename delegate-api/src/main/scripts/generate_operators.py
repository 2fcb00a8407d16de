"""Writes the operator vocabulary from PyTorch's and ExecuTorch's registered schemas: generate_operators.py OUT

Needs torch 2.15 and executorch 1.5.1. The result is committed; the build does not need this script.
"""
import os
import re
import sys

import torch
import executorch
import executorch.exir.passes.dim_order_ops_registry  # noqa: F401
import executorch.exir.passes.executorch_prim_ops_registry  # noqa: F401
import executorch.extension.llm.custom_ops.custom_ops  # noqa: F401
import torch.ao.quantization.fx._decomposed  # noqa: F401

ROOT = list(executorch.__path__)[0]

# Functional operators that no program file names, but that lifters write or that exporters' decompositions may keep.
FURTHER = """hardswish hardsigmoid silu mish softplus prelu _prelu_kernel linear matmul scaled_dot_product_attention layer_norm rms_norm
group_norm square sgn erfinv log_sigmoid_forward median.dim median adaptive_max_pool2d adaptive_avg_pool1d adaptive_avg_pool2d
adaptive_avg_pool3d _adaptive_avg_pool3d avg_pool1d avg_pool3d max_pool3d_with_indices _embedding_bag round.decimals bucketize.Tensor sort
sort.stable scatter_reduce.two index_add index_copy masked_fill.Tensor celu selu hardshrink softshrink threshold relu6 softmax.int
upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_linear1d.vec upsample_bicubic2d.vec upsample_nearest3d.vec
upsample_trilinear3d.vec unsafe_split.Tensor cumprod logsumexp std.correction all all.dim floor_divide.Scalar sub.Scalar
eye linspace.default var.dim isfinite lerp.Scalar lerp.Tensor addcmul addcdiv dot mv baddbmm triu new_zeros new_full new_ones zeros_like
ones_like empty_like rsub.Tensor native_batch_norm pow.Scalar log_softmax.int ones zeros pixel_shuffle narrow_copy nan_to_num
_to_copy clone contiguous reshape view squeeze.dim unsqueeze expand permute transpose.int flatten.using_ints unflatten.int slice.Tensor select.int
_log_softmax _safe_softmax cat stack multiply.Tensor heaviside copysign.Tensor hypot exp2 special_erf
cummax cummin logcumsumexp kthvalue mode nanmedian nanmedian.dim searchsorted.Scalar bucketize.Scalar gcd lcm
remainder.Scalar_Tensor bitwise_and.Scalar_Tensor bitwise_or.Scalar_Tensor bitwise_xor.Scalar_Tensor bitwise_left_shift.Scalar_Tensor
bitwise_right_shift.Scalar_Tensor lgamma digamma angle complex polar scatter.reduce scatter.value_reduce _unique2
unique_consecutive bincount histc nonzero_static tril_indices triu_indices rand_like randn_like randint randint.low randint_like
randint_like.low_dtype randperm addmv upsample_bicubic2d upsample_trilinear3d upsample_linear1d upsample_nearest3d
col2im im2col searchsorted.Tensor grid_sampler_3d unfold roll logaddexp signbit trunc frac deg2rad rad2deg norm.ScalarOpt_dim
linalg_vector_norm""".split()

# Parameters that say nothing to a runtime without devices or autograd.
IGNORED = {"layout", "device", "pin_memory", "requires_grad", "out_dtype_unused"}

# Operators that change an argument: the marked results go to the arguments with a '!'.
MUTATING = [
    "aten::copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor ; aten::copy_(self!, src, non_blocking)",
    "aten::index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor ; aten::index_put_(self!, indices, values, accumulate)",
    "llama::update_cache(Tensor value, Tensor cache, SymInt start_pos) -> Tensor ; llama::update_cache.out(value, cache!, start_pos)",
    "llama::update_cache_with_indices(Tensor value, Tensor cache, SymInt start_pos, Tensor indices) -> Tensor ; llama::update_cache_with_indices.out(value, cache!, start_pos, indices)",
    "llama::sdpa_with_kv_cache(Tensor query, Tensor key, Tensor value, Tensor key_cache, Tensor value_cache, SymInt start_pos, SymInt seq_len, Tensor? attn_mask=None, float drpout_p=0., bool is_causal=False, float? scale=None) -> (Tensor, Tensor, Tensor) ; llama::sdpa_with_kv_cache.out(query, key, value, key_cache!, value_cache!, start_pos, seq_len, attn_mask, drpout_p, is_causal, scale)",
]

# The runtime's own operators, which PyTorch knows under other signatures or not at all.
RUNTIME = [
    "executorch_prim::et_view(Tensor self, SymInt[] size) -> Tensor ; executorch_prim::et_view.default(self, size)",
    "executorch_prim::et_copy_index(Tensor copy_to, Tensor copy_from, SymInt index) -> Tensor ; executorch_prim::et_copy_index.tensor(copy_to!, copy_from, index)",
    "dim_order_ops::_to_dim_order_copy(Tensor self, bool non_blocking=False, int[]? dim_order=None, ScalarType? dtype=None) -> Tensor ; dim_order_ops::_to_dim_order_copy.out(self, non_blocking, dim_order)",
    "dim_order_ops::_empty_dim_order(SymInt[] size, int[]? dim_order=None, ScalarType? dtype=None) -> Tensor ; dim_order_ops::_empty_dim_order.out(size, dim_order)",
    "aten::sym_size.int(Tensor self, int dim) -> SymInt",
    "aten::sym_numel(Tensor self) -> SymInt",
    "aten::_local_scalar_dense(Tensor self) -> Scalar",
    "aten::allclose.Tensor(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False, bool dummy_param=False) -> Tensor ; aten::allclose.out(self, other, rtol, atol, equal_nan, dummy_param)",
]


def text(t):
    t = re.sub(r"\([a-z!*| ]*\)", "", str(t)).replace("Optional[", "?[")
    return t


def main(out):
    schemas = torch._C._jit_get_all_schemas()
    by_name = {}
    for s in schemas:
        by_name.setdefault(s.name, []).append(s)

    def is_out(s):
        return any(a.is_out for a in s.arguments)

    def signature(s):
        """The schema as PyTorch prints it, without what a runtime ignores."""
        head, tail = str(s).rsplit(" -> ", 1)
        name, params = head.split("(", 1)
        kept = [p for p in re.split(r", (?![^\[(]*[\])])", params[:-1]) if p and p != "*" and p.split("=")[0].split(" ")[-1] not in IGNORED]
        tail = re.sub(r"(Tensor|Scalar|SymInt|int|bool|float)(\([a-z!*| ]*\))?( [a-z_0-9]+)?(?=[,)]|$)", r"\1", tail)
        return f"{name.replace('.default', '')}({', '.join(kept)}) -> {tail}"

    def same_arguments(f, out):
        """Whether an out variant takes the arguments of a functional operator."""
        types = {a.name: str(a.type) for a in f.arguments}
        names = [a.name for a in out.arguments if not a.is_out]
        return (
            [n for n in types if n in names] == names
            and all(n in names or n in IGNORED | {"dtype", "memory_format"} for n in types)
            and all(types[a.name] == str(a.type) for a in out.arguments if not a.is_out)
        )

    lines = {}

    def functional(s, out_name=None, arguments=()):
        line = signature(s)
        key = line.split("(")[0]
        entry = lines.setdefault(key, [line, []])
        if out_name and out_name not in [o.split("(")[0] for o in entry[1]]:
            entry[1].append(f"{out_name}({', '.join(arguments)})")

    wanted = set()
    for path in ("kernels/portable/functions.yaml", "kernels/portable/custom_ops.yaml", "kernels/quantized/quantized.yaml"):
        for line in open(f"{ROOT}/{path}"):
            m = re.match(r"- (?:op|func): ([\w:.]+)", line)
            if m:
                wanted.add(m[1] if "::" in m[1] else "aten::" + m[1])
    wanted |= {f"{s.name}.{s.overload_name}" for s in schemas if s.name.startswith(("llama::", "preprocess::")) and s.name != "llama::_quantized_moe_ffn_active"}
    wanted |= {"aten::" + n for n in "linear.out _fft_r2c.out _fft_c2r.out median.dim_values adaptive_max_pool2d.out _embedding_bag.out round.decimals_out bucketize.Tensor_out sort.values scatter_reduce.two_out logical_not.out index_add.out hardswish.out hardsigmoid.out silu.out std.correction_out max_pool3d_with_indices.out avg_pool3d.out sort.values_stable cumprod.out all.all_out all.out all.dims_out any.dims_out softplus.out celu.out triu.out lerp.Scalar_out lerp.Tensor_out addcmul.out addcdiv.out baddbmm.out upsample_bicubic2d.vec_out upsample_linear1d.vec_out upsample_nearest1d.vec_out upsample_trilinear3d.vec_out upsample_nearest3d.vec_out isfinite.out exp2.out logsumexp.out nan_to_num.out hypot.out copysign.out signbit.out heaviside.out square.out mish.out _adaptive_avg_pool3d.out zeros_like.out ones_like.out empty_like.out eye.m_out searchsorted.Tensor_out col2im.out im2col.out grid_sampler_3d.out sgn.out erfinv.out frac.out logaddexp.out rsub.Tensor_out linalg_vector_norm.out norm.out var.out _safe_softmax.out _prelu_kernel.out rms_norm.out native_batch_norm.out _fft_c2c.out adaptive_max_pool3d.out median.out erfc.out fmax.out fmin.out copysign.Scalar_out masked_fill.Tensor_out index_copy.out log_sigmoid_forward.output view_as_complex_copy.out trunc.out amax.out".split()}
    missing = []
    for full in sorted(wanted):
        name, overload = (full.split(".", 1) + [""])[:2]
        found = [s for s in by_name.get(name, []) if s.overload_name == overload]
        if not found:
            missing.append(full)
            continue
        s = found[0]
        if name.endswith("_") or any(l.split(" ; ")[-1].startswith(full + "(") for l in MUTATING + RUNTIME):
            continue
        if not is_out(s):
            functional(s, full if overload else None, [a.name for a in s.arguments] if overload else ())
            continue
        names = [a.name for a in s.arguments if not a.is_out]
        for f in by_name[name]:
            if not is_out(f) and same_arguments(f, s):
                functional(f, full, names)
                break
        else:
            missing.append(full)
    for n in FURTHER:
        name, overload = ("aten::" + n + ".").split(".")[:2]
        for s in by_name.get(name, []):
            if s.overload_name == overload and not is_out(s):
                functional(s)
                for o in by_name[name]:
                    if is_out(o) and same_arguments(s, o):
                        functional(s, f"{o.name}.{o.overload_name}", [a.name for a in o.arguments if not a.is_out])
    for n in [n for n in by_name if n.startswith(("executorch_prim::", "quantized_decomposed::"))]:
        for s in by_name[n]:
            key = signature(s).split("(")[0]
            if not is_out(s) and not n.endswith("_impl") and key not in lines and not any(l.startswith(key + "(") for l in RUNTIME):
                functional(s)
    for extra in ("floordiv.int(Scalar a, Scalar b) -> Scalar", "mod.int(Scalar a, Scalar b) -> Scalar"):
        lines.setdefault("executorch_prim::" + extra.split("(")[0], ["executorch_prim::" + extra, []])
    for line in open(f"{ROOT}/kernels/quantized/quantized.yaml"):
        m = re.match(r"- func: (quantized_decomposed::\w+)\.(\w+)\((.*)\) -> ", line)
        if m and f"{m[1]}.{m[2]}" in missing:
            overload = {"out": "", "Tensor_out": ".tensor"}[m[2]]
            names = [p.split("=")[0].split(" ")[-1] for p in m[3].split(", ") if p != "*" and "!" not in p]
            if m[1] + overload in lines:
                lines[m[1] + overload][1].append(f"{m[1]}.{m[2]}({', '.join(names)})")
                missing.remove(f"{m[1]}.{m[2]}")
    result = []
    for line, outs in lines.values():
        result.append(" ; ".join([line] + outs))
    for line in MUTATING:
        key = line.split("(")[0] + "("
        named = [r for r in result if r.startswith(key)]
        if named and line.startswith("aten::"):
            result = [r + " ; " + line.split(" ; ")[1] if r in named else r for r in result]
        else:
            result = [r for r in result if r not in named] + [line]
    taken = {r.split("(")[0] for r in RUNTIME}
    result = [r for r in result if r.split("(")[0] not in taken] + RUNTIME
    with open(out, "w") as f:
        f.write("# Operator vocabulary: functional signature ; then each spelling of it in program files, with its arguments in order.\n")
        f.write("# '!' marks an argument that receives a result; other results go to the out arguments after the last.\n")
        f.write("# Facts from PyTorch's and ExecuTorch's operator registries, written by src/main/scripts/generate_operators.py.\n")
        f.writelines(l + "\n" for l in sorted(set(result)))
    print(len(result), "operators; not found:", " ".join(missing), file=sys.stderr)


main(sys.argv[1])
