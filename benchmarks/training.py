"""The course's training loop against the usual one, side by side in one run: seconds of training an epoch.

    .venv/bin/python benchmarks/training.py [--epochs 8] [--seeds 3]

A CNN of three blocks (16-32-64, batch norm) learns 7,000 pictures of 28×28 in 14 classes, made here from
scikit-learn's digits, in batches of 64, with a random affine map of every picture. In each round every row
trains one epoch more, in turn, so that all rows meet the same machine. The usual way is a `DataLoader` over
a dataset that maps one picture at a time: with torchvision, where that is installed, with its steps in bare
Pillow, or with the course's NumPy function. "Bare" repeats forward, backward and update on one batch that is
ready. Seconds and ratios are medians over the rounds of all seeds; validation is not timed. Accuracy on the
validation pictures is the mean over seeds, with the standard deviation: bf16 and the order of work may change
single numbers, but not the mean.
"""

import argparse
import math
import os
import statistics
import time
from functools import partial

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

try:
    from torchvision import transforms
except ImportError:  # it is no package of the course; its row is left out
    transforms = None

from course_lib.algorithms import random_affine, resize
from course_lib.training import chance, speed
from course_lib.training.batched import Data, tensors, unit
from course_lib.training.fit import Recipe, Watcher, fit, resume

DEGREES, SCALE, SHEAR, SHIFT = 15, (0.8, 1.2), 0.15, 0.1
KINDS = ((False, False), (True, False), (True, True))  # channels last, bf16
BATCH, LR, TRAINING, VALIDATION = 64, 0.02, 7_000, 1_000


def made_data():
    """28×28 pictures of digits in 14 classes (four of them upside down), each mapped at random."""
    rng = np.random.default_rng(0)
    x, y = load_digits(return_X_y=True)
    glyphs = resize(np.uint8(x * 15.9).reshape(-1, 1, 8, 8), size=28)
    # 2, 3, 4 and 7 upside down are classes of their own
    turned = [(glyphs[y == digit][:, :, ::-1, ::-1], 10 + i) for i, digit in enumerate((2, 3, 4, 7))]
    glyphs = np.concatenate([glyphs, *(g for g, _ in turned)])
    y = np.concatenate([y, *(np.full(len(g), label) for g, label in turned)])
    order = rng.permutation(len(y))
    cut = len(y) * 4 // 5  # no glyph stands in both sets
    picks = rng.choice(order[:cut], TRAINING), rng.choice(order[cut:], VALIDATION)
    moved = [random_affine(glyphs[p], degrees=20, scale=SCALE, shear=0.2, shift=0.15, rng=rng) for p in picks]
    noisy = [np.clip(x + rng.normal(0, 25, x.shape), 0, 255).astype(np.uint8) for x in moved]
    return Data(noisy[0], y[picks[0]], noisy[1], y[picks[1]])


def build_model(channels, classes):
    blocks, width = [], channels
    for wider in (16, 32, 64):
        blocks += [nn.Conv2d(width, wider, 3, padding=1), nn.BatchNorm2d(wider), nn.ReLU(), nn.MaxPool2d(2)]
        width = wider
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


def build_optimizer(model):
    return torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9)


SPANS = {"degrees": DEGREES, "scale": SCALE, "shear": SHEAR, "shift": SHIFT}


class NumpyPictures(Dataset):
    """The course's own NumPy function, on one picture at a time."""

    def __init__(self, data, mean, std):
        self.x, self.y, self.mean, self.std = data.x_train, data.y_train, float(mean), float(std)
        self.rng = np.random.default_rng(0)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        x = random_affine(np.float32(self.x[i : i + 1]) / 255, **SPANS, rng=self.rng)[0]
        return torch.from_numpy((x - self.mean) / self.std), int(self.y[i])


