"""The experiments of unit 1, optimization. Each is a claim; its texts stand in messages/unit1.toml."""

from dataclasses import replace
from functools import partial

import numpy as np

from course_lib.algorithms._arrays import namespace
from course_lib.algorithms.clipping import clip_by_global_norm
from course_lib.algorithms.optim import adagrad, adam, gd, lion, momentum, rmsprop
from course_lib.algorithms.problems import (
    beale,
    himmelblau,
    logistic_regression,
    noisy,
    quadratic,
    rosenbrock,
)
from course_lib.algorithms.schedules import cosine, one_cycle, step_decay
from course_lib.algorithms.second_order import newton
from course_lib.algorithms.trace import trace
from course_lib.data.digits import load_digits
from course_lib.data.words import bags_of_words
from course_lib.experiments.statements import states
from course_lib.experiments.tuning import RATES, TUNING, WIDE, decades, descend, fit, settled, tuned
from course_lib.training.small_nets import mlp, score, train


def digits():
    """The training digits, (x, y)."""
    split = load_digits()
    return split.x_train, split.y_train


def words():
    """Texts as bags of words, (x, y): sparse, with rare features that tell much."""
    x, y, _ = bags_of_words(rng=np.random.default_rng(0))
    return x, y


def starts(problem, seeds, spread=0.5):
    """A start near the problem's own for every seed, (seeds, d)."""
    near = [np.random.default_rng(seed).standard_normal(len(problem.start)) for seed in seeds]
    return problem.start + spread * np.array(near)


def softmax(x, y):
    """The widths of softmax regression on this data: a convex problem."""
    return [x.shape[1], int(y.max()) + 1]


# --- 4: second derivatives, and the cost of a step --------------------------------------------------------


@states(4, seeds=range(8), margin=0.5)
def adagrad_needs_second_derivatives(seeds, rule=adagrad):
    """Second derivatives asked for in a step: calls of the Hessian, and of the gradient beyond the first."""
    effects = {}
    for make in (quadratic, rosenbrock, beale):
        effects[make.__name__] = [_extra_calls(rule, make(), start) for start in starts(make(), seeds)]
    return effects


def _extra_calls(rule, problem, start, steps=20):
    calls = {"grad": 0, "hess": 0}

    def count(name):
        def counted(x):
            calls[name] += 1
            return getattr(problem, name)(x)

        return counted

    trace(rule, replace(problem, grad=count("grad"), hess=count("hess")), steps=steps, start=start)
    # Differences of gradients would be second derivatives as well.
    return (calls["hess"] + calls["grad"] - steps) / steps


@states(4, seeds=range(8), margin=10.0)
def adagrad_is_costly(seeds, rule=adagrad, against=gd):
    """By how many percent a whole training step takes more operations than with gradient descent."""
    return {
        f"batch_{batch}": [_percent_more(rule, against, batch, seed) for seed in seeds]
        for batch in (1, 16, 64)
    }


def _percent_more(rule, against, batch, seed):
    # A layer's forward and backward pass: three products, of 2 operations a weight and sample each.
    gradient = 6 * batch
    p, g = np.random.default_rng(seed).standard_normal((2, 100))
    return 100 * (gradient + _operations(rule, p, g)) / (gradient + _operations(against, p, g)) - 100


class _Counting(np.ndarray):
    """An array that counts the operations on its elements; `operations` is shared by all of them."""

    operations = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        _Counting.operations += 1
        plain = [x.view(np.ndarray) if isinstance(x, _Counting) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **kwargs).view(_Counting)


def _operations(rule, p, g):
    """Operations a parameter in one step of the rule, the second: the first starts from zeros."""
    p, g = p.view(_Counting), g.view(_Counting)
    p, *state = rule(p, g)
    before = _Counting.operations
    rule(p, g, *state)
    return _Counting.operations - before


# --- 5, 41, 25: tuned methods compared on several problems -------------------------------------------------


def final_losses(rule, problem, seeds, *, rates=RATES, steps=200, epochs=10):
    """Final losses (rates, tuning seeds + seeds) of a rule on one of PROBLEMS, at every candidate rate."""
    everyone = (*TUNING, *seeds)
    if problem in SURFACES:
        surface = SURFACES[problem]()
        return descend(rule, surface, starts(surface, everyone), rates=rates, steps=steps)
    make, widths = NETS[problem]
    data = make()
    return fit(rule, widths or softmax(*data), data, everyone, rates=rates, epochs=epochs)


