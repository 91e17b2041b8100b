"""The networks of networks/*.rn as PyTorch modules, with the same weight names, by the name of the .rn file."""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

import families

TORCHVISION = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2",
    "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
)  # fmt: skip
# Networks of other families, at one small size.
MORE_TORCHVISION = (
    "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0", "densenet121", "regnet_x_3_2gf", "regnet_y_3_2gf", "vgg16",
    "deeplabv3_resnet50", "convnext_tiny",
)  # fmt: skip
TIMM = ("resnet50d", "ecaresnet50d", "resnet50_gn", "resnetv2_50", "res2net50_26w_4s", "resnest50d", "darknet53", "cspdarknet53")


def projection(channels_in, channels, stride, norm=True):
    """A via list: its layers are numbered from 0."""
    conv = nn.Conv2d(channels_in, channels, 1, stride, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels)) if norm else nn.Sequential(conv)


class BasicBlock(nn.Module):
    """blocks/basic.rn; and blocks/plain.rn, the same without the skip edge."""

    expansion = 1

    def __init__(self, channels_in, width, stride, project, skip=True):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.skip = skip
        self.downsample = projection(channels_in, width, stride) if project and skip else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.downsample(x) if self.downsample else x) if self.skip else y)


class PlainBlock(BasicBlock):
    def __init__(self, *arguments):
        super().__init__(*arguments, skip=False)


class PreactBlock(nn.Module):
    """blocks/preact.rn and blocks/preact_bottleneck.rn: the projection starts after the first activation."""

    expansion = 1

    def __init__(self, channels_in, width, stride, project, bottleneck=False):
        super().__init__()
        shape = [(1, 1, width), (3, stride, width), (1, 1, 4 * width)] if bottleneck else [(3, stride, width), (3, 1, width)]
        channels = channels_in
        for index, (kernel, step, after) in enumerate(shape, 1):
            setattr(self, f"bn{index}", nn.BatchNorm2d(channels))
            setattr(self, f"conv{index}", nn.Conv2d(channels, after, kernel, step, kernel // 2, bias=False))
            channels = after
        self.layers = len(shape)
        self.downsample = projection(channels_in, channels, stride, norm=False) if project else None

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv1(active)
        for index in range(2, self.layers + 1):
            y = getattr(self, f"conv{index}")(F.relu(getattr(self, f"bn{index}")(y)))
        return y + (self.downsample(active) if self.downsample else x)


class PreactBottleneck(PreactBlock):
    expansion = 4

    def __init__(self, *arguments):
        super().__init__(*arguments, bottleneck=True)


class SqueezeBlock(nn.Module):
    """blocks/se.rn: a gate on the bottleneck's residual branch."""

    expansion = 4

    def __init__(self, channels_in, width, stride, project):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.se = nn.Sequential(pool, nn.Linear(4 * width, width // 4), nn.ReLU(), nn.Linear(width // 4, 4 * width), nn.Sigmoid())
        self.downsample = projection(channels_in, 4 * width, stride) if project else None

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        y = y * self.se(y)[:, :, None, None]
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class ResidualNetwork(nn.Module):
    """Stages of `counts` blocks. All but the first begin with stride 2 and a projection. With `project_first`, the first has a projection too."""

    def __init__(self, block, counts, width, classes, small_input, project_first):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False) if small_input else nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.preact = issubclass(block, PreactBlock)
        self.pool = nn.Identity() if small_input else nn.MaxPool2d(3, 2, 1)
        channels = width
        for stage, count in enumerate(counts, 1):
            blocks = []
            for index in range(count):
                opens = index == 0 and stage > 1
                blocks.append(block(channels, width, 2 if opens else 1, index == 0 and (stage > 1 or project_first)))
                channels = block.expansion * width
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
            width *= 2
        self.stages = len(counts)
        self.bn1 = nn.BatchNorm2d(channels if self.preact else self.conv1.out_channels)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.conv1(x)
        x = self.pool(x if self.preact else F.relu(self.bn1(x)))
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"layer{stage}")(x)
        x = F.relu(self.bn1(x)) if self.preact else x
        return self.fc(x.mean((2, 3)))


class MlpBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x):
        return F.relu(self.fc2(F.relu(self.fc1(x))) + x)


class ResidualMlp(nn.Module):
    def __init__(self, features=784, width=256, depth=4, classes=10):
        super().__init__()
        self.stem = nn.Linear(features, width)
        self.layers = nn.Sequential(*(MlpBlock(width) for _ in range(depth)))
        self.fc = nn.Linear(width, classes)

    def forward(self, x):
        return self.fc(self.layers(F.relu(self.stem(x))))


def cifar(block, depth):
    """arXiv:1512.03385, section 4.2, with projections where the dimensions change (option B): 6 n + 2 layers."""
    return ResidualNetwork(block, [(depth - 2) // 6] * 3, 16, 10, small_input=True, project_first=False)


def imagenet(block, counts, project_first):
    return ResidualNetwork(block, counts, 64, 1000, small_input=False, project_first=project_first)


CIFAR = {f"cifar_resnet{depth}": lambda depth=depth: cifar(BasicBlock, depth) for depth in (20, 32, 44, 56, 110)}
CIFAR["cifar_plain20"] = lambda: cifar(PlainBlock, 20)  # deeper plain networks with generated weights forget their picture
CIFAR["cifar_preact_resnet110"] = lambda: cifar(PreactBlock, 110)

OTHERS = {
    "plain18": lambda: imagenet(PlainBlock, (2, 2, 2, 2), False),
    "preact_resnet18": lambda: imagenet(PreactBlock, (2, 2, 2, 2), True),
    "preact_resnet50": lambda: imagenet(PreactBottleneck, (3, 4, 6, 3), True),
    "se_resnet50": lambda: imagenet(SqueezeBlock, (3, 4, 6, 3), True),
    "residual_mlp": ResidualMlp,
}

FAMILIES = {
    "iresnet50": families.IResNet,
    "alphazero": families.AlphaZero,
    "edsr": families.Edsr,
    "unet_resnet34": families.UNet,
    "resnet18_1d": families.resnet18_1d,
}
MORE = (*MORE_TORCHVISION, *TIMM, *FAMILIES)
# Factors for the weights of networks whose values would vanish or grow. Gates and smooth activations make values smaller than ReLUs do, and
# what is added without being normalised makes them larger.
GAINS = {
    "mobilenet_v3_large": 1.25, "mobilenet_v3_small": 1.4, "efficientnet_b0": 1.5, "regnet_y_3_2gf": 1.3, "edsr": 0.7, "alphazero": 0.8,
}  # fmt: skip
ALL = (*CIFAR, *TORCHVISION, *OTHERS, *MORE)


def build(name):
    """The network without trained weights, in eval mode."""
    if name == "deeplabv3_resnet50":
        model = families.Segmentation(models.segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None))
    elif name in TORCHVISION or name in MORE_TORCHVISION:
        model = getattr(models, name)(weights=None)
    elif name in TIMM:
        import timm

        model = timm.create_model(name, pretrained=False)
    elif name in CIFAR or name in OTHERS or name in FAMILIES:
        model = (CIFAR | OTHERS | FAMILIES)[name]()
    else:
        raise ValueError(f"no network is called {name}")
    return model.eval()


def no_initialisation():
    """Random initialisation takes longer than the whole evaluation and is overwritten at once."""
    for function in ("kaiming_normal_", "kaiming_uniform_", "uniform_", "normal_", "trunc_normal_"):
        setattr(nn.init, function, lambda tensor, *args, **kwargs: tensor)
    torch.manual_seed(0)
