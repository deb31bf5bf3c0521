"""The torch bridge's Adam against torch.optim.Adam(foreach=True), alternating in one run.

    .venv/bin/python benchmarks/bridge.py

Prints the ratio ours/theirs of the optimizer step (small CNN, a million parameters) and of a whole
training step of the small CNN (batch 64, 28×28): medians of the ratios of neighbouring rounds.
"""

import argparse
import statistics
import time

import torch
from torch import nn

from course_lib.algorithms import adam
from course_lib.threads import available_cpus
from course_lib.training.bridge import TorchOptimizer


def small_cnn():
    """Three convolution blocks 16-32-64 with batch norm and a linear head: 24 thousand parameters."""
    blocks, width = [], 1
    for channels in (16, 32, 64):
        blocks += [
            nn.Conv2d(width, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        width = channels
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 14))


def million():
    return nn.Sequential(nn.Linear(1000, 900), nn.Linear(900, 100), nn.Linear(100, 100))


def fill_gradients(model):
    generator = torch.Generator().manual_seed(0)
    for p in model.parameters():
        p.grad = torch.randn(p.shape, generator=generator)


def seconds(call, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def compare(make_call, repeats, rounds):
    """Median seconds of ours and theirs, and the median of their ratio round by round."""
    ours = make_call(lambda params: TorchOptimizer(params, adam, lr=1e-3))
    theirs = make_call(lambda params: torch.optim.Adam(params, lr=1e-3, foreach=True))
    for call in (ours, theirs):
        seconds(call, max(3, repeats // 4))
    pairs = [(seconds(ours, repeats), seconds(theirs, repeats)) for _ in range(rounds)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def optimizer_step(make_model):
    def make_call(make_optimizer):
        model = make_model()
        fill_gradients(model)
        return make_optimizer(model.parameters()).step

    return make_call


def training_step(make_optimizer):
    torch.manual_seed(0)
    model = small_cnn()
    optimizer = make_optimizer(model.parameters())
    x, y = torch.randn(64, 1, 28, 28), torch.randint(14, (64,))

    def call():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    return call


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(available_cpus())
    print(f"threads {torch.get_num_threads()}, torch {torch.__version__}, {rounds} rounds")
    print(f"{'':32}{'ours ms':>10}{'torch ms':>10}{'ratio':>8}   bar")
    rows = [
        ("optimizer step, small CNN", optimizer_step(small_cnn), 50, 1.2),
        ("optimizer step, 1M parameters", optimizer_step(million), 10, 2.5),
        ("whole training step, small CNN", training_step, 10, 1.05),
    ]
    for name, make_call, repeats, bar in rows:
        ours, theirs, ratio = compare(make_call, repeats, rounds)
        print(f"{name:32}{ours * 1e3:10.3f}{theirs * 1e3:10.3f}{ratio:8.2f}   {bar}")


if __name__ == "__main__":
    main()
