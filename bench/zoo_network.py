"""Makes one network of timm or torchvision ready for zoo.py, in a process of its own: draws its weights, exports it and computes its outputs.

    python3 bench/zoo_network.py list
    python3 bench/zoo_network.py make PACKAGE/NAME FOLDER

`list` prints a JSON line for each architecture. `make` writes into FOLDER the files that a `Case` of bench/case.py names, for one picture:
the model, the picture and PyTorch's outputs in float64. Its last line is JSON: `out` says why a network is not convolutional, or the rest
says what was made.

A network counts as convolutional unless its exported file multiplies two activations as matrices (MatMul, Gemm or Einsum) or has a loop,
which a recurrent layer is too.

All parameters and statistics are random, layer scales and last norms included. Otherwise a network that is compiled wrongly could give the
right outputs: fresh networks often begin as the identity. Batch norms get the statistics of random pictures, times a random number, so that
the signal keeps its size. Many deep networks with such weights are chaotic: PyTorch's own outputs in float32 have nothing to do with those in
float64. So the scales of batch norms (of other norms in networks without any) and the gains of networks without norms are then multiplied by
the largest of `GAINS` with which float32 errs by at most `WELL_CONDITIONED` of the largest output, or the one with which it errs least. Two
facts show that the comparison can fail: how much two pictures' outputs differ, and how much the outputs change if any one of the values
that additions and concatenations read is zero for all of them. Both are relative to the largest output.
"""

import contextlib
import json
import math
import os
import pathlib
import sys
import warnings
import zlib

import numpy as np

LARGEST_INPUT = 128  # networks that take pictures of any size get at most this one, which keeps a pass over all short
MOST_PARAMETERS = 100e6
OPSETS = {False: 17, True: 18}  # by whether PyTorch's newer exporter is used: the older one knows no more, the newer one no less
GAINS = (1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
WELL_CONDITIONED = 5e-6
JOINS = ("Add", "Sum", "Concat")
PRODUCTS = ("MatMul", "Gemm", "Einsum")
LOOPS = ("Loop", "Scan", "LSTM", "GRU", "RNN")


def architectures():
    """Package, name and family of each architecture, in order. The family is the file that defines the architecture."""
    import timm
    import torchvision
    from timm.models import _registry

    for name in timm.list_models():
        yield "timm", name, _registry._model_to_module[name]
    for name in torchvision.models.list_models():
        builder = torchvision.models.get_model_builder(name)
        folder, family = builder.__module__.split(".")[-2:]
        if folder in ("models", "segmentation"):
            yield "torchvision", name, family


def build(package, name):
    """The module without trained weights, in inference, and heights and widths of pictures to try: a small one, and its own."""
    import torch

    if package == "timm":
        import timm

        model = timm.create_model(name, pretrained=False)
        settings = model.pretrained_cfg
        own = settings["input_size"][1:]
        return model.eval(), [own] if settings.get("fixed_input_size") else [[min(n, LARGEST_INPUT) for n in own], own]

    import torchvision

    folder = torchvision.models.get_model_builder(name).__module__.split(".")[-2]
    options = {"weights": None}
    if folder == "segmentation":
        options["weights_backbone"] = None
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    model = torchvision.models.get_model(name, **options)
    own = (299, 299) if name == "inception_v3" else (224, 224)

    class Output(torch.nn.Module):
        """The main output of a network that yields several by name."""

        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(x)["out"]

    small = [] if name == "inception_v3" else [(LARGEST_INPUT, LARGEST_INPUT)]
    return (Output() if folder == "segmentation" else model).eval(), [*small, own]


def batch_norms(model):
    import torch

    return [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm) and m.running_mean is not None]


