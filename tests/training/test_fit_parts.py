"""What may stand in a recipe: the library's own by name or as functions, a learner's own PyTorch."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import algorithms
from course_lib.algorithms import adamw, he_normal, label_smoothing, mixup, one_cycle, orthogonal, random_crop
from course_lib.training import batched, plugins
from course_lib.training.bridge import TorchOptimizer
from course_lib.training.fit import Recipe, fit
from course_lib.training.recipe import no_augment
from tests.training.made import DATA, small_cnn

CLASSES = 4
X = torch.from_numpy(DATA.x_train[:20]).float() / 255
Y = torch.from_numpy(DATA.y_train[:20])


def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize("size", [(28, 28), (20, 31)])
def test_batched_affine_maps_equal_the_librarys(size):
    pictures = np.random.default_rng(0).random((9, 2, *size))
    settings = {"degrees": 20, "scale": (0.7, 1.3), "shear": 0.2, "shift": 0.15}
    expected = algorithms.random_affine(pictures, **settings, rng=rng())
    found = batched.random_affine(torch.from_numpy(pictures), **settings, rng=rng())
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


@pytest.mark.parametrize("choice", ["he_normal", he_normal, partial(he_normal, gain=2.0)])
def test_initializations_fill_weights_and_clear_biases(choice):
    torch.manual_seed(0)
    model = small_cnn(1, CLASSES)
    with torch.no_grad():
        model[1].bias.fill_(0.7)
    plugins.initialize(choice, model, rng())
    gain = getattr(choice, "keywords", {}).get("gain", 2**0.5)
    drawn, like = rng(), partial(he_normal, gain=gain)
    for layer in (model[0], model[5]):
        expected = like(tuple(layer.weight.shape), rng=drawn)
        np.testing.assert_allclose(layer.weight.detach().numpy(), expected, rtol=1e-6)
        assert not layer.bias.any()
    # a norm layer's scale and shift are no such weights
    assert model[1].weight.eq(1).all() and model[1].bias.eq(0.7).all()


def test_initializations_reach_parametrized_weights():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(6, 5))
    plugins.initialize(orthogonal, nn.Sequential(layer), rng())
    np.testing.assert_allclose(layer.weight.detach() @ layer.weight.detach().T, np.eye(5), atol=1e-6)


def test_a_learners_initialization_may_draw():
    def own(model, rng):
        nn.init.constant_(model[5].bias, rng.random())

    model = small_cnn(1, CLASSES)
    plugins.initialize(own, model, rng())
    assert model[5].bias.eq(np.float32(rng().random())).all()


def test_optimizers():
    model = small_cnn(1, CLASSES)
    bridged = plugins.build_optimizer(partial(adamw, lr=0.3), model)
    assert isinstance(bridged, TorchOptimizer) and bridged.param_groups[0]["lr"] == 0.3
    own = plugins.build_optimizer(lambda m: torch.optim.Adam(m.parameters()), model)
    assert isinstance(own, torch.optim.Adam)
    with pytest.raises(TypeError, match=r"must return a torch.optim.Optimizer, got NoneType"):
        plugins.build_optimizer(lambda m: None, model)


@pytest.mark.parametrize("rule", ["momentum", "nesterov", "sam", "muon", "lion"])
def test_every_sort_of_rule_trains(rule):
    def build(channels, classes):  # matrices only: muon takes no vectors
        return nn.Sequential(nn.Flatten(), nn.Linear(64, classes, bias=False))

    run = fit(Recipe(build_model=build, build_optimizer=rule), DATA, epochs=3, watchers=())
    assert run.history.train_loss[-1] < run.history.train_loss[0]
    # SAM asks for a second gradient of every batch: it is counted
    assert run.history.samples == (2 if rule == "sam" else 1) * 3 * 140


def groups(*rates):
    parameters = [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(parameters)


def test_schedules_fill_in_the_total_and_the_peak():
    optimizer = groups(0.2, 0.02)
    set_rates = plugins.schedule("one_cycle", optimizer, 50)
    for step in (0, 20, 49):
        assert set_rates(step) == one_cycle(step, total=50, peak=0.2)
        rates = [group["lr"] for group in optimizer.param_groups]
        assert rates == pytest.approx([set_rates(step), set_rates(step) / 10])
    assert plugins.schedule(partial(one_cycle, peak=3.0), groups(0.2), 50)(14) == pytest.approx(3.0)
    own = plugins.schedule(lambda step, total: step / total, groups(1.0), 50)
    assert own(25) == 0.5
    assert plugins.schedule(None, groups(0.2), 50)(7) == 0.2


@pytest.mark.parametrize("rate", [float("nan"), -0.1, None, "0.1"])
def test_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match=r"finite number ≥ 0, got .* at step 4"):
        plugins.schedule(lambda step: rate, groups(1.0), 50)(4)
    with pytest.raises(ValueError, match="above 0, got 0"):
        plugins.schedule("cosine", groups(0.0), 50)


def test_losses():
    scores = torch.randn(20, CLASSES, generator=torch.Generator().manual_seed(0), requires_grad=True)
    model = nn.Linear(2, 2)
    smooth = F.cross_entropy(scores, Y, label_smoothing=0.1)
    for choice in ("label_smoothing", label_smoothing):
        torch.testing.assert_close(plugins.loss(choice, model, CLASSES)(scores, Y), smooth)
    plain = plugins.loss("cross_entropy", model, CLASSES)(scores, Y)
    torch.testing.assert_close(plain, F.cross_entropy(scores, Y))
    plain.backward()
    assert scores.grad.abs().sum() > 0

    def penalized(scores, y, model):
        return F.cross_entropy(scores, y) + model.weight.square().sum()

    expected = F.cross_entropy(scores, Y) + model.weight.square().sum()
    torch.testing.assert_close(plugins.loss(penalized, model, CLASSES)(scores, Y), expected)


def test_mixing_makes_distributions_of_labels():
    x, y = plugins.augment("mixup", CLASSES, rng())(X, Y)
    expected = mixup(X, F.one_hot(Y, CLASSES).float(), rng=rng())
    torch.testing.assert_close((x, y), expected)
    both = plugins.augment(("cutmix", "mixup"), CLASSES, rng())(X, Y)[1]
    torch.testing.assert_close(both.sum(1), torch.ones(20))


def test_image_augmentations_see_pictures_in_the_unit_range():
    x, y = plugins.augment(partial(random_crop, size=8, padding=2), CLASSES, rng())(X, Y)
    expected = random_crop(X.numpy(), size=8, padding=2, rng=rng())
    assert np.array_equal(x.numpy(), expected) and y is Y
    fast = plugins.augment(partial(algorithms.random_affine, degrees=30), CLASSES, rng())(X, Y)[0]
    assert torch.equal(fast, batched.random_affine(X, degrees=30, rng=rng()))
    slow = plugins.augment(partial(algorithms.random_affine, degrees=30, fill=0.0), CLASSES, rng())(X, Y)[0]
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=0)


def test_only_what_treats_pictures_alone_is_done_for_several_batches():
    sizes = []

    def own(x, y):
        sizes.append(len(x))
        return x, y

    run = fit(Recipe(build_model=small_cnn, augment=own), DATA, epochs=1, watchers=())
    assert sizes == [28] * 5 and run.history.samples == 140
    assert plugins.each_alone(("random_affine", partial(random_crop, size=8))) and plugins.each_alone(
        no_augment
    )
    assert not plugins.each_alone(("random_affine", "mixup")) and not plugins.each_alone(own)


@pytest.mark.parametrize("wrong", [lambda x, y: x, lambda x, y: (x.numpy(), y), lambda x, y: None])
def test_an_augmentation_that_forgets_the_labels(wrong):
    with pytest.raises(TypeError, match=r"two tensors \(x, y\)"):
        plugins.augment(wrong, CLASSES, rng())(X, Y)


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"initialize": "adam"}, ValueError, "initialize cannot be adam.*he_normal"),
        ({"loss": one_cycle}, ValueError, "loss cannot be one_cycle.*label_smoothing"),
        ({"augment": ("mixup", "cosine")}, ValueError, "augment cannot be cosine"),
        ({"build_model": "adam"}, ValueError, "a function of your own"),
        ({"schedule": "cosin"}, KeyError, "cosin"),
        ({"schedule": 0.1}, TypeError, r"schedule must be a function .*got 0\.1"),
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number"),
        ({"build_model": lambda c, k: small_cnn(c, 3)}, ValueError, r"shape \(28, 4\), got \(28, 3\)"),
    ],
)
def test_refusals(changes, error, reason):
    with pytest.raises(error, match=reason):
        fit(Recipe(**{"build_model": small_cnn, **changes}), DATA, epochs=1, watchers=())
