"""The experiments of unit 4, normalization. Each is a claim; its texts stand in messages/unit4.toml.

Small nets on the digits. Every arm gets its own learning rate from the same candidates, chosen on the tuning
seeds; only fresh seeds are compared.
"""

from functools import partial

import numpy as np

from course_lib.algorithms.optim import adam, gd
from course_lib.data.digits import load_digits
from course_lib.experiments.statements import states
from course_lib.experiments.tuning import TUNING, decades, settled
from course_lib.training.norm_nets import deep, restated, score, train
from course_lib.training.small_nets import per_net

RATES = tuple(10 ** (k / 2) for k in range(-4, 3))  # of gradient descent: 0.01 … 10, two a decade
ADAM_RATES = (0.001, 0.003, 0.01)
GUESS = np.log(10)  # the loss of a net that has learned nothing


def trained(net, seeds, rates, rule=gd, **how):
    """Every net at every rate, the rates one after another: (Trained, shape (rates, seeds))."""
    split = load_digits()
    lr = per_net(np.repeat(rates, len(seeds)))
    nets = [*seeds] * len(rates)
    return train(net, split.x_train, split.y_train, rule, seeds=nets, settings={"lr": lr}, **how)


def fitted(net, seeds, rates=RATES, **how):
    """The loss on all training digits, (rates, seeds), by batch statistics and without dropout and noise."""
    split = load_digits()
    loss, _ = score(net, trained(net, seeds, rates, **how), split.x_train, split.y_train, training=True)
    return settled(loss, GUESS).reshape(len(rates), -1)


def best_rate(net, rates=RATES, **how):
    """The rate with the smallest mean loss on the tuning seeds."""
    return rates[int(np.argmin(fitted(net, TUNING, rates, **how).mean(1)))]


def tuned_losses(net, seeds, **how):
    """Training losses of the seeds, (seeds,), at the rate that is best on the tuning seeds."""
    return fitted(net, seeds, (best_rate(net, **how),), **how)[0]


# --- 13: internal covariate shift --------------------------------------------------------------------------

# Half-widths of the noise after every norm. Averaged over the layers, "mild" shifts the inputs of the
# activations twice as far as training does in six layers without a norm, and as far as in ten.
NOISES = {"mild": 0.25, "strong": 0.5}


@states(13, seeds=range(32), margin=0.5, stored=True, quick={"seeds": range(3), "depths": (6,), "epochs": 3})
def norm_removes_shift(seeds, depths=(6, 10), epochs=5, noises=NOISES, watch=iter):
    """Share of batch norm's gain that is lost when noise after every norm brings the shift back.

    The gain: powers of ten by which the norm lowers the training loss; its mean over the seeds.
    """
    effects = {}
    for depth in watch(depths):
        arms = {"plain": {}, "norm": {"before": ("batch",)}}
        arms |= {name: {"before": ("batch", "jitter"), "jitter": a} for name, a in noises.items()}
        loss = {
            name: tuned_losses(deep(32, depth=depth, **arm), seeds, epochs=epochs)
            for name, arm in arms.items()
        }
        gain = np.mean(decades(loss["plain"], loss["norm"]))
        for name in noises:
            effects[f"{name}_{depth}"] = [float(x / gain) for x in decades(loss[name], loss["norm"])]
    return effects


# --- 10, 14: dropout beside batch norm ---------------------------------------------------------------------


def accuracies(net, seeds, rates=ADAM_RATES, *, again=(False,), **how):
    """Validation accuracy in percent, (len(again), rates, seeds), trained with Adam.

    again: whether the running statistics are taken anew, without dropout; one for each way to score.
    """
    split = load_digits()
    nets = trained(net, seeds, rates, rule=adam, **how)
    ways = [restated(net, nets, split.x_train) if anew else nets for anew in again]
    right = [score(net, way, split.x_val, split.y_val)[1] for way in ways]
    return 100 * np.reshape(right, (len(again), len(rates), -1))


def accuracy(net, seeds, rates=ADAM_RATES, **how):
    """Validation accuracy in percent, (rates, seeds)."""
    return accuracies(net, seeds, rates, **how)[0]


def depth_of_loss(net, seeds, rates=ADAM_RATES, **how):
    """By how many powers of ten the validation loss lies below 1, (rates, seeds), trained with Adam."""
    split = load_digits()
    loss, _ = score(net, trained(net, seeds, rates, rule=adam, **how), split.x_val, split.y_val)
    return -np.log10(settled(loss, GUESS)).reshape(len(rates), -1)


def best_of(measure, nets, seeds, **how):
    """`measure` on the seeds, (seeds,), of the net and rate with the largest mean on four tuning seeds."""
    found = [measure(net, TUNING[:4], **how).mean(1) for net in nets]
    index, rate = np.unravel_index(np.argmax(found), (len(nets), len(ADAM_RATES)))
    return measure(nets[index], seeds, (ADAM_RATES[rate],), **how)[0]


# Where dropout stands: straight before every norm; behind every activation, so that a linear layer lies
# between it and the next norm; behind the last norm of the net alone.
PLACES = {
    "before": {"before": ("dropout", "batch")},
    "after": {"before": ("batch",), "after": ("dropout",)},
    "last": {"before": ("batch",), "last": ("dropout",)},
}
DROPPED = ((0.2, 3), (0.4, 3), (0.2, 6), (0.4, 6))  # rate of dropout, depth of the net
FEW = {"images": 400, "epochs": 30}  # too few images for these nets: regularization has something to do
SHORT = {"images": 200, "epochs": 5}