def draw(model, pictures, random):
    """Gives every parameter and statistic a random value."""
    import torch

    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            shape = parameter.shape
            if name.endswith("bias"):
                value = 0.1 * torch.randn(shape, generator=random)
            elif max(shape, default=1) == parameter.numel() and not getattr(module, "kernel_size", None):
                value = 0.5 + torch.rand(shape, generator=random)  # a scale, one a channel or one for all
            else:
                inputs = parameter[0].numel()
                value = torch.randn(shape, generator=random) * math.sqrt(2 / inputs)
            parameter.data.copy_(value)

    norms = batch_norms(model)
    kept = [(norm, norm.momentum) for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    if norms:
        model(pictures)
    for norm, momentum in kept:
        norm.momentum = momentum
        norm.eval()
        deviation = norm.running_var.sqrt()
        norm.running_mean.add_(0.2 * deviation * torch.randn(deviation.shape, generator=random))
        norm.running_var.mul_(0.5 + torch.rand(deviation.shape, generator=random)).clamp_(min=1e-3)


def condition(model, pictures):
    """Makes the network tame enough to compare. Returns the gain with float32's error, and the outputs in float64."""
    norms = batch_norms(model) or [m for m in model.modules() if "Norm" in type(m).__name__]
    parameters = [m.weight for m in norms if getattr(m, "weight", None) is not None]
    parameters += [p for name, p in model.named_parameters() if name.split(".")[-1] == "gain"]  # networks without norms have these
    scales = [(parameter, parameter.detach().clone()) for parameter in parameters]

    def outputs(gain):
        """The error of float32 with this gain, and the outputs in float64."""
        for parameter, scale in scales:
            parameter.data.copy_(gain * scale)
        narrow = model(pictures)
        wide = model.double()(pictures.double())
        model.float()
        return float((narrow - wide).abs().max() / wide.abs().max()), wide.numpy()

    errors = {}
    for gain in GAINS if scales else (1,):
        errors[gain], wide = outputs(gain)
        if errors[gain] <= WELL_CONDITIONED:
            break
    else:
        gain = min(errors, key=errors.get)
        _, wide = outputs(gain)
    return {"gain": gain, "pytorch_difference": errors[gain]}, wide


def draw_pictures(count, channels, size, random):
    """Smooth pictures with noise: pure noise is the same everywhere to a deep network."""
    import torch

    smooth = torch.randn(count, channels, 7, 7, generator=random)
    smooth = torch.nn.functional.interpolate(smooth, size=tuple(size), mode="bilinear")
    return smooth + 0.5 * torch.randn(count, channels, *size, generator=random)


def activations(graph, source):
    """The values that depend on the picture's pixels, not only on its size."""
    values = {source}
    for node in graph.node:
        if node.op_type not in ("Shape", "Size") and values & set(node.input):
            values |= set(node.output)
    return values


def why_out(graph, values):
    for node in graph.node:
        if node.op_type in LOOPS:
            return f"has a loop ({node.op_type})"
        if node.op_type in PRODUCTS and sum(name in values for name in node.input[:2]) == 2:
            return f"multiplies two activations as matrices ({node.op_type})"
    return None


def smallest_branch(model, values, picture):
    """The smallest change of the outputs, relative to the largest, when one of the values that joins read is zero for all of them. None
    without joins."""
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    graph = probe.graph
    nodes, places = [], {}  # by value that joins read: the index of its factor
    for node in graph.node:
        if node.op_type in JOINS and sum(name in values for name in node.input) >= 2:
            for index, name in enumerate(node.input):
                if name not in values:
                    continue
                if name not in places:
                    count = places[name] = len(places)
                    nodes.append(helper.make_node("Gather", ["zoo.factors", f"zoo.index{count}"], [f"zoo.factor{count}"]))
                    nodes.append(helper.make_node("Mul", [name, f"zoo.factor{count}"], [f"zoo.value{count}"]))
                    graph.initializer.append(numpy_helper.from_array(np.array(count, np.int64), f"zoo.index{count}"))
                node.input[index] = f"zoo.value{places[name]}"
        nodes.append(node)
    count = len(places)
    if count == 0:
        return None
    nodes = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info("zoo.factors", TensorProto.FLOAT, [count]))
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    factors = np.ones(count, np.float32)
    run = lambda: session.run(None, {"image": picture, "zoo.factors": factors})[0]  # noqa: E731
    whole = run()
    smallest = math.inf
    for index in range(count):
        factors[index] = 0
        smallest = min(smallest, float(np.abs(run() - whole).max() / np.abs(whole).max()))
        factors[index] = 1
    return smallest


