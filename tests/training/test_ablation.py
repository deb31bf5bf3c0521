"""Recipes without a kind of strategy: it is really gone, and nothing else has changed."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.nn.utils.parametrize import is_parametrized

from course_lib.algorithms import adamw, gaussian_noise, rms_norm
from course_lib.training import ablation, plugins
from course_lib.training.ablation import KINDS, Ablation, ablate, final_accuracy, without
from course_lib.training.fit import Recipe, fit
from course_lib.training.histories import Watcher
from course_lib.training.norm_modules import Norm
from course_lib.training.recipe import no_augment, plain_cross_entropy
from tests.training.made import DATA, small_cnn


class Rich(nn.Module):
    """Every kind of norm and dropout, at the top and nested; weight norm on two layers."""

    def __init__(self, channels, classes):
        super().__init__()
        self.first = nn.Sequential(
            parametrizations.weight_norm(nn.Conv2d(channels, 4, 3)),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Dropout2d(0.3),
        )
        self.middle = nn.ModuleList(
            [nn.GroupNorm(2, 4), Norm(rms_norm, 4), nn.Dropout(0.4), nn.AlphaDropout(0.1)]
        )
        self.norm = nn.InstanceNorm2d(4, affine=True)
        self.last = nn.Sequential(nn.Flatten(), nn.LayerNorm(144), nn.Linear(144, classes))

    def forward(self, x):
        x = self.first(x)
        for layer in self.middle:
            x = layer(x)
        return self.last(self.norm(x))


def sgd(model, lr=0.5, weight_decay=0.02):
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=weight_decay)


RICH = Recipe(
    build_model=Rich,
    initialize="he_normal",
    build_optimizer=sgd,
    schedule="one_cycle",
    loss="label_smoothing",
    augment=(partial(gaussian_noise, sigma=0.05), "mixup"),
    batch_size=20,
)


def built(recipe, seed=0):
    torch.manual_seed(seed)
    model = recipe.build_model(1, 4)
    plugins.initialize(recipe.initialize, model, np.random.default_rng(seed))
    return model


def layers(model, kinds):
    return [module for module in model.modules() if isinstance(module, kinds)]


NORMS = (nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d, nn.LayerNorm, Norm)
DROPOUTS = (nn.Dropout, nn.Dropout2d, nn.AlphaDropout)


def test_without_initialization_the_weights_are_torchs_own():
    plain = built(without(RICH, "initialization"))
    conv, linear = layers(plain, nn.Conv2d)[0], layers(plain, nn.Linear)[0]
    # torch draws from U(±1/√fan_in); He's normal numbers reach beyond that
    for layer, fan_in in ((conv, 9), (linear, 144)):
        assert layer.weight.abs().max() <= fan_in**-0.5 + 1e-6
        assert layer.bias.abs().max() > 0
    assert built(RICH).last[2].weight.abs().max() > 144**-0.5
    assert layers(plain, NORMS) and without(RICH, "initialization").loss == RICH.loss


def test_what_a_model_initializes_in_its_own_constructor_is_undone():
    def build(channels, classes):
        model = small_cnn(channels, classes)
        nn.init.constant_(model[0].weight, 7.0)
        return model

    assert built(without(Recipe(build_model=build), "initialization"))[0].weight.abs().max() < 1


def test_without_normalization_no_norm_and_no_parametrization_is_left():
    model = built(without(RICH, "normalization"))
    assert not layers(model, NORMS)
    assert not any(is_parametrized(module) for module in model.modules())
    assert len(layers(model, nn.Identity)) == 5
    x = torch.randn(3, 1, 8, 8)
    # with dropout off the net is homogeneous but for the biases: a norm would not pass the scale on
    model.eval()
    for layer in layers(model, (nn.Conv2d, nn.Linear)):
        nn.init.zeros_(layer.bias)
    torch.testing.assert_close(model(3 * x), 3 * model(x))


@pytest.mark.parametrize("kinds", [("initialization",), ("normalization",), ("regularization",), KINDS])
def test_the_layers_that_stay_keep_their_shapes(kinds):
    def shapes(model):
        return [tuple(layer.weight.shape) for layer in layers(model, (nn.Conv2d, nn.Linear))]

    assert shapes(built(without(RICH, *kinds))) == shapes(built(RICH)) == [(4, 1, 3, 3), (4, 144)]


def test_without_regularization_nothing_holds_the_net_back():
    recipe = without(RICH, "regularization")
    model = built(recipe)
    assert len(layers(model, DROPOUTS)) == 3 and {layer.p for layer in layers(model, DROPOUTS)} == {0.0}
    optimizer = plugins.build_optimizer(recipe.build_optimizer, model)
    assert optimizer.param_groups[0]["weight_decay"] == 0 and optimizer.param_groups[0]["momentum"] == 0.9
    assert recipe.loss is plain_cross_entropy and recipe.augment is no_augment
    assert {layer.p for layer in layers(built(RICH), DROPOUTS)} == {
        0.3,
        0.4,
        0.1,
    }  # the given one is as it was


def test_without_regularization_an_optimizer_of_the_library_loses_its_decay():
    recipe = without(
        Recipe(build_model=small_cnn, build_optimizer=partial(adamw, weight_decay=0.3)), "regularization"
    )
    model = built(recipe)
    assert plugins.build_optimizer(recipe.build_optimizer, model).param_groups[0]["weight_decay"] == 0
    before = [p.detach().clone() for p in model.parameters()]
    optimizer = plugins.build_optimizer(recipe.build_optimizer, model)
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize(
    ("optimizer", "shrink"),
    [(sgd, 0.5 * 0.02), (partial(adamw, lr=0.01, weight_decay=0.3), 0.01 * 0.3), ("adam", 0.0)],
)
def test_without_optimization_plain_descent_shrinks_weights_as_much_a_step(optimizer, shrink):
    recipe = without(
        Recipe(build_model=small_cnn, build_optimizer=optimizer, schedule="cosine"), "optimization"
    )
    assert recipe.schedule is None
    model = built(recipe)
    plain = plugins.build_optimizer(recipe.build_optimizer, model)
    assert type(plain) is torch.optim.SGD and plain.param_groups[0]["momentum"] == 0
    assert plain.param_groups[0]["lr"] == ablation.PLAIN_RATE
    before = model[0].weight.detach().clone()
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    plain.step()
    torch.testing.assert_close(model[0].weight.detach(), (1 - shrink) * before)


def test_without_optimization_groups_keep_their_own_decay():
    def groups(model):
        weights = [{"params": model[0].parameters(), "weight_decay": 0.0}, {"params": model[5].parameters()}]
        return torch.optim.AdamW(weights, lr=0.01, weight_decay=0.5)

    recipe = without(Recipe(build_model=small_cnn, build_optimizer=groups), "optimization")
    decays = [
        g["weight_decay"] for g in plugins.build_optimizer(recipe.build_optimizer, built(recipe)).param_groups
    ]
    assert decays == [0.0, pytest.approx(0.01 * 0.5 / ablation.PLAIN_RATE)]


def test_kinds_add_up_in_any_order_and_unknown_ones_are_refused():
    for kinds in (KINDS, KINDS[::-1]):
        recipe = without(RICH, *kinds)
        model = built(recipe)
        optimizer = plugins.build_optimizer(recipe.build_optimizer, model)
        assert not layers(model, NORMS) and optimizer.param_groups[0]["weight_decay"] == 0
        assert recipe.schedule is None and recipe.loss is plain_cross_entropy
        fit(recipe, DATA, epochs=1, watchers=())
    with pytest.raises(ValueError, match=r"initialization.*'norm'"):
        without(RICH, "norm")


def test_ablate_trains_each_part_on_each_seed():
    recipe = Recipe(build_model=small_cnn, build_optimizer=partial(adamw, lr=0.02), batch_size=20)
    found = ablate(recipe, DATA, seeds=(0, 1), epochs=2, parts=("optimization", "all"), progress=False)
    assert list(found.accuracy) == ["", "optimization", "all"] and found.epochs == 2
    assert all(len(values) == 2 for values in found.accuracy.values())
    again = fit(recipe, DATA, epochs=2, seed=1, watchers=())
    assert found.accuracy[""][1] == again.history.val_accuracy[-1]
    assert found.brought("optimization") == found.mean() - found.mean("optimization")


def test_runs_that_are_done_are_not_repeated(monkeypatch):
    recipe = Recipe(build_model=small_cnn, batch_size=20)
    done = fit(recipe, DATA, epochs=1, watchers=())
    trained = []

    def counting(recipe, data, *, seed, **options):
        trained.append(seed)
        return fit(recipe, data, seed=seed, **options)

    monkeypatch.setattr(ablation, "fit", counting)
    found = ablate(recipe, DATA, seeds=(0, 1), epochs=1, parts=(), done=[done], progress=False)
    assert trained == [1] and found.accuracy[""][0] == done.history.val_accuracy[-1]
    ablate(recipe, DATA, epochs=2, parts=(), done=[done], progress=False)  # another length
    assert trained == [1, 0]
    done.stopped = "interrupted"
    ablate(recipe, DATA, epochs=1, parts=(), done=[done], progress=False)
    assert trained == [1, 0, 0]


def test_a_recipe_may_be_taken_apart_by_hand():
    other = Recipe(build_model=small_cnn, initialize="zeros_init")
    recipe = Recipe(build_model=small_cnn)
    found = ablate(recipe, DATA, epochs=1, parts=(), removed={"normalization": other}, progress=False)
    assert list(found.accuracy) == ["", "normalization"]
    assert found.accuracy["normalization"] == [
        fit(other, DATA, epochs=1, watchers=()).history.val_accuracy[-1]
    ]


def test_an_interrupt_keeps_the_trainings_that_are_complete(monkeypatch):
    class Stops(Watcher):
        def on_epoch(self, history):
            raise KeyboardInterrupt

    calls = []

    def interrupted(recipe, data, *, watchers, **options):
        calls.append(1)
        return fit(recipe, data, watchers=(*watchers, Stops()) if len(calls) == 2 else watchers, **options)

    monkeypatch.setattr(ablation, "fit", interrupted)
    found = ablate(Recipe(build_model=small_cnn), DATA, epochs=2, progress=False)
    assert list(found.accuracy) == [""] and len(found.accuracy[""]) == 1 and len(calls) == 2


def test_a_training_that_diverges_counts_as_chance():
    recipe = Recipe(build_model=small_cnn, build_optimizer=partial(torch_sgd, lr=1e30))
    run = fit(recipe, DATA, epochs=1, watchers=())
    assert run.stopped == "diverged" and final_accuracy(run, DATA) == 1 / 4
    found = ablate(recipe, DATA, epochs=1, parts=("optimization",), progress=False)
    assert found.accuracy[""] == [0.25] and found.brought("optimization") < 0.25


def torch_sgd(model, lr):
    return torch.optim.SGD(model.parameters(), lr=lr)


def test_the_bar_goes_to_standard_output(capsys):
    recipe = Recipe(build_model=small_cnn)
    done = fit(recipe, DATA, epochs=1, watchers=())
    ablate(recipe, DATA, epochs=1, parts=("all",), done=[done])
    said = capsys.readouterr()
    assert "100%" in said.out and not said.err


def test_means_are_over_seeds():
    found = Ablation({"": [0.8, 0.9], "normalization": [0.9, 0.9]}, 15)
    assert found.mean() == pytest.approx(0.85) and found.brought("normalization") == pytest.approx(-0.05)
