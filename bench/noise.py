#!/usr/bin/env python3
"""Compares the noise that integers add to a network's outputs with ONNX Runtime's and MNN's: signal over noise, in decibels, beside PyTorch's float32.

    python3 bench/noise.py [--networks resnet18,resnet50,mobilenet_v2] [--methods mse,minmax] [--resnetc build/resnetc]

Weights are generated. All calibrate with the same 16 pictures. ONNX Runtime quantizes statically (QDQ, minmax, weights i8 for each channel),
and so does MNN with its mnnquant (see bench/peers/mnn.py).
Needs what bench/requirements.txt lists.
"""

import argparse
import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile

from case import Case
from contender import Contender

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PICTURES = 8


def decibels(name, case):
    """Of the outputs of a contender."""
    contender = Contender(name, case, sorted(os.sched_getaffinity(0))[:1], 1800)
    contender.stop()
    return contender.facts["decibels"]


def measure(options, network, folder):
    run = lambda *command: subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)  # noqa: E731
    source, weights = ROOT / "networks" / f"{network}.rn", folder / "weights.safetensors"
    run(sys.executable, HERE / "export.py", "weights", network, weights)
    run(options.resnetc, "compile", source, "-o", folder, "--weights", weights)
    case = Case.of_library(folder, network, PICTURES, "int8")
    run(sys.executable, HERE / "export.py", "models", case.to_json())
    run(sys.executable, HERE / "export.py", "pictures", case.to_json(), folder / "calibration.npy")
    run(sys.executable, HERE / "export.py", "quantized", case.to_json(), folder / "calibration.npy")
    run(sys.executable, HERE / "export.py", "models", dataclasses.replace(case, batch=1).to_json())  # for MNN
    found = {name: decibels(name, case) for name in ("onnxruntime", "mnn")}
    for method in options.methods:
        ranges = folder / "ranges"
        run(options.resnetc, "calibrate", source, "--weights", weights, "--data", folder / "calibration.npy", "--method", method, "-o", ranges,
            "--force")  # fmt: skip
        run(options.resnetc, "compile", source, "-o", folder, "--weights", weights, "--precision", "int8", "--ranges", ranges)
        found[f"resnetc {method}"] = decibels("resnetc", case)
    print(f"{network}: " + ", ".join(f"{name} {value:.1f} dB" for name, value in found.items()), flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--networks", default="resnet18,resnet50,mobilenet_v2", type=lambda text: text.split(","))
    arguments.add_argument("--methods", default="mse,minmax", type=lambda text: text.split(","), help="of resnetc calibrate")
    arguments.add_argument("--resnetc", type=pathlib.Path, default=ROOT / "build" / "resnetc")
    options = arguments.parse_args()
    for network in options.networks:
        with tempfile.TemporaryDirectory() as folder:
            measure(options, network, pathlib.Path(folder))


if __name__ == "__main__":
    main()
