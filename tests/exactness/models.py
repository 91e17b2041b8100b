"""The networks of networks/*.rn as PyTorch modules, with the same weight names, by the name of the .rn file."""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

TORCHVISION = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2",
    "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
)  # fmt: skip
CIFAR = {f"cifar_resnet{depth}": depth for depth in (20, 32, 44, 56, 110)}


class CifarBlock(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        shortcut = self.downsample(x) if self.downsample else x
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + shortcut)


class CifarResNet(nn.Module):
    """arXiv:1512.03385, section 4.2, with projections where the dimensions change (option B): 6 n + 2 layers."""

    def __init__(self, depth):
        super().__init__()
        n = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(*(CifarBlock(16, 16, 1) for _ in range(n)))
        self.layer2 = nn.Sequential(CifarBlock(16, 32, 2), *(CifarBlock(32, 32, 1) for _ in range(n - 1)))
        self.layer3 = nn.Sequential(CifarBlock(32, 64, 2), *(CifarBlock(64, 64, 1) for _ in range(n - 1)))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def build(name):
    """The network without trained weights, in eval mode."""
    if name in TORCHVISION:
        model = getattr(models, name)(weights=None)
    elif name in CIFAR:
        model = CifarResNet(CIFAR[name])
    else:
        raise ValueError(f"no network is called {name}")
    return model.eval()


def no_initialisation():
    """Random initialisation takes longer than the whole evaluation and is overwritten at once."""
    for function in ("kaiming_normal_", "kaiming_uniform_", "uniform_", "normal_"):
        setattr(nn.init, function, lambda tensor, *args, **kwargs: tensor)
    torch.manual_seed(0)
