"""PyTorch's side of `npm run bench:train`: argv BATCH THREADS LAYOUT; reads "STEPS" lines, answers milliseconds."""

import json
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F

batch, threads, layout = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
torch.manual_seed(1)


class Block(nn.Module):
    """Basic block with the option-A shortcut (He et al., CVPR 2016): every other pixel, zeros for new channels."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.grow = (outputs - inputs) // 2
        self.stride = stride

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.grow:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.grow, self.grow))
        return F.relu(y + x)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks, width = [], 16
        for stage, outputs in enumerate((16, 32, 64)):
            for index in range(3):
                blocks.append(Block(width, outputs, 2 if stage and not index else 1))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        return self.linear(self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


model = ResNet20().train()
images = torch.randn(batch, 3, 32, 32)
if layout == "channels_last":
    model = model.to(memory_format=torch.channels_last)
    images = images.to(memory_format=torch.channels_last)
labels = torch.randint(0, 10, (batch,))
weights = [p for p in model.parameters() if p.ndim > 1]
others = [p for p in model.parameters() if p.ndim <= 1]
optimizer = torch.optim.SGD(
    [{"params": weights, "weight_decay": 1e-4}, {"params": others}], lr=0.01, momentum=0.9, nesterov=True
)

print(json.dumps(torch.__version__), flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times), flush=True)