class TorchvisionPictures(Dataset):
    """What most people write: torchvision's transforms of a Pillow picture."""

    def __init__(self, data, mean, std):
        self.x, self.y = data.x_train[:, 0], data.y_train
        shear, bilinear = math.degrees(math.atan(SHEAR)), transforms.InterpolationMode.BILINEAR
        moved = transforms.RandomAffine(DEGREES, (SHIFT, SHIFT), SCALE, [-shear, shear] * 2, bilinear)
        normalized = transforms.Normalize([float(mean)], [float(std)])
        self.transform = transforms.Compose([moved, transforms.ToTensor(), normalized])

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.transform(Image.fromarray(self.x[i])), int(self.y[i])


class PillowPictures(Dataset):
    """The steps of torchvision's RandomAffine, ToTensor and Normalize, on one Pillow picture at a time."""

    def __init__(self, data, mean, std):
        self.x, self.y = data.x_train[:, 0], data.y_train
        self.mean, self.std = [float(mean)], [float(std)]

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        picture = Image.fromarray(self.x[i])
        how = (Image.Transform.AFFINE, coefficients(), Image.Resampling.BILINEAR)
        moved = picture.transform(picture.size, *how)
        # ToTensor: (H, W) uint8 → (1, H, W) in [0, 1]
        x = torch.from_numpy(np.array(moved, copy=True)).view(28, 28, 1)
        x = x.permute(2, 0, 1).contiguous().to(torch.float32).div(255)
        # Normalize
        mean, std = (torch.as_tensor(v, dtype=x.dtype).view(-1, 1, 1) for v in (self.mean, self.std))
        return x.clone().sub_(mean).div_(std), int(self.y[i])


def uniform(low, high):
    return float(torch.empty(1).uniform_(low, high).item())


def coefficients():
    """Pillow's six numbers, output to input, of one random affine map about the centre."""
    angle = math.radians(uniform(-DEGREES, DEGREES))
    scale, kx, ky = uniform(*SCALE), uniform(-SHEAR, SHEAR), uniform(-SHEAR, SHEAR)
    dx, dy = uniform(-SHIFT, SHIFT) * 28, uniform(-SHIFT, SHIFT) * 28
    cos, sin = math.cos(angle), math.sin(angle)
    a, b = scale * (cos + sin * ky), scale * (cos * kx + sin)
    c, d = scale * (cos * ky - sin), scale * (cos - sin * kx)
    det = a * d - b * c
    ia, ib, ic, id_ = d / det, -b / det, -c / det, a / det
    return (ia, ib, 14 - ia * (14 + dx) - ib * (14 + dy), ic, id_, 14 - ic * (14 + dx) - id_ * (14 + dy))


class Usual:
    """A DataLoader that takes pictures one by one, plain float32."""

    def __init__(self, data, dataset):
        ready = tensors(data)
        self.ready, self.model = ready, build_model(1, ready.classes)
        self.optimizer = build_optimizer(self.model)
        self.loader = DataLoader(dataset(data, ready.mean, ready.std), batch_size=BATCH, shuffle=True)

    def epoch(self):
        self.model.train()
        start = time.perf_counter()
        for x, y in self.loader:
            self.optimizer.zero_grad()
            F.cross_entropy(self.model(x), y).backward()
            self.optimizer.step()
        return time.perf_counter() - start

    @torch.inference_mode()
    def accuracy(self):
        scores = self.model.eval()(self.ready.standardized(unit(self.ready.x_val)))
        return float((scores.argmax(1) == self.ready.y_val).double().mean())


class Bare:
    """Forward, backward and update on one batch, again and again: the least that training can cost."""

    def __init__(self, data, settings):
        ready = tensors(data)
        self.steps, self.speed = math.ceil(TRAINING / BATCH), settings
        self.model = settings.lay(build_model(1, ready.classes))
        self.x = settings.lay(ready.standardized(unit(ready.x_train[:BATCH])))
        self.y, self.optimizer = ready.y_train[:BATCH], build_optimizer(self.model)

    def epoch(self):
        start = time.perf_counter()
        for _ in range(self.steps):
            self.optimizer.zero_grad()
            with self.speed.precision():
                scores = self.model(self.x)
            F.cross_entropy(scores.float(), self.y).backward()
            self.optimizer.step()
        return time.perf_counter() - start

    def accuracy(self):
        return math.nan  # it learns one batch by heart


