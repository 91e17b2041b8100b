#!/usr/bin/env python3
"""Counts how many of Fashion-MNIST's 10,000 test pictures a ResNet-20 in integers gets right, for three draws of 500 training pictures.

    python3 bench/accuracy.py [--resnetc build/resnetc] [--method mse]

It calibrates with each draw, compiles, and classifies with examples/fashion_mnist/classify.c. Needs NumPy and clang-22.
"""

import argparse
import gzip
import pathlib
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
NETWORK = ROOT / "networks" / "fashion_mnist" / "resnet20_fashion"
DRAWS, PICTURES = 3, 500


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--resnetc", type=pathlib.Path, default=ROOT / "build" / "resnetc")
    arguments.add_argument("--method", default="mse", help="of resnetc calibrate (mse)")
    options = arguments.parse_args()
    train = np.frombuffer(gzip.open(DATA / "train-images-idx3-ubyte.gz").read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
    run = lambda *command: subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: E731
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name, file in {"pictures": "t10k-images-idx3-ubyte.gz", "labels": "t10k-labels-idx1-ubyte.gz"}.items():
            (folder / name).write_bytes(gzip.open(DATA / file).read())
        network, weights, ranges = f"{NETWORK}.rn", f"{NETWORK}.safetensors", folder / "draw.ranges"
        for draw in range(DRAWS):
            np.save(folder / "draw.npy", train[np.random.RandomState(draw).choice(len(train), PICTURES, replace=False)])
            run(options.resnetc, "calibrate", network, "--weights", weights, "--data", folder / "draw.npy", "--method", options.method,
                "-o", ranges, "--force")  # fmt: skip
            run(options.resnetc, "compile", network, "--weights", weights, "--precision", "int8", "--ranges", ranges, "-o", folder)
            run("clang-22", "-std=c11", "-D_DEFAULT_SOURCE", "-O2", f"-I{folder}", ROOT / "examples/fashion_mnist/classify.c", "-o",
                folder / "classify", f"-L{folder}", "-lresnet20_fashion", "-Wl,-rpath,$ORIGIN")  # fmt: skip
            said = run(folder / "classify", folder / "pictures", folder / "labels", folder / "resnet20_fashion.weights")
            print(f"{options.method}, draw {draw}: {next(line for line in said.splitlines() if line.startswith('right'))}", flush=True)


if __name__ == "__main__":
    main()
