#!/usr/bin/env python3
"""Checks that the texts of networks want the weights that the PyTorch modules of the same names have: the same names, of the same shapes but
for dimensions of 1, so that checkpoints load unchanged.

This is a developer's tool, as make_references.py is.

    python3 tests/exactness/check_names.py build/resnetc [NAME...]
"""

import argparse
import pathlib
import re
import subprocess
import sys

import models

NETWORKS = pathlib.Path(__file__).resolve().parent.parent.parent / "networks"


def wanted(resnetc, name):
    """The shapes of the tensors that a text wants, by name, without dimensions of 1."""
    command = [resnetc, "dump", NETWORKS / f"{name}.rn", "--after", "lower-to-graph"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.findall(r'tensor\("([^"]+)", \[([0-9, ]+)\]\)', text)
    return {tensor: without_ones(int(d) for d in shape.split(", ")) for tensor, shape in found}


def without_ones(shape):
    return tuple(d for d in shape if d != 1)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("resnetc")
    arguments.add_argument("names", nargs="*", metavar="NAME")
    options = arguments.parse_args()
    models.no_initialisation()
    failed = False
    for name in options.names or models.ALL:
        state = models.build(name).state_dict().items()
        there = {key: without_ones(tensor.shape) for key, tensor in state if not key.endswith("num_batches_tracked")}
        text = wanted(options.resnetc, name)
        print(f"{name}: {len(text)} tensors in the text, {len(there)} in the module")
        for key in sorted(set(text.items()) ^ set(there.items())):
            print(f"  {key[0]} {list(key[1])} only in the {'text' if text.get(key[0]) == key[1] else 'module'}")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
