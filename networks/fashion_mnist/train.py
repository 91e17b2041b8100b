#!/usr/bin/env python3
"""Trains a network of networks/fashion_mnist/ on Fashion-MNIST and saves its weights as safetensors.

A developer's tool: nothing that builds, tests or demonstrates resnetc runs it. It needs
    pip install torch==2.15.0 torchvision==0.29.2 numpy safetensors
and Debian's package dataset-fashion-mnist (60,000 + 10,000 pictures, 28x28, grey).

    python3 networks/fashion_mnist/train.py --epochs 16 --output networks/fashion_mnist/resnet20_fashion.safetensors
    python3 networks/fashion_mnist/train.py --network mobilenet_v2_fashion --epochs 16 --compile \
        --output networks/fashion_mnist/mobilenet_v2_fashion.safetensors
    python3 networks/fashion_mnist/train.py --evaluate networks/fashion_mnist/resnet20_fashion.safetensors

The recipe is that of the CIFAR networks in arXiv:1512.03385, section 4.2, with a one-cycle learning rate: crops from a
picture padded by 2, horizontal flips, weight decay 5e-4, label smoothing 0.1. Settings are chosen with --hold-out, so
that the test pictures decide nothing.
"""

import argparse
import dataclasses
import gzip
import pathlib
import time
from collections.abc import Callable

import numpy as np
import torch
import torchvision
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

MEAN, STD = 0.2860, 0.3530  # of the training pictures; the same numbers stand in the networks' texts


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        shortcut = self.downsample(x) if self.downsample else x
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet20(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, 1), Block(16, 16, 1), Block(16, 16, 1))
        self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def mobilenet_v2(classes=10):
    """torchvision's network of width 0.5 for one channel. Its first convolution and its third stage of widths halve nothing here."""
    stages = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 1], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]]
    model = torchvision.models.MobileNetV2(classes, width_mult=0.5, inverted_residual_setting=stages)
    model.features[0][0] = nn.Conv2d(1, model.features[0][0].out_channels, 3, 1, 1, bias=False)
    return model


@dataclasses.dataclass
class Recipe:
    """How a network is made, its highest learning rate, and whether the CPU is faster when it is trained in bf16."""

    build: Callable[[], nn.Module]
    rate: float
    bf16: bool


RECIPES = {"resnet20_fashion": Recipe(ResNet20, 0.4, True), "mobilenet_v2_fashion": Recipe(mobilenet_v2, 0.2, False)}


def load_split(folder, name):
    with gzip.open(folder / f"{name}-images-idx3-ubyte.gz") as f:
        pictures = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(folder / f"{name}-labels-idx1-ubyte.gz") as f:
        labels = np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int64)
    return torch.from_numpy(pictures.copy()), torch.from_numpy(labels)


def normalise(pictures):
    return (pictures.float() / 255 - MEAN) / STD


def count_right(model, pictures, labels):
    model.eval()
    with torch.no_grad():
        parts = [model(normalise(p)).argmax(1) for p in pictures.split(500)]
    return int((torch.cat(parts) == labels).sum())


def augment(pictures):
    n = len(pictures)
    padded = F.pad(pictures, (2, 2, 2, 2))
    dy, dx = torch.randint(0, 5, (2, n))
    rows = (dy[:, None] + torch.arange(28))[:, :, None]
    columns = (dx[:, None] + torch.arange(28))[:, None, :]
    flip = torch.rand(n) < 0.5
    columns = torch.where(flip[:, None, None], columns.flip(2), columns)
    return padded[torch.arange(n)[:, None, None], 0, rows, columns][:, None]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--network", choices=RECIPES, default="resnet20_fashion")
    arguments.add_argument("--data", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    arguments.add_argument("--epochs", type=int, default=16)
    arguments.add_argument("--batch", type=int, default=128)
    arguments.add_argument("--rate", type=float, help="the highest learning rate, if not the network's own")
    arguments.add_argument("--hold-out", type=int, default=0, metavar="N", help="count the right answers of the last N training pictures")
    arguments.add_argument("--compile", action="store_true", help="train with torch.compile, which needs a C++ compiler")
    arguments.add_argument("--output", type=pathlib.Path)
    arguments.add_argument("--evaluate", type=pathlib.Path, help="only count the right answers of these weights")
    options = arguments.parse_args()

    torch.manual_seed(1)
    recipe = RECIPES[options.network]
    test_pictures, test_labels = load_split(options.data, "t10k")
    model = recipe.build().to(memory_format=torch.channels_last)
    if options.evaluate:
        model.load_state_dict(load_file(options.evaluate))
        print(count_right(model, test_pictures, test_labels), "of", len(test_labels), "right")
        return

    pictures, labels = load_split(options.data, "train")
    if options.hold_out:
        test_pictures, test_labels = pictures[-options.hold_out :], labels[-options.hold_out :]
        pictures, labels = pictures[: -options.hold_out], labels[: -options.hold_out]
    trained = torch.compile(model) if options.compile else model
    steps = len(pictures) // options.batch
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.rate or recipe.rate, total_steps=options.epochs * steps, pct_start=0.25
    )
    for epoch in range(options.epochs):
        model.train()
        start, order, total = time.time(), torch.randperm(len(pictures)), 0.0
        for step in range(steps):
            pick = order[step * options.batch : (step + 1) * options.batch]
            x = normalise(augment(pictures[pick])).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=recipe.bf16):
                loss = F.cross_entropy(trained(x).float(), labels[pick], label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        right = count_right(model, test_pictures, test_labels)
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}, {right} right, {time.time() - start:.0f} s", flush=True)
        if options.output:
            state = {k: v.contiguous() for k, v in model.state_dict().items()}
            save_file(state, options.output)


if __name__ == "__main__":
    main()
