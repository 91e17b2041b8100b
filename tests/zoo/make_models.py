#!/usr/bin/env python3
"""Makes tests/zoo: exports networks, takes their weights out, and computes their outputs in float64.

This is a developer's tool: nothing that builds or tests resnetc runs it, because graphs and outputs are in the repository. It needs
    python3 -m pip install -r bench/zoo-requirements.txt

    python3 tests/zoo/make_models.py [--only-graphs | --only-outputs] [NAME...]

and, for the graphs of networks of Keras and Paddle, environments of their own and --only-graphs. They were made with
    python3 -m pip install tensorflow==2.21.0 keras==3.15.1 tf2onnx==1.17.0
    python3 -m pip install paddlepaddle==3.3.1 paddle2onnx

graphs/NAME.onnx is the network as its framework exports it, without the bytes of its weights. outputs/NAME.npy holds the
output for picture 0 as float32: all elements, or every k-th of the flattened output if there are many. Weights and pictures are generated
(generated.py, docs/exactness.md). The script fails if a comparison would say little, or if ONNX Runtime computes something else.
To add a network, add it to NETWORKS, run this script with its name, and configure the build again: each graph is a test. If its text is
meant to be read, add it to `readable` in zoo_test.cpp too, and run the test with UPDATE_GOLDENS=1.
"""

import argparse
import math
import pathlib
import sys
import time
import warnings

import numpy as np
import onnx

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "exactness"), str(HERE.parents[1] / "bench")]

import generated  # noqa: E402
import generator  # noqa: E402

OPSET = 17
LARGEST_FILE = 160_000
MOST_OUTPUTS = 4096
# All of the largest output. The test allows a difference of 3e-5.
APART = 1e-3  # what two pictures must differ by
BRANCH = 3e-4  # what the loss of one operand of a join must change
ROUNDING = 5e-6  # how far float32 may be from float64

# Package and size of pictures.
NETWORKS = {
    "resnet18": ("torchvision", 64),
    "resnet50": ("torchvision", 64),
    "resnet152": ("torchvision", 64),
    "resnet50d": ("timm", 64),
    "mobilenetv2_100": ("timm", 64),
    "efficientnet_b0": ("timm", 64),
    "convnext_tiny": ("timm", 64),
    "densenet121": ("timm", 64),
    "regnety_032": ("timm", 64),
    "convnext_atto_rms": ("timm", 64),
    "convnextv2_atto": ("timm", 64),
    "cs3darknet_s": ("timm", 64),
    "eca_resnet33ts": ("timm", 64),
    "ghostnet_050": ("timm", 64),
    "hgnetv2_b0": ("timm", 64),
    "inception_v3": ("timm", 96),
    "lraspp_mobilenet_v3_large": ("torchvision", 64),
    "mixnet_s": ("timm", 64),
    "mobilenetv4_conv_small": ("timm", 64),
    "poolformer_s12": ("timm", 64),
    "res2net50_14w_8s": ("timm", 64),
    "resnetblur18": ("timm", 64),
    "rexnet_100": ("timm", 64),
    "shufflenet_v2_x0_5": ("torchvision", 64),
    "skresnet18": ("timm", 64),
    "tresnet_m": ("timm", 64),
    "keras_mobilenet_v3_small": ("keras", 64),
    "paddle_mobilenet_v1": ("paddle", 64),
}


def export_torch(name, package, size, path):
    """The network with generated weights, so that what stays inside is not trivial. PyTorch folds its batch norms."""
    import torch
    import zoo_network

    torch.manual_seed(0)
    model, _ = zoo_network.build(package, name)
    with torch.no_grad():
        for parameter, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue  # a count of batches
            try:
                tensor.copy_(torch.from_numpy(generator.weights(parameter, tensor.shape)))
            except (IndexError, ValueError):  # the generator has no rule for it, or it has no dimensions
                tensor.copy_(0.5 + torch.rand(tensor.shape) if tensor.numel() == 1 else 0.5 * torch.randn(tensor.shape))
        torch.onnx.export(model, (torch.zeros(1, 3, size, size),), str(path), opset_version=OPSET, input_names=["image"],
                          output_names=["output"], dynamo=False)  # fmt: skip


