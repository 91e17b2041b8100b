#!/usr/bin/env python3
"""Compares the noise that integers add to a network's outputs with ONNX Runtime's: signal over noise, in decibels, beside PyTorch's float32.

    python3 bench/noise.py [--networks resnet18,resnet50,mobilenet_v2] [--methods mse,minmax] [--resnetc build/resnetc]

Weights are generated. Both calibrate with the same 16 pictures; ONNX Runtime quantizes statically (QDQ, minmax, weights i8 for each channel).
Needs what bench/requirements.txt lists.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from case import Case

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PICTURES = 8


def decibels(exact, noisy):
    exact, noisy = exact.astype(np.float64).ravel(), noisy.astype(np.float64).ravel()
    return 10 * np.log10((exact**2).sum() / ((exact - noisy) ** 2).sum())


def onnxruntime_output(path, name, picture):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {name: picture})[0]


def measure(options, network, folder):
    run = lambda *command: subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)  # noqa: E731
    source, weights = ROOT / "networks" / f"{network}.rn", folder / "weights.safetensors"
    run(sys.executable, HERE / "export.py", "weights", network, weights)
    run(options.resnetc, "compile", source, "-o", folder, "--weights", weights)
    case = Case.of_library(folder, network, PICTURES, "int8")
    run(sys.executable, HERE / "export.py", "models", case.to_json())
    run(sys.executable, HERE / "export.py", "pictures", case.to_json(), folder / "calibration.npy")
    run(sys.executable, HERE / "export.py", "quantized", case.to_json(), folder / "calibration.npy")
    picture, exact = np.load(case.file(".input.npy")), np.load(case.file(".reference.npy"))
    found = {"onnxruntime": decibels(exact, onnxruntime_output(case.onnx(), case.input, picture))}
    for method in options.methods:
        ranges = folder / "ranges"
        run(options.resnetc, "calibrate", source, "--weights", weights, "--data", folder / "calibration.npy", "--method", method, "-o", ranges,
            "--force")  # fmt: skip
        run(options.resnetc, "compile", source, "-o", folder, "--weights", weights, "--precision", "int8", "--ranges", ranges)
        run(options.resnetc, "run", folder / f"lib{network}.so", "--weights", folder / f"{network}.weights", "--input",
            case.file(".input.npy"), "--output", folder / "output.npy")  # fmt: skip
        found[f"resnetc {method}"] = decibels(exact, np.load(folder / "output.npy"))
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