class Stopwatch(Watcher):
    """Seconds from the start to the last step, without the validation."""

    def on_start(self, history, **plan):
        self.start = time.perf_counter()

    def on_step(self, history):
        self.end = time.perf_counter()


class Ours:
    """`fit`, going on for one epoch at a time."""

    def __init__(self, data, settings, seed):
        augment = partial(random_affine, **SPANS)
        self.recipe = Recipe(build_model, build_optimizer=build_optimizer, augment=augment, batch_size=BATCH)
        self.data, self.run, self.keywords = data, None, {**vars(settings), "seed": seed}

    def epoch(self):
        watch = Stopwatch()
        if self.run is None:
            self.run = fit(self.recipe, self.data, epochs=1, watchers=[watch], **self.keywords)
        else:
            resume(self.run, self.data, epochs=self.run.history.epochs + 1, watchers=[watch])
        return watch.end - watch.start

    def accuracy(self):
        return self.run.history.val_accuracy[-1]


def contestants(data, threads, seed):
    """All rows of the table, not yet trained."""
    plain, last, half = (speed.Speed(threads, cl, bf16) for cl, bf16 in KINDS)
    chance.sow(seed)
    real = {"DataLoader, torchvision": Usual(data, TorchvisionPictures)} if transforms else {}
    return {
        **real,
        "DataLoader, NumPy pictures": Usual(data, NumpyPictures),
        "DataLoader, Pillow pictures": Usual(data, PillowPictures),
        "bare": Bare(data, plain),
        "bare, channels last": Bare(data, last),
        "fit, channels last": Ours(data, last, seed),
        "bare, channels last, bf16": Bare(data, half),
        "fit, channels last, bf16": Ours(data, half, seed),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8, help="2 to 15")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    data, threads = made_data(), speed.choose().threads
    torch.set_num_threads(threads)
    seconds, accuracies = {}, {}
    for seed in range(asked.seeds):
        rows = contestants(data, threads, seed)
        for _ in range(asked.epochs):
            for name, row in rows.items():
                seconds.setdefault(name, []).append(row.epoch())
        for name, row in rows.items():
            accuracies.setdefault(name, []).append(100 * row.accuracy())
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{TRAINING} pictures an epoch, {threads} threads, native bf16: {speed.native_bf16()}{load}\n")
    one_by_one = [name for name in seconds if name.startswith("DataLoader")]
    heads = ("seconds", *(f"{name.split()[1]} ÷" for name in one_by_one), "÷ its bare", "accuracy", "±")
    widths = (9, *(len(head) + 2 for head in heads[1:-1]), 6)
    print(" " * 28 + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
    for name, spent in seconds.items():
        usual = [ratio(seconds[other], spent) for other in one_by_one]
        bare = ratio(spent, seconds[name.replace("fit", "bare")]) if "fit" in name else math.nan
        spread = statistics.stdev(accuracies[name]) if asked.seeds > 1 else math.nan
        numbers = (statistics.median(spent), *usual, bare, statistics.mean(accuracies[name]), spread)
        print(f"{name:28}" + "".join(map(cell, numbers, widths, (*[2] * (len(numbers) - 2), 1, 1))))


def ratio(above, below):
    """The median over the rounds; the first, which also warms up, is left out."""
    return statistics.median(a / b for a, b in list(zip(above, below, strict=True))[1:])


def cell(value, width, digits):
    return f"{'–' if math.isnan(value) else f'{value:.{digits}f}':>{width}}"


if __name__ == "__main__":
    main()
