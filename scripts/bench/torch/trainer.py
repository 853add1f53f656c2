"""PyTorch's side of `npm run bench:train`: argv NETWORK BATCH THREADS LAYOUT; reads "STEPS" lines, answers milliseconds."""

import json
import sys
import time

import torch
import torch.nn.functional as F

from networks import channels_last, create

name, batch, threads, layout = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads)
torch.manual_seed(1)
model, side = create(name)
model = model.train().to(**channels_last(layout))
images = torch.randn(batch, 3, side, side).to(**channels_last(layout))
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
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=layout.endswith("bfloat16")):
            logits = model(images)
        F.cross_entropy(logits.float(), labels).backward()
        optimizer.step()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times), flush=True)
