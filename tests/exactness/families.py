"""Networks of other families than ResNets for classes, as PyTorch modules, with the weights' names of networks/*.rn: those that neither
torchvision nor timm has."""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models


class Segmentation(nn.Module):
    """A network of torchvision.models.segmentation, with its names and its first output alone."""

    def __init__(self, network):
        super().__init__()
        self.backbone, self.classifier = network.backbone, network.classifier
        self.forward = lambda x: network(x)["out"]


class IResNetBlock(nn.Module):
    """blocks/iresnet.rn"""

    def __init__(self, channels_in, width, stride, project):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels_in)
        self.conv1 = nn.Conv2d(channels_in, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        conv = nn.Conv2d(channels_in, width, 1, stride, bias=False)
        self.downsample = nn.Sequential(conv, nn.BatchNorm2d(width)) if project else nn.Identity()

    def forward(self, x):
        y = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        return self.bn3(self.conv2(y)) + self.downsample(x)


class IResNet(nn.Module):
    """networks/iresnet50.rn, for faces of 112x112"""

    def __init__(self, counts=(3, 4, 14, 3), features=512):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        channels = 64
        for stage, count in enumerate(counts):
            width = 64 << stage
            blocks = [IResNetBlock(channels if i == 0 else width, width, 2 if i == 0 else 1, i == 0) for i in range(count)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            channels = width
        self.bn2 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels * 7 * 7, features)
        self.features = nn.BatchNorm1d(features)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.features(self.fc(self.bn2(x).flatten(1)))


class TowerBlock(nn.Module):
    """The identity block of blocks/basic.rn"""

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + x)


class AlphaZero(nn.Module):
    """networks/alphazero.rn; both heads' outputs in one vector"""

    def __init__(self, board=19, planes=17, channels=256, blocks=19):
        super().__init__()
        self.conv1 = nn.Conv2d(planes, channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.tower = nn.Sequential(*(TowerBlock(channels) for _ in range(blocks)))

        def head(planes, *rest):
            conv = nn.Conv2d(channels, planes, 1, bias=False)
            return nn.Sequential(conv, nn.BatchNorm2d(planes), nn.ReLU(), nn.Flatten(), *rest)

        points = board * board
        self.policy = head(2, nn.Linear(2 * points, points + 1))
        self.value = head(1, nn.Linear(points, 256), nn.ReLU(), nn.Linear(256, 1), nn.Tanh())

    def forward(self, x):
        x = self.tower(F.relu(self.bn1(self.conv1(x))))
        return torch.cat([self.policy(x), self.value(x)], 1)


class EdsrBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        conv1, conv2 = (nn.Conv2d(channels, channels, 3, 1, 1) for _ in range(2))
        self.body = nn.Sequential(conv1, nn.ReLU(), conv2)

    def forward(self, x):
        return self.body(x) + x


class Edsr(nn.Module):
    """networks/edsr.rn"""

    def __init__(self, factor=2, channels=64, blocks=16):
        super().__init__()
        self.sub_mean = nn.Conv2d(3, 3, 1)
        self.head = nn.Sequential(nn.Conv2d(3, channels, 3, 1, 1))
        self.body = nn.Sequential(*(EdsrBlock(channels) for _ in range(blocks)), nn.Conv2d(channels, channels, 3, 1, 1))
        larger = nn.Sequential(nn.Conv2d(channels, factor * factor * channels, 3, 1, 1), nn.PixelShuffle(factor))
        self.tail = nn.Sequential(larger, nn.Conv2d(channels, 3, 3, 1, 1))
        self.add_mean = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        x = self.head(self.sub_mean(x))
        return self.add_mean(self.tail(self.body(x) + x))


class DoubleConv(nn.Module):
    def __init__(self, channels_in, width):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class UNet(nn.Module):
    """networks/unet_resnet34.rn: torchvision's ResNet-34 without its last layer, and a way up"""

    def __init__(self, classes=2):
        super().__init__()
        encoder = models.resnet34(weights=None)
        for name in ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4"):
            setattr(self, name, getattr(encoder, name))
        self.up4 = DoubleConv(512 + 256, 256)
        self.up3 = DoubleConv(256 + 128, 128)
        self.up2 = DoubleConv(128 + 64, 64)
        self.up1 = DoubleConv(64 + 64, 32)
        self.up0 = DoubleConv(32, 16)
        self.head = nn.Conv2d(16, classes, 1)

    def forward(self, x):
        stem = F.relu(self.bn1(self.conv1(x)))
        layer1 = self.layer1(F.max_pool2d(stem, 3, 2, 1))
        layer2 = self.layer2(layer1)
        layer3 = self.layer3(layer2)
        x = self.layer4(layer3)
        for up, skip in ((self.up4, layer3), (self.up3, layer2), (self.up2, layer1), (self.up1, stem)):
            x = up(torch.cat([F.interpolate(x, scale_factor=2), skip], 1))
        return self.head(self.up0(F.interpolate(x, scale_factor=2)))


def along_lines(model):
    """A network of pictures with layers along lines in place of those over pictures, under the same names."""
    for name, layer in model.named_children():
        if isinstance(layer, nn.Conv2d):
            window = [numbers[0] for numbers in (layer.kernel_size, layer.stride, layer.padding)]
            setattr(model, name, nn.Conv1d(layer.in_channels, layer.out_channels, *window, bias=layer.bias is not None))
        elif isinstance(layer, nn.BatchNorm2d):
            setattr(model, name, nn.BatchNorm1d(layer.num_features))
        elif isinstance(layer, nn.MaxPool2d):
            setattr(model, name, nn.MaxPool1d(layer.kernel_size, layer.stride, layer.padding))
        elif isinstance(layer, nn.AdaptiveAvgPool2d):
            setattr(model, name, nn.AdaptiveAvgPool1d(1))
        else:
            along_lines(layer)
    return model


def resnet18_1d(channels=12, classes=5):
    """networks/resnet18_1d.rn: torchvision's ResNet-18 along lines"""
    model = models.resnet18(weights=None, num_classes=classes)
    model.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    return along_lines(model)
