"""A loss or gradient that is not finite stops the training; the diagnosis names place and cause."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.messages import LANGUAGES, speaking
from course_lib.training.fit import ProgressBar, Recipe, fit, resume
from tests.training.made import DATA


def net(channels, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, classes))


class Layer(nn.Module):
    """One formula as a layer."""

    def __init__(self, formula):
        super().__init__()
        self.formula = formula

    def forward(self, x):
        return self.formula(x)


def with_layer(formula):
    return lambda channels, classes: nn.Sequential(*net(channels, classes), Layer(formula))


def huge(model):
    for p in model.parameters():
        nn.init.constant_(p, 1e30)


def broken(model):
    nn.init.constant_(model[3].bias, math.nan)


def sgd(lr):
    return lambda model: torch.optim.SGD(model.parameters(), lr=lr)


def unstable(scores, y):
    return -torch.log(F.one_hot(scores.argmax(1), 4) * F.softmax(scores, 1))[torch.arange(len(y)), y].mean()


def lost_pixel(x, y):
    x[3, 0, 2, 2] = math.nan
    return x, y


CASES = {
    "rate": ({"build_optimizer": sgd(1e6)}, {"cause": "rate"}, "learning rate"),
    "update": ({"build_optimizer": sgd(math.inf)}, {"cause": "rate", "where": "weight"}, "learning rate"),
    "initialization": ({"initialize": huge}, {"cause": "initialization", "step": 0}, "initialization"),
    "weight": (
        {"initialize": broken},
        {"cause": "initialization", "where": "weight", "layer": "3.bias"},
        "3.bias",
    ),
    "augment": ({"augment": lost_pixel}, {"cause": "augment", "where": "input"}, "images"),
    "loss": ({"loss": unstable}, {"cause": "loss", "where": "loss"}, "formula in loss"),
    "output": (
        {"build_model": with_layer(lambda x: x / 0)},
        {"cause": "formula", "where": "output", "layer": "4", "step": 0},
        "layer 4",
    ),
    "gradient": (
        # the root's value at zero is fine, its derivative is not
        {"build_model": with_layer(lambda x: x + torch.sqrt(x * 0))},
        {"cause": "formula", "where": "gradient", "layer": "3.bias"},
        "gradient of 3.bias",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_diagnosis_names_place_and_cause(name):
    changes, expected, words = CASES[name]
    run = fit(Recipe(**{"build_model": net, **changes}), DATA, epochs=3, watchers=())
    assert run.stopped == "diverged"
    assert {key: getattr(run.diagnosis, key) for key in expected} == expected
    assert words in run.message and run.message == run.diagnosis.text
    for lang in LANGUAGES:
        with speaking(lang):
            assert len(run.message) > 80


def test_a_divergence_keeps_the_history_and_the_best_weights(capsys):
    # healthy for two epochs; then the rate flies away
    recipe = Recipe(build_model=net, schedule=lambda step, total: 0.1 if step < 10 else 1e38)
    run = fit(recipe, DATA, epochs=4, watchers=[ProgressBar()])
    assert run.history.epochs == 2 and run.diagnosis.epoch == 2 and run.diagnosis.cause == "rate"
    assert run.diagnosis.rate == 1e38 and run.diagnosis.step == len(run.history.step_loss) - 1
    assert all(torch.isfinite(v).all() for v in run.use_best().state_dict().values())
    assert run.message in capsys.readouterr().out
    with pytest.raises(ValueError, match="would diverge again"):
        resume(run, DATA, watchers=())


def test_a_functional_formula_is_found_between_the_layers():
    class Own(nn.Module):
        def __init__(self, classes):
            super().__init__()
            self.linear = nn.Linear(64, classes)

        def forward(self, x):
            return torch.log(self.linear(x.flatten(1)) * 0)

    run = fit(Recipe(build_model=lambda c, k: Own(k)), DATA, epochs=1, watchers=())
    assert run.diagnosis.where == "scores" and "between the layers" in run.message
