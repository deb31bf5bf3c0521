"""Our functions against PyTorch's own, on torch tensors of typical sizes, alternating in one run.

    .venv/bin/python benchmarks/algorithms.py

There is no bar: ours are written to be read, and training uses torch's kernels. Forward, backward (ours by
hand, torch's by autograd) and one optimizer step, in float32; every pair is first checked to agree.
"""

import argparse
import statistics
import time

import torch
from torch.nn import functional as F

from course_lib import algorithms as ours
from course_lib.threads import available_cpus

torch.manual_seed(0)
IMAGES, TOKENS = torch.randn(64, 32, 28, 28), torch.randn(64, 128, 256)
LOGITS, LABELS = torch.randn(4096, 100), torch.randint(100, (4096,))
KERNEL = torch.randn(32, 32, 3, 3) / 17
CHANNELS, FEATURES = (torch.rand(32), torch.rand(32)), (torch.rand(256), torch.rand(256))
VECTOR, GRADIENT = torch.randn(100_000), torch.randn(100_000)

FORWARD = {
    "relu": (lambda: ours.relu(IMAGES), lambda: F.relu(IMAGES)),
    "gelu, tanh form": (lambda: ours.gelu_tanh(IMAGES), lambda: F.gelu(IMAGES, approximate="tanh")),
    "softmax": (lambda: ours.softmax(LOGITS), lambda: F.softmax(LOGITS, -1)),
    "cross_entropy": (lambda: ours.cross_entropy(LOGITS, LABELS), lambda: F.cross_entropy(LOGITS, LABELS)),
    "batch_norm": (
        lambda: ours.batch_norm(IMAGES, *CHANNELS, training=True)[0],
        lambda: F.batch_norm(IMAGES, None, None, *CHANNELS, training=True),
    ),
    "layer_norm": (
        lambda: ours.layer_norm(TOKENS, *FEATURES, over="last"),
        lambda: F.layer_norm(TOKENS, (256,), *FEATURES),
    ),
    "conv2d": (lambda: ours.conv2d(IMAGES, KERNEL, padding=1), lambda: F.conv2d(IMAGES, KERNEL, padding=1)),
    "max_pool2d": (lambda: ours.max_pool2d(IMAGES, size=2), lambda: F.max_pool2d(IMAGES, 2)),
}


def backward(by_hand, forward, x):
    """A pair of backward calls at x: ours by hand, torch's by autograd over a graph built once."""
    x = x.clone().requires_grad_()
    y = forward(x)
    dy = torch.randn_like(y)
    return (
        lambda: by_hand(dy, x.detach()),
        lambda: torch.autograd.grad(y, x, dy, retain_graph=True)[0],
    )


BACKWARD = {
    "relu": backward(ours.relu_backward, F.relu, IMAGES),
    "cross_entropy": backward(
        lambda dy, x: ours.cross_entropy_backward(float(dy), x, LABELS),
        lambda x: F.cross_entropy(x, LABELS),
        LOGITS,
    ),
    "batch_norm": backward(
        lambda dy, x: ours.batch_norm_backward(dy, x, CHANNELS[0], training=True)[0],
        lambda x: F.batch_norm(x, None, None, *CHANNELS, training=True),
        IMAGES,
    ),
    "layer_norm": backward(
        lambda dy, x: ours.layer_norm_backward(dy, x, FEATURES[0], over="last")[0],
        lambda x: F.layer_norm(x, (256,), *FEATURES),
        TOKENS,
    ),
    "conv2d": backward(
        lambda dy, x: ours.conv2d_backward(dy, x, KERNEL, padding=1)[0],
        lambda x: F.conv2d(x, KERNEL, padding=1),
        IMAGES,
    ),
}


def step(rule, theirs, **hyper):
    """One step of a rule on 100,000 numbers against torch's optimizer, both from their first step on."""
    parameter = VECTOR.clone().requires_grad_()
    parameter.grad = GRADIENT
    optimizer, held = theirs([parameter]), {"p": VECTOR, "state": ()}

    def ours_steps():
        held["p"], *held["state"] = rule(held["p"], GRADIENT, *held["state"], **hyper)
        return held["p"]

    def theirs_steps():
        optimizer.step()
        return parameter.detach()

    return ours_steps, theirs_steps


STEPS = {
    "gd": step(ours.gd, lambda p: torch.optim.SGD(p, 0.1), lr=0.1),
    "momentum": step(ours.momentum, lambda p: torch.optim.SGD(p, 0.1, 0.9), lr=0.1),
    "rmsprop": step(ours.rmsprop, lambda p: torch.optim.RMSprop(p, 0.01), lr=0.01),
    "adam": step(ours.adam, lambda p: torch.optim.Adam(p, 0.001), lr=0.001),
    "adamw": step(ours.adamw, lambda p: torch.optim.AdamW(p, 0.001), lr=0.001),
}


def compare(mine, theirs, rounds):
    """Median milliseconds of both, after checking that they agree."""
    with torch.no_grad():
        torch.testing.assert_close(mine(), theirs(), rtol=2e-3, atol=2e-4)
        pairs = [(_seconds(mine), _seconds(theirs)) for _ in range(rounds)]
    return [1e3 * statistics.median(column) for column in zip(*pairs, strict=True)]


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(available_cpus())
    print(f"threads {torch.get_num_threads()}, torch {torch.__version__}, median of {rounds} rounds")
    for title, rows in (("forward", FORWARD), ("backward", BACKWARD), ("optimizer step", STEPS)):
        print(f"\n{title:18}{'ours ms':>10}{'torch ms':>10}{'ratio':>8}")
        for name, pair in rows.items():
            mine, theirs = compare(*pair, rounds)
            print(f"{name:18}{mine:10.3f}{theirs:10.3f}{mine / theirs:8.1f}")


if __name__ == "__main__":
    main()
