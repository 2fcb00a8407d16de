"""Writes the names of the operators that ExecuTorch runs and that PyTorch exports: list_operators.py SOURCES OUT

SOURCES is a checkout of ExecuTorch 1.5.1, whose operator lists and registrations are read; PyTorch's core operators are those that its
registry tags so. Needs torch 2.15. The result is committed: what the vocabulary is held to.
"""
import pathlib
import re
import sys

import torch


def yaml(path):
    names = re.findall(r"(?m)^- (?:op|func): ([\w:.]+)", path.read_text())
    return [n if "::" in n else "aten::" + n for n in names]


def primitives(path):
    return re.findall(r'"((?:aten|executorch_prim)::[\w.]+)"', path.read_text())


def registered(folder):
    found = []
    for path in folder.glob("*.cpp"):
        found += ["::".join(m) for m in re.findall(r'EXECUTORCH_LIBRARY\(\s*(\w+),\s*"([\w.]+)"', path.read_text())]
        for library, body in re.findall(r"TORCH_LIBRARY(?:_FRAGMENT)?\((\w+), \w+\) \{(.*?)\n\}", path.read_text(), re.S):
            found += [f"{library}::{n}" for n in re.findall(r'm\.def\(\s*"([\w.]+)\(', body)]
    return found


def core():
    names = []
    for name in torch._C._dispatch_get_all_op_names():
        plain, _, overload = name.removeprefix("aten::").partition(".")
        packet = getattr(torch.ops.aten, plain, None) if name.startswith("aten::") else None
        operator = getattr(packet, overload or "default", None) if packet else None
        if operator is not None and torch.Tag.core in operator.tags:
            names.append(name)
    return names


def main(sources, out):
    sources = pathlib.Path(sources)
    sections = {
        "portable": yaml(sources / "kernels/portable/functions.yaml"),
        "portable, custom": yaml(sources / "kernels/portable/custom_ops.yaml"),
        "copies between devices": yaml(sources / "kernels/portable/et_copy_ops.yaml"),
        "quantized": yaml(sources / "kernels/quantized/quantized.yaml"),
        "primitive": primitives(sources / "kernels/prim_ops/register_prim_ops.cpp"),
        "language models": registered(sources / "extension/llm/custom_ops"),
        "core, as PyTorch tags them": core(),
    }
    lines = [f"# Operators by section, from ExecuTorch 1.5.1's sources and PyTorch {torch.__version__}; written by src/test/scripts/list_operators.py."]
    for title, names in sections.items():
        lines += [f"# {title}: {len(set(names))}"] + sorted(set(names))
    pathlib.Path(out).write_text("\n".join(lines) + "\n")


main(*sys.argv[1:])