def export_keras(name, _, size, path):
    import keras
    import tensorflow
    import tf2onnx

    makers = {"keras_mobilenet_v3_small": keras.applications.MobileNetV3Small}
    keras.utils.set_random_seed(0)
    model = makers[name](input_shape=(size, size, 3), weights=None, classifier_activation=None)
    signature = (tensorflow.TensorSpec((1, size, size, 3), tensorflow.float32, name="image"),)
    tf2onnx.convert.from_keras(model, input_signature=signature, opset=OPSET, output_path=str(path))


def export_paddle(name, _, size, path):
    import paddle

    paddle.seed(0)
    model = getattr(paddle.vision.models, name.removeprefix("paddle_"))()
    model.eval()
    paddle.onnx.export(model, str(path.with_suffix("")), input_spec=[paddle.static.InputSpec([1, 3, size, size], "float32", "image")])


def export(name, package, size, path):
    exporters = {"keras": export_keras, "paddle": export_paddle}
    exporters.get(package, export_torch)(name, package, size, path)
    model = onnx.load(path)
    for name_of_kept in generated.strip(model):
        print(f"{name}: the constant '{name_of_kept}' stays inside")
    onnx.save(model, path)
    if path.stat().st_size > LARGEST_FILE:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes")


def sampled(output):
    """All elements, or every k-th, with no common factor of k and their number: so no column is left out."""
    flat = output.reshape(-1)
    step = max(1, math.ceil(flat.size / MOST_OUTPUTS))
    while math.gcd(step, flat.size) != 1:
        step += 1
    return flat[::step]


def compute(name, graphs, outputs):
    import evaluate
    import onnxruntime
    import zoo_network

    model = generated.fill(onnx.load(graphs / f"{name}.onnx", load_external_data=False))
    onnx.checker.check_model(model)
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    last = shape[-1] == 3  # the channels come last; resnetc takes planes, which the generator makes
    planes = [1, 3, *shape[1:3]] if last else shape
    pictures = [generator.picture("image", k, planes) for k in range(2)]
    if last:
        pictures = [np.ascontiguousarray(picture.transpose(0, 2, 3, 1)) for picture in pictures]
    first, second = evaluate.in_float64(model, pictures)
    largest = np.abs(first).max()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    rounding = np.abs(session.run(None, {"image": pictures[0]})[0] - first).max() / largest
    apart = np.abs(first - second).max() / largest
    branch = zoo_network.smallest_branch(model, zoo_network.activations(model.graph, "image"), pictures[0])
    facts = (f"{name}: outputs {list(first.shape)} up to {largest:.3g}, pictures apart {apart:.2g}, ONNX Runtime {rounding:.1e}, "
             f"smallest branch {branch or 1:.1e}")  # fmt: skip
    good = 1e-3 <= largest <= 1e12 and apart >= APART and (branch is None or branch >= BRANCH) and rounding <= ROUNDING
    if not good:
        return facts + ": THIS SAYS LITTLE"
    np.save(outputs / f"{name}.npy", sampled(first).astype(np.float32))
    return facts


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", metavar="NAME")
    only = arguments.add_mutually_exclusive_group()
    only.add_argument("--only-graphs", action="store_true", help="compute no outputs")
    only.add_argument("--only-outputs", action="store_true", help="take the graphs as they are")
    options = arguments.parse_args()
    warnings.filterwarnings("ignore")
    graphs, outputs = HERE / "graphs", HERE / "outputs"
    graphs.mkdir(exist_ok=True)
    outputs.mkdir(exist_ok=True)
    failed = False
    for name in options.names or NETWORKS:
        start = time.time()
        if not options.only_outputs:
            export(name, *NETWORKS[name], graphs / f"{name}.onnx")
        facts = name if options.only_graphs else compute(name, graphs, outputs)
        failed |= facts.endswith("LITTLE")
        print(f"{facts}; {(graphs / f'{name}.onnx').stat().st_size / 1000:.0f} kB, {time.time() - start:.1f} s", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
