"""The shipped backbone and what is built on it."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.algorithms import gd
from course_lib.data.digits import load_digits
from course_lib.training.bridge import TorchOptimizer
from course_lib.training.make_backbone import make
from course_lib.training.transfer import (
    KNOWN,
    PATH,
    as_images,
    build_backbone,
    features_of,
    freeze,
    layer_rates,
    load_backbone,
    replace_head,
    shifted,
)

UNSEEN = (7, 8, 9)


def few_shot(seed, per_class):
    """A few shifted pictures of each unseen class to learn from, and those of the validation split."""
    data, rng = load_digits(), np.random.default_rng(seed)
    places = [rng.choice(np.flatnonzero(data.y_train == c), per_class, replace=False) for c in UNSEEN]
    picked, judged = np.concatenate(places), np.isin(data.y_val, UNSEEN)
    x, x_judge = shifted(data.x_train[picked], rng=rng), shifted(data.x_val[judged], rng=rng)
    return x, data.y_train[picked] - 7, x_judge, data.y_val[judged] - 7


def accuracy_of_softmax_regression(x, y, x_judge, y_judge):
    torch.manual_seed(0)
    x, x_judge = torch.tensor(x, dtype=torch.float32), torch.tensor(x_judge, dtype=torch.float32)
    center, scale = x.mean(), x.std()
    head = nn.Linear(x.shape[1], 3)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01, weight_decay=1e-3)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(head((x - center) / scale), torch.tensor(y)).backward()
        optimizer.step()
    answers = head((x_judge - center) / scale).argmax(1).numpy()
    return np.mean(answers == y_judge)


def test_it_knows_its_digits_and_is_small():
    assert PATH.stat().st_size < 300_000
    data = load_digits()
    known = np.isin(data.y_val, KNOWN)
    with torch.no_grad():
        answers = load_backbone()(as_images(data.x_val[known])).argmax(1).numpy()
    assert np.mean(answers == data.y_val[known]) > 0.96


def test_features_beat_raw_pixels_on_digits_it_never_saw():
    model, gains = load_backbone(), []
    for seed in range(3):
        x, y, x_judge, y_judge = few_shot(seed, 5)
        raw = accuracy_of_softmax_regression(x, y, x_judge, y_judge)
        deep = accuracy_of_softmax_regression(features_of(model, x), y, features_of(model, x_judge), y_judge)
        gains.append(deep - raw)
    assert np.mean(gains) > 0.1 and min(gains) > 0


def test_the_maker_makes_the_shipped_file():
    """On another machine the training rounds differently; what it has learned must be the same."""
    data, made = load_digits(), make()
    model = build_backbone()
    model.load_state_dict({name: torch.from_numpy(value) for name, value in made.items()})
    known = np.isin(data.y_val, KNOWN)
    with torch.no_grad():
        ours, shipped = (m.eval()(as_images(data.x_val[known])).argmax(1) for m in (model, load_backbone()))
    assert float((ours == shipped).double().mean()) > 0.97
    with np.load(PATH) as stored:
        assert {name: stored[name].shape for name in stored.files} == {n: v.shape for n, v in made.items()}


def test_the_maker_sees_no_unseen_digit(monkeypatch):
    """Only pictures of 0 … 6 enter: the first batch is enough to see what `known` lets through."""
    seen = []

    def stop(x, *, rng):
        seen.append(x)
        raise InterruptedError

    monkeypatch.setattr("course_lib.training.make_backbone.shifted", stop)
    with pytest.raises(InterruptedError):
        make()
    data = load_digits()
    unseen = data.x_train[np.isin(data.y_train, UNSEEN)]
    assert len(seen[0]) == 32
    assert not any((unseen == picture).all(axis=1).any() for picture in seen[0])


def test_a_new_head_leaves_the_old_model_alone():
    old = load_backbone()
    before = {name: value.clone() for name, value in old.state_dict().items()}
    model = replace_head(old, 3, seed=0)
    assert model(as_images(load_digits().x_val[:2])).shape == (2, 3)
    assert torch.equal(model.features.conv1.weight, old.features.conv1.weight)
    with torch.no_grad():
        model.features.conv1.weight.add_(1.0)
    assert all(torch.equal(value, before[name]) for name, value in old.state_dict().items())
    again = replace_head(old, 3, seed=0)
    assert torch.equal(model.head.weight, again.head.weight)
    with pytest.raises(ValueError, match=r"'fc'.*head"):
        replace_head(old, 3, seed=0, name="fc")


def test_frozen_layers_stay_and_the_head_learns():
    data, model = load_digits(), replace_head(load_backbone(), 3, seed=0)
    freeze(model.features)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    chosen = np.isin(data.y_train, UNSEEN)
    x, y = as_images(data.x_train[chosen][:60]), torch.tensor(data.y_train[chosen][:60] - 7)
    groups = layer_rates(model, lr=0.1)
    assert [group["name"] for group in groups] == ["head"] and groups[0]["lr"] == 0.1
    optimizer = TorchOptimizer(groups, gd)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) == name.startswith("features")


def test_a_frozen_norm_keeps_its_statistics():
    norm = freeze(nn.BatchNorm1d(3))
    norm(torch.randn(20, 3) + 5)
    assert torch.equal(norm.running_mean, torch.zeros(3))


def test_rates_fall_towards_the_input():
    model = build_backbone()
    groups = layer_rates(model, lr=1.0, decay=0.5)
    assert [g["name"] for g in groups] == ["features.conv1", "features.conv2", "features.conv3", "head"]
    assert [g["lr"] for g in groups] == [0.125, 0.25, 0.5, 1.0]
    assert sum(p.numel() for g in groups for p in g["params"]) == sum(p.numel() for p in model.parameters())
    # frozen layers are left out, and the others keep their rates
    freeze(model.features.conv2)
    assert [g["lr"] for g in layer_rates(model, lr=1.0, decay=0.5)] == [0.125, 0.5, 1.0]


def test_bad_rates_are_refused():
    model = build_backbone()
    with pytest.raises(ValueError, match=r"lr=0.1, decay=0\b"):
        layer_rates(model, lr=0.1, decay=0)
    with pytest.raises(ValueError, match=r"all are frozen.*replace_head"):
        layer_rates(freeze(model), lr=0.1)


def test_pictures_move_by_a_pixel_and_keep_what_stays_inside():
    x = np.zeros((200, 64), dtype=np.float32)
    x[:, 27] = 1.0  # row 3, column 3
    moved = shifted(x, rng=np.random.default_rng(0))
    assert moved.shape == x.shape and moved.dtype == np.float32
    places = {divmod(int(i), 8) for i in moved.argmax(axis=1)}
    assert places == {(r, c) for r in (2, 3, 4) for c in (2, 3, 4)}
    assert np.all(moved.sum(axis=1) == 1)
