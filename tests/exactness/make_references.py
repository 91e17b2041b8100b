#!/usr/bin/env python3
"""Evaluates the networks of the exactness matrix with PyTorch in float64 and saves their outputs in references/.

This is a developer's tool: nothing that builds or tests resnetc runs it, because the outputs are in the repository. It needs
    pip install torch==2.15.0 torchvision timm==1.0.31 numpy

    python3 tests/exactness/make_references.py [NAME...]

references/NAME_HEIGHTxWIDTH.npy holds the outputs as float64, [pictures, outputs]. Weights and pictures are generated
(generator.py, docs/exactness.md). The script fails if a comparison would say little: if activations vanish or grow
without bound, or if outputs hardly depend on the picture.
"""

import argparse
import pathlib
import time

import numpy as np
import torch

import generator
import models

# Eight pictures for the networks that the test run puts through every batch, one for the others.
MANY = ("resnet18", "resnet50", "cifar_resnet20")


def check_activations(model, name, x):
    """Every layer's output is finite, and its root mean square neither vanishes nor explodes."""
    worst = []

    def look(label):
        def hook(module, inputs, output):
            worst.append((float(output.square().mean().sqrt()), bool(output.isfinite().all()), label))

        return hook

    hooks = [m.register_forward_hook(look(label)) for label, m in model.named_modules() if not list(m.children())]
    model(x)
    for hook in hooks:
        hook.remove()
    low, high = min(worst), max(worst)
    if not all(finite for _, finite, _ in worst) or low[0] < 0.05 or high[0] > 1e6:
        raise SystemExit(f"{name}: activations between {low[0]:.3g} ({low[2]}) and {high[0]:.3g} ({high[2]})")
    return low[0], high[0]


def sizes_of(name):
    """The pictures' heights and widths."""
    only = {"residual_mlp": (1, 784), "vgg16": (224, 224), "iresnet50": (112, 112), "alphazero": (19, 19), "resnet18_1d": (1, 1000)}
    if name in only:
        return [only[name]]
    return [(32, 32)] if name in models.CIFAR else [(64, 96)] if name in models.MORE else [(224, 224), (160, 192)]


def input_of(name, height, width):
    """The shape of one picture, and the input's name."""
    if name == "residual_mlp":
        return (1, width), "features"
    if name == "alphazero":
        return (1, 17, height, width), "position"
    if name == "resnet18_1d":
        return (1, 12, width), "signal"
    return (1, 3, height, width), "image"


def thinned(outputs):
    """At most some 4096 outputs of each picture, so that references stay small; exactness.cpp does the same."""
    count = outputs.shape[1]
    return outputs if count <= 4096 else outputs[:, :: count // 4096 | 1]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", metavar="NAME")
    arguments.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent / "references")
    options = arguments.parse_args()

    torch.set_num_threads(1)
    models.no_initialisation()
    options.output.mkdir(exist_ok=True)
    for name in options.names or models.ALL:
        sizes = sizes_of(name)
        model = models.build(name)
        generator.fill(model, models.GAINS.get(name, 1))
        model = model.double()
        for height, width in sizes:
            start = time.time()
            pictures = 8 if name in MANY else 1
            outputs = []
            with torch.no_grad():
                for index in range(max(pictures, 2)):
                    shape, port = input_of(name, height, width)
                    x = torch.from_numpy(generator.picture(port, index, shape)).double()
                    if index == 0:
                        low, high = check_activations(model, name, x)
                    outputs.append(model(x).numpy()[0].ravel())
            outputs = thinned(np.stack(outputs))
            largest = np.abs(outputs).max()
            apart = np.abs(outputs[0] - outputs[1]).max() / largest
            if not 1e-1 <= largest <= 1e5 or apart < 1e-3:
                raise SystemExit(f"{name}: the largest output is {largest:.3g}, two pictures differ by {apart:.3g} of it")
            np.save(options.output / f"{name}_{height}x{width}.npy", outputs[:pictures])
            print(f"{name} {height}x{width}: {pictures} pictures, largest output {largest:.4g}, pictures apart {apart:.2g}, "
                  f"layers' rms {low:.3g} to {high:.3g}, {time.time() - start:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
