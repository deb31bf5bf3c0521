"""How to choose a learning rate: raise it batch by batch, see where the loss falls and flies."""

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from course_lib.algorithms.optim import gd
from course_lib.messages import t
from course_lib.training.bridge import TorchOptimizer
from course_lib.training.small_nets import mlp

FAR = 4.0  # a smoothed loss beyond so many times the smallest one has blown up


@dataclass(frozen=True, eq=False)
class RangeTest:
    """rates, losses: (steps taken,), the rate of each step and the batch's loss before it.

    blew_up: whether the test ended early because the loss grew too large.
    """

    rates: np.ndarray
    losses: np.ndarray
    blew_up: bool

    def smooth(self, smoothing=0.9) -> np.ndarray:
        """The moving average of the losses, corrected for its start as Adam's is. smoothing in [0, 1)."""
        average, out = 0.0, []
        for step, loss in enumerate(self.losses, start=1):
            average = smoothing * average + (1 - smoothing) * loss
            out.append(average / (1 - smoothing**step))
        return np.array(out)

    def steepest(self, smoothing=0.9) -> int | None:
        """The step at which the smoothed loss falls most steeply along log(rate); None if it never falls.

        A rate there, or up to a factor of ten below the blow-up, is a good first choice.
        """
        if len(self.losses) < 2:
            return None
        slope = np.gradient(self.smooth(smoothing))
        best = int(np.argmin(slope))
        return best if slope[best] < 0 else None


def range_test(
    net, x, y, rule=gd, *, low=1e-5, high=10.0, steps=100, batch_size=64, loss=None, seed=0, **hyper
):
    """Train a copy of a net while the learning rate grows by the same factor at each mini-batch.

        η(k) = low · (high/low)^(k/(steps − 1))

    It stops when the smoothed loss exceeds 4 times its smallest value so far, or is not finite. Smith
    raises the rate linearly; the exponential growth is that of common tools, and shows more decades.

    net: torch module; it stays as it is. x: (n, …), y: (n,), NumPy arrays. rule, hyper: as for
    TorchOptimizer. loss(outputs, y): cross-entropy if None. seed: of the order of the batches.
    Returns RangeTest. Raises ValueError. Source: Smith 2017, arXiv:1506.01186, §3.3.
    """
    if not 0 < low < high < math.inf:
        raise ValueError(t("range_test.low", low=low, high=high))
    if steps != int(steps) or steps < 2:
        raise ValueError(t("range_test.steps", got=steps))
    net, loss = copy.deepcopy(net), loss or nn.functional.cross_entropy
    optimizer = TorchOptimizer(net.parameters(), rule, lr=low, **hyper)
    x, y = torch.tensor(x), torch.tensor(y)
    rates, losses = np.geomspace(low, high, steps), []
    batches = _batches(len(y), batch_size, np.random.default_rng(seed))
    for rate, batch in zip(rates, batches, strict=False):  # the batches never end
        optimizer.zero_grad()
        value = loss(net(x[batch]), y[batch])
        losses.append(value.item())
        test = RangeTest(rates[: len(losses)], np.array(losses), blew_up=True)
        if _blown_up(test):
            return test
        for group in optimizer.param_groups:
            group["lr"] = float(rate)
        value.backward()
        optimizer.step()
    return RangeTest(rates, np.array(losses), blew_up=False)


def _batches(count, size, rng):
    """Shuffled batches without end, a new order each epoch."""
    while True:
        order = torch.from_numpy(rng.permutation(count))
        yield from order.split(min(size, count))


def _blown_up(test):
    smooth = test.smooth()
    return not math.isfinite(test.losses[-1]) or smooth[-1] > FAR * smooth.min()


def digits_net(seed=0, hidden=32):
    """The small net of the digits, 64 → hidden → 10 with ReLU, as a torch module with He's weights."""
    w1, b1, w2, b2 = mlp([64, hidden, 10], seeds=[seed])
    net = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))
    with torch.no_grad():
        for layer, w, b in ((net[0], w1, b1), (net[2], w2, b2)):
            layer.weight.copy_(w[0].T)
            layer.bias.copy_(b[0, 0])
    return net
