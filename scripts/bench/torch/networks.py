"""The benchmark's networks in PyTorch, layer for layer those of src-main/core/graph/architectures."""

import torch
from torch import nn
import torch.nn.functional as F


class Block(nn.Module):
    """Basic block with the option-A shortcut (He et al., CVPR 2016): every other pixel, zeros for new channels."""

    def __init__(self, inputs, outputs, stride, hidden=None):
        super().__init__()
        hidden = hidden or outputs
        self.conv1 = nn.Conv2d(inputs, hidden, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.grow = (outputs - inputs) // 2
        self.stride = stride

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.grow:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.grow, self.grow))
        return F.relu(y + x)


class ResNet(nn.Module):
    """`inner`: what is kept of the width between the two convolutions of each block."""

    def __init__(self, depth, inner=1.0):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks, width = [], 16
        for stage, outputs in enumerate((16, 32, 64)):
            for index in range((depth - 2) // 6):
                stride = 2 if stage and not index else 1
                blocks.append(Block(width, outputs, stride, round(outputs * inner)))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        return self.linear(self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


def vgg16():
    layers, inputs = [], 3
    for stage, (count, width) in enumerate(zip((2, 2, 3, 3, 3), (64, 128, 256, 512, 512))):
        for _ in range(count):
            layers += [nn.Conv2d(inputs, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            inputs = width
        if stage < 4:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        layers = []
        if expansion > 1:
            layers += [nn.Conv2d(inputs, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True)]
        layers += [nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden)]
        layers += [nn.ReLU6(inplace=True), nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.layers = nn.Sequential(*layers)
        self.identity = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.identity else self.layers(x)


def mobilenetv2():
    layers, width = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6(inplace=True)], 32
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, outputs, blocks, stride in table:
        for index in range(blocks):
            layers.append(InvertedResidual(width, outputs, expansion, stride if index == 0 else 1))
            width = outputs
    layers += [nn.Conv2d(width, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 10))


def create(name):
    """The network and its input's side."""
    if name.startswith("resnet"):
        return ResNet(int(name[6:])), 32
    return (vgg16(), 32) if name == "vgg16" else (mobilenetv2(), 96)


def channels_last(layout):
    return {"memory_format": torch.channels_last} if layout.startswith("channels_last") else {}
