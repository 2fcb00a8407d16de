#!/usr/bin/env python3
"""Computes the results of cases.txt with PyTorch and writes goldens.txt, which the tests read.

usage: goldens.py > ../resources/dev/baton/xnnpack/goldens.txt     (PyTorch 2.x, CPU)

The output repeats each program with the shape of every value, then its results; for a dynamic one also the results
when dim 0 of each input is one less. Element i of a tensor with seed s is ((7919·i + 104729·s) mod 2001 − 1000) / 500,
of a positive one its absolute value plus 0.1.
"""
import ast
import pathlib
import re
import sys

import torch

RENAMED = {"executorch_prim::et_view": "aten::view_copy", "dim_order_ops::_to_dim_order_copy": "aten::clone",
           "dim_order_ops::_clone_dim_order": "aten::clone"}


def data(kind, sizes, seed):
    count = 1
    for size in sizes:
        count *= size
    index = torch.arange(count, dtype=torch.int64)
    values = (((7919 * index + 104729 * seed) % 2001 - 1000).double() / 500).float()
    if kind.startswith("positive"):
        values = values.abs() + 0.1
    return values.reshape(sizes)


def call(name, arguments):
    name = RENAMED.get(name, name)
    base, _, overload = name.split("::")[1].partition(".")
    op = getattr(getattr(torch.ops.aten, base), overload or "default")
    given, named = [], {}
    for value, parameter in zip(arguments, op._schema.arguments):
        if parameter.kwarg_only:
            named[parameter.name] = value
        else:
            given.append(value)
    result = op(*given, **named)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def parse(text, values):
    text = re.sub(r"\b([a-zA-Z_]\w*)\b(?!\")", lambda m: m[0] if m[0] in ("None", "True", "False", "none", "tanh") else f"V('{m[0]}')", text)
    return eval(text, {"V": lambda name: values[name]})


def shape(value):
    sizes = ",".join(map(str, value.shape)) or "scalar"
    return sizes if value.dtype == torch.float32 else f"{str(value.dtype).removeprefix('torch.')}:{sizes}"


def run(program, less):
    values, lines, results = {}, [], []
    for line in program:
        left, _, right = line.partition(" = ")
        if line.startswith("result"):
            results = line.split()[1:]
        elif match := re.fullmatch(r"(input|positive|const|positive_const) (\S+) (\d+)", right):
            sizes = [] if match[2] == "scalar" else [int(s) for s in match[2].split(",")]
            value = data(match[1], sizes, int(match[3]))
            if less and sizes and "const" not in match[1]:
                value = value[:-1]
            values[left] = value
            lines.append(line)
        elif right:
            name, arguments = re.fullmatch(r"([\w:.]+)\((.*)\)", right).groups()
            names = left.split(", ")
            outs = call(name, parse(f"[{arguments}]", values))
            values.update(zip(names, outs))
            lines.append(", ".join(f"{n}:{shape(o)}" for n, o in zip(names, outs)) + " = " + right)
    out = []
    for name in results:
        value = values[name]
        out.append((name, shape(value), " ".join(f"{v:.9g}" for v in value.reshape(-1).tolist())))
    return lines, out


def main():
    text = (pathlib.Path(__file__).parent / "cases.txt").read_text()
    print(f"# Written by src/test/scripts/goldens.py with PyTorch {torch.__version__.split('+')[0]}.")
    for block in re.split(r"^case ", text, flags=re.M)[1:]:
        name, *program = [l for l in block.strip().split("\n") if l]
        lines, results = run(program, False)
        print(f"case {name}")
        print("\n".join(lines))
        for result, sizes, values in results:
            print(f"result {result} {sizes} {values}")
        if "dynamic" in program:
            for result, sizes, values in run(program, True)[1]:
                print(f"less {result} {sizes} {values}")
        print()


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