SURFACES = {
    "bowl": partial(quadratic, condition=10, angle=30),
    "valley": partial(quadratic, condition=1000, angle=30),
    "rosenbrock": rosenbrock,
}
# The data and the widths of the net; None is softmax regression, which is convex.
NETS = {
    "digits_linear": (digits, None),
    "words_linear": (words, None),
    "digits_net": (digits, [64, 32, 10]),
    "words_net": (words, [120, 32, 2]),
}
CONVEX = ("bowl", "valley", "digits_linear", "words_linear")


@states(5, seeds=range(40), margin=0.1, stored=True, quick={"seeds": range(8), "epochs": 4})
def adagrad_beats_rmsprop(seeds, ours=adagrad, theirs=rmsprop, watch=iter, **settings):
    """Powers of ten by which AdaGrad's final loss lies below RMSProp's on convex problems, both tuned."""
    return {name: _lead(ours, theirs, name, seeds, settings) for name in watch(CONVEX)}


def _lead(ours, theirs, problem, seeds, settings):
    mine, other = (tuned(final_losses(rule, problem, seeds, **settings)).fresh for rule in (ours, theirs))
    return decades(other, mine)


@states(41, seeds=range(40), margin=0.1, stored=True, quick={"seeds": range(4), "epochs": 2})
def adagrad_needs_its_root(seeds, watch=iter, **settings):
    """Powers of ten by which AdaGrad's final loss lies below that of AdaGrad without its root, both tuned."""
    problems = ("bowl", "valley", "digits_linear", "words_linear", "digits_net")
    # Without the root a step goes as one over the gradient, so that good rates lie far apart.
    settings = {"rates": WIDE, **settings}
    return {name: _lead(adagrad, rootless, name, seeds, settings) for name in watch(problems)}


def rootless(p, g, state=(0.0,), *, lr=0.01, eps=1e-10):
    """AdaGrad that divides by the sum of squared gradients itself: θ ← θ − η g / (s + ε)."""
    namespace("adagrad", p=p, g=g)
    s = state[0] + g * g
    return p - lr * g / (s + eps), (s,)


RULES = (gd, momentum, adagrad, rmsprop, lion)


@states(25, seeds=range(20), margin=0.1, stored=True, quick={"seeds": range(4), "epochs": 3})
def adam_is_best(seeds, ours=adam, rivals=RULES, watch=iter, **settings):
    """Powers of ten by which Adam's final loss lies below that of the best other method, all tuned.

    Which other method is the best is decided on the tuning seeds, as its rate is.
    """
    effects = {}
    for problem in watch(("valley", "rosenbrock", "digits_linear", "digits_net", "words_net")):
        runs = [tuned(final_losses(rule, problem, seeds, **settings)) for rule in rivals]
        rival = min(runs, key=lambda run: run.mean)
        mine = tuned(final_losses(ours, problem, seeds, **settings))
        effects[problem] = decades(rival.fresh, mine.fresh)
    return effects


# --- 27: when to lower the rate ---------------------------------------------------------------------------


@states(27, seeds=range(12), margin=0.1, stored=True, quick={"seeds": range(3), "total": (15,)})
def early_decay_rules(seeds, total=(15, 60), watch=iter):
    """Powers of ten by which an early rule's final loss lies below the better of cosine and one-cycle.

    All with momentum, the same epochs and a tuned peak.
    """
    per_epoch = len(digits()[1]) // 64
    early = {
        "halve": partial(step_decay, peak=1.0, every=5 * per_epoch, factor=0.5),
        "tenth": partial(step_decay, peak=1.0, every=20 * per_epoch, factor=0.1),
    }
    effects = {}
    for epochs in watch(total):
        modern = [partial(rule, peak=1.0, total=epochs * per_epoch) for rule in (cosine, one_cycle)]
        rival = min((_scheduled(rule, epochs, seeds) for rule in modern), key=lambda run: run.mean)
        for name, rule in early.items():
            effects[f"{name}_{epochs}"] = decades(rival.fresh, _scheduled(rule, epochs, seeds).fresh)
    return effects


