"""Exports models as cases: export.py FOLDER [MODEL-FORM...], or export.py --list.

A case is a folder: model.pte, inputs/0.npy ..., eager/0.npy ... (what PyTorch answers), expected/0.npy ... (what
ExecuTorch's C++ runtime answers), case.json, and for the forms in float32 model.onnx of the same weights.
Weights are random, of a fixed seed: nothing is downloaded, and a time does not depend on them.
"""
import copy
import json
import logging
import os
import shutil
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import executorch.version
import numpy as np
import torch
import torchvision
from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower
from torch.export import Dim, export

ONNX_OPSET = 18
FLOAT_FORMS = ("portable", "xnn")
FORMS = FLOAT_FORMS + ("xnn8", "xnn8d")

# max |actual - expected| / max |expected| of a case that passes. int8 rounds at each layer, and what one runtime
# rounds up another may round down.
TOLERANCE = {"portable": 1e-4, "xnn": 1e-4, "xnn8": 2e-2, "xnn8d": 2e-2}
# Twelve layers of random attention carry such a difference on: 2 % of the largest output were seen.
WIDER = {"deit_tiny-xnn8": 5e-2, "deit_tiny-xnn8d": 5e-2}


# XNNPACK's quantizer makes the numbers of a graph floats, those too by which BERT's mask is indexed.
MISSING = ("minilm-xnn8", "minilm-xnn8d")


# ---- models


class SentenceEmbedding(torch.nn.Module):
    """BERT of MiniLM-L6's sizes with mean pooling: [1, s] ids and mask to [1, 384]."""

    def __init__(self):
        super().__init__()
        from transformers import BertConfig, BertModel

        sizes = BertConfig(
            vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
            intermediate_size=1536, attn_implementation="eager")
        self.bert = BertModel(sizes, add_pooling_layer=False)

    def forward(self, ids, mask):
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[:, :, None].float()
        mean = (hidden * weight).sum(1) / weight.sum(1)
        return mean / mean.norm(dim=1, keepdim=True)


def deit_tiny():
    model = torchvision.models.VisionTransformer(224, 16, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=768)
    torch.nn.init.normal_(model.heads.head.weight, std=0.1)  # zeros at first: every output would be 0
    return model


def randomized(network):
    """Statistics of batch norms as after training: with fresh ones, activations fade layer by layer."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.05)
            module.running_var.uniform_(0.5, 1.5)
    return network


def images(count):
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(1, 3, 224, 224, generator=generator),) for _ in range(count)]


def sentences(count):
    generator = torch.Generator().manual_seed(0)
    ids = [torch.randint(1000, 30000, (1, 10), generator=generator) for _ in range(count)]
    return [(i, torch.ones_like(i)) for i in ids]


def length():
    return {1: Dim("s", min=2, max=256)}


# name: module, samples (the first is the case's input, all calibrate), dynamic shapes
MODELS = {
    "mobilenet_v2": (lambda: randomized(torchvision.models.mobilenet_v2(weights=None)), images, lambda: None),
    "resnet18": (lambda: randomized(torchvision.models.resnet18(weights=None)), images, lambda: None),
    "deit_tiny": (deit_tiny, images, lambda: None),
    "minilm": (SentenceEmbedding, sentences, lambda: {"ids": length(), "mask": length()}),
}
CALIBRATION_SAMPLES = 4


# ---- exporting


def quantized(module, samples, shapes, dynamic):
    """int8 weights per channel; activations by calibration, or dynamic: by what comes."""
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer, get_symmetric_quantization_config)
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantizer = XNNPACKQuantizer()
    quantizer.set_global(get_symmetric_quantization_config(is_per_channel=True, is_dynamic=dynamic))
    prepared = prepare_pt2e(export(module, samples[0], dynamic_shapes=shapes, strict=False).module(), quantizer)
    for sample in samples:
        prepared(*sample)
    return convert_pt2e(prepared)


def partitioners(form):
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import (
        XnnpackDynamicallyQuantizedPartitioner, XnnpackPartitioner)

    return {
        "portable": [],
        "xnn": [XnnpackPartitioner()],
        "xnn8": [XnnpackPartitioner()],
        "xnn8d": [XnnpackDynamicallyQuantizedPartitioner(), XnnpackPartitioner()],
    }[form]


def answers(program, inputs):
    """Of ExecuTorch's C++ runtime, with the operator libraries that its Python package links."""
    from executorch.runtime import Runtime

    method = Runtime.get().load_program(program).load_method("forward")
    return [t.clone() for t in method.execute(list(inputs))]


def save(folder, tensors):
    os.makedirs(folder)
    for i, tensor in enumerate(tensors):
        np.save(f"{folder}/{i}.npy", tensor.detach().contiguous().numpy())


def write_onnx(module, inputs, shapes, path):
    torch.onnx.export(
        module, inputs, path, dynamo=True, opset_version=ONNX_OPSET, external_data=False, dynamic_shapes=shapes,
        verbose=False)


def write_case(folder, model, form):
    build, sample, dynamic_shapes = MODELS[model]
    torch.manual_seed(1)
    module = build().eval()
    samples = sample(CALIBRATION_SAMPLES)
    inputs = samples[0]
    shapes = dynamic_shapes()
    partial = folder + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    if form in FLOAT_FORMS:
        write_onnx(copy.deepcopy(module), inputs, dynamic_shapes(), partial + "/model.onnx")
        lowered = module
    else:
        lowered = quantized(module, samples, shapes, form == "xnn8d")
    program = to_edge_transform_and_lower(
        export(lowered, inputs, dynamic_shapes=shapes, strict=False), partitioner=partitioners(form),
        compile_config=EdgeCompileConfig(_check_ir_validity=False)).to_executorch()
    with open(partial + "/model.pte", "wb") as file:
        program.write_to_file(file)
    with torch.no_grad():
        eager = lowered(*inputs)
    save(partial + "/inputs", inputs)
    save(partial + "/eager", [eager])
    save(partial + "/expected", answers(partial + "/model.pte", inputs))
    description = {
        "name": model,
        "kind": form,
        "method": "forward",
        "tolerance": WIDER.get(f"{model}-{form}", TOLERANCE[form]),
        "expected_from": f"executorch {executorch.version.__version__} C++ runtime",
        "torch": torch.__version__,
        "delegates": [d.id for d in program.executorch_program.execution_plan[0].delegates],
    }
    if form in FLOAT_FORMS:
        description["onnx_opset"] = ONNX_OPSET
    with open(partial + "/case.json", "w") as file:
        json.dump(description, file, indent=1)
    os.rename(partial, folder)


def main(arguments):
    every = [f"{m}-{f}" for m in MODELS for f in FORMS if f"{m}-{f}" not in MISSING]
    if arguments == ["--list"]:
        print("\n".join(every))
        return
    unknown = set(arguments[1:]) - set(every)
    if not arguments or unknown:
        sys.exit(f"{__doc__}\nunknown: {', '.join(sorted(unknown)) or 'no folder was given'}")
    os.makedirs(arguments[0], exist_ok=True)
    for name in arguments[1:] or every:
        folder = os.path.join(arguments[0], name)
        if not os.path.exists(folder):
            write_case(folder, *name.split("-"))
            print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
