"""Networks that only measure narrow convolutions: chains of eight, each with a bias and followed by ReLU. Their names say everything.

    depthwise_3x3_s1_56_144     kernels of 3x3, stride 1, pictures of 56x56, 144 channels, each a group of its own
    groups_of_4_3x3_s1_56_128   the same with groups of 4 channels: 128 channels are 32 groups

The padding is half a kernel, so that stride 1 keeps a picture's size. In a chain of stride 2, layers of stride 2 and 1 take turns, and
from pictures of 1x1 on all have stride 1: a picture of 14x14 becomes 7, 7, 4, 4, 2, 2, 1 and 1 wide. The first two layers do most of
that chain's work. The biases keep channels alive which ReLU would make zero everywhere.
"""

import dataclasses
import itertools
import re

LAYERS = 8
PATTERN = re.compile(r"(?:depthwise|groups_of_(\d+))_(\d+)x\2_s([12])_(\d+)_(\d+)")


def names(kinds, kernels, channels):
    return [f"{kind}_{kernel}x{kernel}_s{stride}_{size}_{count}"
            for kind, kernel, stride, size, count in itertools.product(kinds, kernels, (1, 2), (112, 56, 28, 14, 7), channels)]  # fmt: skip


SETS = {
    "depthwise": names(["depthwise"], (3, 5, 7), (32, 144, 512)),
    "grouped": names(["groups_of_4"], (3,), [128]) + names(["groups_of_8"], (3,), [144]),  # narrower than a vector of 16 floats
}


@dataclasses.dataclass(frozen=True)
class Chain:
    name: str
    group: int  # the channels of one group
    kernel: int
    stride: int
    size: int  # of the square picture
    channels: int

    @staticmethod
    def of_name(name):
        """None if it is no chain's name."""
        match = PATTERN.fullmatch(name)
        return Chain(name, *(int(number or 1) for number in match.groups())) if match else None

    def strides(self):
        """One for each layer."""
        size = self.size
        for layer in range(LAYERS):
            stride = self.stride if layer % 2 == 0 and size > 1 else 1
            size = -(-size // stride)
            yield stride

    def text(self):
        """The network in resnetc's language. Its weights are `layers.0.weight`, `layers.0.bias`, `layers.2.weight` and so on."""
        groups = self.channels // self.group
        layers = [f"    conv({self.kernel}x{self.kernel}, {self.channels}, stride = {stride}, groups = {groups}, bias = true)  relu"
                  for stride in self.strides()]  # fmt: skip
        return "\n".join([f"network {self.name} {{", f"  input image: f32[N, {self.channels}, {self.size}, {self.size}]", "  stage layers {",
                          *layers, "  }", "  output features", "}", ""])  # fmt: skip

    def module(self):
        """The same as a torch module."""
        from torch import nn

        groups = self.channels // self.group
        layers = [layer for stride in self.strides() for layer in (
            nn.Conv2d(self.channels, self.channels, self.kernel, stride, self.kernel // 2, groups=groups), nn.ReLU())]  # fmt: skip
        network = nn.Sequential()
        network.add_module("layers", nn.Sequential(*layers))
        return network.eval()
