"""
PyTorch's side of `npm run bench:candidate`: argv THREADS LAYOUT BATCH; per "N" line scores N candidates, answers milliseconds.
A candidate: ResNet-56 with every inner width halved by L1, BN recalibrated on 2,048 images, scored on 2,048 others.
"""

import json
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F

from networks import ResNet, channels_last

threads, layout, batch = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(1)
original = ResNet(56).eval().to(**channels_last(layout))
calibration = torch.randn(2048, 3, 32, 32).to(**channels_last(layout)).split(batch)
fitness = torch.randn(2048, 3, 32, 32).to(**channels_last(layout)).split(batch)
with torch.no_grad():
    reference = torch.cat([F.log_softmax(original(images), 1) for images in fitness])


def pruned():
    """The surgery, done by hand: this network's only coupled groups are conv1 → bn1 → conv2 inside each block."""
    result = ResNet(56, inner=0.5)
    state = original.state_dict()
    for index, block in enumerate(result.blocks):
        prefix = f"blocks.{index}."
        weight = state[prefix + "conv1.weight"]
        keep = weight.abs().sum((1, 2, 3)).topk(weight.shape[0] // 2).indices.sort().values
        for name in ("conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"):
            state[prefix + name] = state[prefix + name][keep]
        state[prefix + "conv2.weight"] = state[prefix + "conv2.weight"][:, keep]
    result.load_state_dict(state)
    return result.to(**channels_last(layout))


@torch.no_grad()
def candidate():
    model = pruned().train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    for images in calibration:
        model(images)
    model.eval()
    outputs = torch.cat([F.log_softmax(model(images), 1) for images in fitness])
    return F.kl_div(outputs, reference, log_target=True, reduction="batchmean").item()


print(json.dumps(torch.__version__), flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        start = time.perf_counter()
        candidate()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times), flush=True)
