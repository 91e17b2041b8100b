#!/usr/bin/env python3
"""Counts how many of Fashion-MNIST's 10,000 test pictures a network of networks/fashion_mnist/ gets right in float32, and in integers for
three draws of 500 training pictures.

    python3 bench/accuracy.py [--network mobilenet_v2_fashion] [--methods mse,minmax] [--within 30] [--resnetc build/resnetc]
    python3 bench/accuracy.py --options "--precision bf16 --target avx512_bf16"    # as compiled with these options, in place of integers

It calibrates with each draw, compiles, and runs the library. Needs only Debian's package dataset-fashion-mnist.
"""

import argparse
import array
import gzip
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
NETWORKS = ROOT / "networks" / "fashion_mnist"
SIZE, CLASSES = 28, 10
DRAWS, PICTURES, BATCH = 3, 500, 1000


def read_pictures(name):
    data = gzip.open(DATA / f"{name}-images-idx3-ubyte.gz").read()[16:]
    return [data[at : at + SIZE * SIZE] for at in range(0, len(data), SIZE * SIZE)]


def read_labels(name):
    return gzip.open(DATA / f"{name}-labels-idx1-ubyte.gz").read()[8:]


def write_npy(path, pictures):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(pictures)}, {SIZE}, {SIZE}, 1), }}\n".encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"".join(pictures))


def read_answers(path):
    """The largest of each row of an array of float32."""
    data = path.read_bytes()
    values = array.array("f", data[10 + struct.unpack_from("<H", data, 8)[0] :])
    rows = [values[at : at + CLASSES] for at in range(0, len(values), CLASSES)]
    return [row.index(max(row)) for row in rows]


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


class Network:
    def __init__(self, resnetc, name, folder):
        self.resnetc, self.name, self.folder = resnetc, name, folder
        self.sources = [NETWORKS / f"{name}.rn", "--weights", NETWORKS / f"{name}.safetensors"]
        self.labels = read_labels("t10k")
        pictures = read_pictures("t10k")
        self.batches = [folder / f"batch{first}.npy" for first in range(0, len(pictures), BATCH)]
        for index, path in enumerate(self.batches):
            write_npy(path, pictures[index * BATCH : (index + 1) * BATCH])

    def right(self, *options):
        """How many test pictures the network gets right when it is compiled with these options."""
        run(self.resnetc, "compile", *self.sources, "-o", self.folder, *options)
        answers = []
        for batch in self.batches:
            run(self.resnetc, "run", self.folder / f"lib{self.name}.so", "--input", batch, "--output", self.folder / "answers.npy")
            answers += read_answers(self.folder / "answers.npy")
        return sum(answer == label for answer, label in zip(answers, self.labels, strict=True))

    def right_in_integers(self, pictures, method):
        data, ranges = self.folder / "draw.npy", self.folder / "draw.ranges"
        write_npy(data, pictures)
        run(self.resnetc, "calibrate", *self.sources, "--data", data, "--method", method, "-o", ranges, "--force")
        return self.right("--precision", "int8", "--ranges", ranges)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--network", default="resnet20_fashion", help="of networks/fashion_mnist (resnet20_fashion)")
    arguments.add_argument("--methods", default="mse,minmax,percentile,entropy", type=lambda text: text.split(","),
                           help="of resnetc calibrate (all)")  # fmt: skip
    arguments.add_argument("--options", type=str.split, help="of resnetc compile: count once with them, in place of integers")
    arguments.add_argument("--within", type=int, metavar="N", help="fail if they get over N pictures fewer right than float32")
    arguments.add_argument("--resnetc", type=pathlib.Path, default=ROOT / "build" / "resnetc")
    options = arguments.parse_args()
    train = read_pictures("train")
    with tempfile.TemporaryDirectory() as folder:
        network = Network(options.resnetc, options.network, pathlib.Path(folder))
        exact = network.right()
        print(f"float32: {exact} of {len(network.labels)} right", flush=True)
        fewest = exact
        if options.options:
            options.methods, fewest = [], network.right(*options.options)
            print(f"{' '.join(options.options)}: {fewest} right", flush=True)
        for method in options.methods:
            for draw in range(DRAWS):
                right = network.right_in_integers(random.Random(draw).sample(train, PICTURES), method)
                print(f"{method}, draw {draw}: {right} right", flush=True)
                fewest = min(fewest, right)
    if options.within is not None and exact - fewest > options.within:
        sys.exit(f"accuracy.py: they get up to {exact - fewest} pictures fewer right than float32, more than {options.within}")


if __name__ == "__main__":
    main()