def export(model, size, channels, random, path, dynamo):
    """Draws weights, computes two pictures and exports one, by PyTorch's newer exporter if `dynamo`, else by its older one. Returns facts,
    the pictures and the outputs in float64."""
    import torch

    with torch.no_grad():
        draw(model, draw_pictures(4, channels, size, random), random)
        pictures = draw_pictures(2, channels, size, random)
        facts, outputs = condition(model, pictures)
        options = {"external_data": False, "verbose": False} if dynamo else {}
        torch.onnx.export(model, (pictures[:1],), str(path), opset_version=OPSETS[dynamo], input_names=["image"], output_names=["output"],
                          dynamo=dynamo, **options)  # fmt: skip
    return facts | {"size": list(size), "exporter": "dynamo" if dynamo else "TorchScript"}, pictures, outputs


def make(package, name, folder):
    import onnx
    import torch

    warnings.filterwarnings("ignore")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    with torch.device("meta"):
        parameters = None
        try:
            parameters = sum(p.numel() for p in build(package, name)[0].parameters())
        except Exception:
            pass  # some architectures compute with weights when they are made
    if parameters is not None and parameters > MOST_PARAMETERS:
        return {"out": f"has {parameters / 1e6:.0f} million parameters"}
    model, sizes = build(package, name)
    parameters = sum(p.numel() for p in model.parameters())
    if parameters > MOST_PARAMETERS:
        return {"out": f"has {parameters / 1e6:.0f} million parameters"}
    channels = model.pretrained_cfg["input_size"][0] if package == "timm" else 3
    path = folder / "batch1.onnx"
    tries = [(size, dynamo) for dynamo in (False, True) for size in sizes]
    first = None
    for size, dynamo in tries:  # some architectures cannot be exported for every size, some by one exporter only
        random = torch.Generator().manual_seed(zlib.crc32(f"{package}/{name}".encode()))
        try:
            facts, pictures, outputs = export(model, size, channels, random, path, dynamo)
            break
        except Exception as error:
            first = first or error
    else:
        raise first
    exported = onnx.load(path)
    values = activations(exported.graph, "image")
    facts |= {"parameters": parameters, "operators": sorted({node.op_type for node in exported.graph.node})}
    if reason := why_out(exported.graph, values):
        return facts | {"out": reason}
    np.save(folder / "batch1.input.npy", pictures[:1].numpy())
    np.save(folder / "batch1.reference.npy", outputs[:1].astype(np.float32))  # rounded, as the libraries give it
    facts["pictures_differ"] = float(np.abs(outputs[0] - outputs[1]).max() / np.abs(outputs).max())
    facts["smallest_branch"] = smallest_branch(exported, values, pictures[:1].numpy())
    return facts


def send(connection, package, name, folder):
    """Sends what `make` returns, and None; or no facts, and the exception."""
    try:
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing), contextlib.redirect_stderr(nothing):
            facts = make(package, name, folder)
        connection.send((facts, None))
    except Exception as error:
        connection.send(({}, f"{type(error).__name__}: {error}".splitlines()[0]))


def main():
    if sys.argv[1] == "list":
        for package, name, family in architectures():
            print(json.dumps({"package": package, "name": name, "family": family}))
        return
    package, name = sys.argv[2].split("/")
    print(json.dumps(make(package, name, pathlib.Path(sys.argv[3]))))


if __name__ == "__main__":
    main()