def with_dropout(place, rate, depth=3):
    """A net with batch norm, and dropout at one of PLACES; rate 0 for none."""
    return deep(48, depth=depth, rate=rate, **(PLACES[place] if rate else {"before": ("batch",)}))


@states(
    10, seeds=range(40), margin=0.5, stored=True, quick={"seeds": range(3), "cases": ((0.4, 3),), **SHORT}
)
def never_dropout_with_norm(seeds, cases=DROPPED, watch=iter, **how):
    """Points of validation accuracy that dropout costs a net with batch norm, by place, rate and depth."""
    how, without, effects = FEW | how, {}, {}
    for rate, depth in watch(cases):
        if depth not in without:
            without[depth] = best_of(accuracy, [with_dropout("none", 0, depth)], seeds, **how)
        for place in PLACES:
            dropped = best_of(accuracy, [with_dropout(place, rate, depth)], seeds, **how)
            effects[_case(place, rate, depth)] = [float(x) for x in without[depth] - dropped]
    return effects


def _case(place, rate, depth):
    return f"{place}_{round(100 * rate)}_{depth}"


@states(
    10, seeds=range(40), margin=0.5, stored=True, quick={"seeds": range(3), "cases": ((0.4, 3),), **SHORT}
)
def variance_shift_is_the_harm(seeds, cases=DROPPED, watch=iter, **how):
    """Points of validation accuracy that come back when the running statistics are taken without dropout."""
    how, effects = FEW | how, {}
    for rate, depth in watch(cases):
        for place in PLACES:
            net = with_dropout(place, rate, depth)
            as_trained, anew = accuracies(net, seeds, (0.003,), again=(False, True), **how)[:, 0]
            effects[_case(place, rate, depth)] = [float(x) for x in anew - as_trained]
    return effects


# Images, and epochs so that each net sees about as many mini-batches.
AMOUNTS = {100: 80, 400: 24, 1437: 8}
NEEDLESS = 0.05  # a validation loss that falls by less than a power of ten to this (11 percent) is no gain


@states(14, seeds=range(64), stored=True, quick={"seeds": range(3), "amounts": {100: 5}})
def norm_makes_dropout_needless(seeds, amounts=AMOUNTS, rates=(0.1, 0.2, 0.4), watch=iter):
    """0.05 minus the powers of ten by which dropout lowers the validation loss of a net with batch norm.

    Dropout stands behind every activation; its rate is chosen on the tuning seeds.
    """
    nets, effects = [with_dropout("after", rate) for rate in rates], {}
    for images, epochs in watch(amounts.items()):
        how = {"images": images, "epochs": epochs, "batch_size": 32}
        without = best_of(depth_of_loss, [with_dropout("none", 0)], seeds, **how)
        dropped = best_of(depth_of_loss, nets, seeds, **how)
        effects[f"images_{images}"] = [float(NEEDLESS - x) for x in dropped - without]
    return effects


# --- 33: initialization under batch norm -------------------------------------------------------------------

FACTOR = np.log10(2).round(3)  # a loss of less than twice He's counts as no difference


def constant_std(n_in, value):
    """The same spread whatever the layer's inputs."""
    return value


STARTS = {
    name: partial(constant_std, value=v) for name, v in (("small", 0.01), ("large", 1.0), ("zeros", 0.0))
}


@states(33, seeds=range(24), stored=True, quick={"seeds": range(3), "epochs": 2})
def norm_makes_init_unimportant(seeds, starts=STARTS, epochs=5, watch=iter):
    """Room, in powers of ten, until another initialization doubles the training loss that He's gives.

    "same": at the rate tuned for He's; "tuned": at its own.
    """
    net, how = deep(32, depth=6, before=("batch",)), {"epochs": epochs}
    rate = best_rate(net, **how)
    he = fitted(net, seeds, (rate,), **how)[0]
    effects = {}
    for name, std in watch(starts.items()):
        losses = {
            "same": fitted(net, seeds, (rate,), std=std, **how)[0],
            "tuned": tuned_losses(net, seeds, std=std, **how),
        }
        for key, loss in losses.items():
            effects[f"{name}_{key}"] = [float(FACTOR + x) for x in decades(he, loss)]
    return effects


# --- 34: before or after the activation --------------------------------------------------------------------


@states(34, seeds=range(48), margin=0.1, stored=True, quick={"seeds": range(3), "depths": (3,), "epochs": 2})
def norm_before_activation(seeds, depths=(3, 6), epochs=5, watch=iter):
    """Powers of ten by which the training loss is lower with the norm before the activation, not after."""
    effects = {}
    for depth, act in watch([(d, a) for d in depths for a in ("relu", "tanh", "sigmoid")]):
        nets = (deep(32, depth=depth, activation=act, **{at: ("batch",)}) for at in ("after", "before"))
        after, before = (tuned_losses(net, seeds, epochs=epochs) for net in nets)
        effects[f"{act}_{depth}"] = decades(after, before)
    return effects
