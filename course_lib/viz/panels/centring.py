"""The zigzag of inputs that are not centred on 0: one linear unit, trained sample by sample."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import Problem
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

SAMPLES, SEED = 200, 0
TRUE = np.array([1.0, -1.0])  # the weights to be found: one up, one down from the start at 0
MEANS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
SHOWN, STEPS = 40, 100  # steps drawn sample by sample, steps of the whole batch


@lru_cache
def linear_unit(mean):
    """Fit z = w·x to the outputs of another unit, by half the mean squared error.

        f(w) = ½ mean_n (w·x_n − w*·x_n)²,   x_n = mean + ε_n,   ε_n uniform on [−1, 1]²

    From mean = 1 on all inputs are positive. Returns a Problem with data and batch_grad.
    """
    x = mean + np.random.default_rng(SEED).uniform(-1, 1, (SAMPLES, 2))
    covariance, rows = x.T @ x / SAMPLES, registry.get("weight_gradients").function

    def f(w):
        off = np.asarray(w) - TRUE
        return 0.5 * np.einsum("...i,ij,...j->...", off, covariance, off)

    def grad(w):
        return (np.asarray(w) - TRUE) @ covariance

    def batch_grad(w, indices):
        chosen = x[indices]
        return rows(chosen @ (w - TRUE), chosen).mean(0)

    return Problem(
        "linear_unit",
        f,
        grad,
        TRUE[None],
        ((-1.0, 2.0), (-2.0, 1.0)),
        np.zeros(2),
        lambda w: covariance,
        data=(x, x @ TRUE),
        batch_grad=batch_grad,
    )


def condition(mean):
    """λmax/λmin of the unit's loss."""
    low, high = np.linalg.eigvalsh(linear_unit(mean).hess(TRUE))
    return float(high / low)


def agreeing(mean):
    """The share of samples whose two weight gradients have the same sign, at the start."""
    problem = linear_unit(mean)
    x, y = problem.data
    rows = registry.get("weight_gradients").function(x @ problem.start - y, x)
    return float(np.mean(rows[:, 0] * rows[:, 1] > 0))


@lru_cache
def walks(mean):
    """A path sample by sample, at half the rate that its longest input allows, and one of whole batches.

    The second takes its best rate, 2/(λmin + λmax). Returns (Trace, Trace).
    """
    problem = linear_unit(mean)
    # a step on one sample shrinks its error if lr < 2/‖x‖²
    longest = np.max(np.sum(problem.data[0] ** 2, axis=1))
    sgd, gd = (registry.get(name).function for name in ("sgd", "gd"))
    single = trace(sgd, problem, steps=SHOWN, lr=1 / longest, batch_size=1, rng=np.random.default_rng(SEED))
    low, high = np.linalg.eigvalsh(problem.hess(TRUE))
    return single, trace(gd, problem, steps=STEPS, lr=2 / (low + high))


def zigzag_panel(*, start=0.0):
    """A slider over the mean of the inputs: the path of the weights, and the loss. Returns a FramesPanel."""

    def draw(figure, mean):
        left, right = figures.two_axes(figure)
        problem = linear_unit(mean)
        single, whole = walks(mean)
        figures.surface(left, problem)
        figures.start(left, problem.start)
        left.set(xlabel="$w_1$", ylabel="$w_2$", title=t("viz.centring.title"))
        figures.path(left, single.points, 0)
        figures.path(left, whole.points, 1, every=5)
        figures.loss_axes(right, steps=STEPS, low=1e-8, high=1e1)
        right.set_title(t("viz.loss_by_step"))
        figures.loss(right, single.values, 0, every=5, label=t("viz.centring.single"))
        figures.loss(right, whole.values, 1, label=t("viz.centring.whole"))
        figures.legend(right)
        return []

    def told(mean):
        share = f"{100 * agreeing(mean):.0f}"
        return {"mean": f"{mean:g}", "share": share, "condition": f"{condition(mean):.3g}"}

    def describe(mean):
        return t("viz.centring.told", **told(mean))

    def numbers(mean):
        single, whole = walks(mean)
        return [
            {
                t("viz.centring.slider"): f"{mean:g}",
                t("viz.centring.share"): f"{agreeing(mean):.2f}",
                "κ": f"{condition(mean):.3g}",
                t("viz.centring.single_after", steps=SHOWN): float(single.values[-1]),
                t("viz.centring.whole_after", steps=STEPS): float(whole.values[-1]),
            }
        ]

    return frames(
        draw,
        "mean",
        list(MEANS),
        start=start,
        title=t("viz.centring.slider"),
        describe=describe,
        numbers=numbers,
    )
