#!/usr/bin/env python3
"""Writes a network's generated weights (docs/exactness.md) as a safetensors checkpoint, for resnetc and for PyTorch alike.

This is a developer's tool. It needs torch, torchvision, numpy and safetensors.

    python3 bench/generated_checkpoint.py resnet50 resnet50.safetensors
"""

import argparse
import pathlib
import sys

from safetensors.numpy import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "exactness"))
import generator  # noqa: E402
import models  # noqa: E402
from chains import Chain  # noqa: E402


def module(name):
    """A network of networks/ or a chain as a torch module without weights."""
    models.no_initialisation()
    chain = Chain.of_name(name)
    return chain.module() if chain else models.build(name)


def generated_model(name):
    """The network with generated weights as a torch module, float32, and its tensors by name."""
    model = module(name)
    return model, generator.fill(model)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("network")
    arguments.add_argument("output", type=pathlib.Path)
    options = arguments.parse_args()
    save_file(generated_model(options.network)[1], options.output)


if __name__ == "__main__":
    main()