def _scheduled(schedule, epochs, seeds):
    # Momentum's rates that train at all on this net, four a decade.
    rates = [10 ** (k / 4) for k in range(-6, 2)]
    everyone = (*TUNING, *seeds)
    return tuned(
        fit(momentum, [64, 32, 10], digits(), everyone, rates=rates, epochs=epochs, schedule=schedule)
    )


# --- 29: clipping thresholds ------------------------------------------------------------------------------

DEEP = [64, 32, 32, 32, 32, 32, 10]


@states(29, seeds=range(10), margin=0.05, stored=True, quick={"seeds": range(3), "epochs": 2})
def clip_at_one_or_a_tenth(seeds, scales=(0.01, 1.0, 100.0), lr=0.6, watch=iter, **settings):
    """Powers of ten by which clipping at 1 or at 0.1 lowers the final loss of a deep net at a bold rate.

    Multiplying the loss and dividing the rate by the same number leaves plain gradient descent as it is:
    only the threshold meets another scale.
    """
    cases = [(limit, scale) for limit in (1.0, 0.1) for scale in scales]
    return {
        f"{limit:g}_at_{scale:g}": [_clip_gain(limit, scale, lr, seed, **settings) for seed in seeds]
        for limit, scale in watch(cases)
    }


def _clip_gain(limit, scale, lr, seed, epochs=4):
    def final(change):
        settings = {"lr": lr / scale}
        start = mlp(DEEP, seeds=[seed])
        run = train(
            start,
            *digits(),
            gd,
            seeds=[seed],
            settings=lambda _: settings,
            epochs=epochs,
            scale=scale,
            change=change,
        )
        return settled(score(run.params, *digits())[0], np.log(10))

    return decades(final(None), final(partial(clip_by_global_norm, max_norm=limit)))[0]


# --- 31: Adam's bias correction ---------------------------------------------------------------------------

BETAS = {"b2_999": (0.9, 0.999), "b2_99": (0.9, 0.99), "b2_95": (0.9, 0.95), "b1_99": (0.99, 0.999)}
NEVER = 10**9  # a step count at which 1 − βᵗ is 1: Adam that starts there corrects nothing


@states(31, seeds=range(12), margin=0.1)
def bias_correction_enlarges(seeds, steps=10, betas=BETAS):
    """By how many doublings bias correction lengthens Adam's first steps on a noisy bowl."""
    return {name: [_longer(pair, seed, steps) for seed in seeds] for name, pair in betas.items()}


def _longer(betas, seed, steps):
    lengths = {}
    for begun in (0, NEVER):
        problem = noisy(quadratic(condition=10), sigma=1.0, rng=np.random.default_rng(seed))
        p, state = problem.start, ((0.0, 0.0, begun),)
        length = 0.0
        for _ in range(steps):
            before = p
            p, *state = adam(p, problem.grad(p), *state, lr=1e-3, beta1=betas[0], beta2=betas[1])
            length += np.linalg.norm(p - before)
        lengths[begun] = length
    return float(np.log2(lengths[0] / lengths[NEVER]))


# --- 32: Newton's method without a learning rate ----------------------------------------------------------


@states(32, seeds=range(40), margin=0.5)
def newton_needs_no_rate(seeds, steps=50):
    """1 where Newton's full steps end at a minimum, −1 where they end elsewhere or fly off."""
    cases = {
        "quadratic": (partial(quadratic, condition=1000, angle=30), 0.5),
        "logistic": (lambda: logistic_regression(rng=np.random.default_rng(0)), 3.0),
        "rosenbrock": (rosenbrock, 0.5),
        "himmelblau": (himmelblau, 2.0),
        "beale": (beale, 0.5),
    }
    return {
        name: [_arrives(make(), start, steps) for start in starts(make(), seeds, spread)]
        for name, (make, spread) in cases.items()
    }


def _arrives(problem, start, steps):
    try:
        path = trace(newton, problem, steps=steps, start=start)
    except ValueError:  # a Hessian that cannot be solved
        return -1.0
    end = path.points[-1]
    if path.diverged or np.linalg.norm(problem.grad(end)) > 1e-6:
        return -1.0
    return 1.0 if np.linalg.eigvalsh(problem.hess(end))[0] > 0 else -1.0
