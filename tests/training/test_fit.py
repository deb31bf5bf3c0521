"""The loop: limits, repeats, interrupts, resumes, speed settings, and what it shows."""

import io
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.algorithms import adamw, cosine, gaussian_noise, mixup
from course_lib.messages import LANGUAGES, speaking
from course_lib.training import speed
from course_lib.training.fit import MAX_EPOCHS, Data, ProgressBar, Recipe, Watcher, fit, resume
from course_lib.viz.live_curves import LiveCurves, curves_picture
from tests.training.made import DATA, small_cnn

RICH = Recipe(
    build_model=small_cnn,
    initialize="he_normal",
    build_optimizer=partial(adamw, lr=0.02),
    schedule="one_cycle",
    loss="label_smoothing",
    augment=(partial(gaussian_noise, sigma=0.05), partial(mixup, alpha=0.2)),
    batch_size=32,
)
quiet = partial(fit, watchers=())


class StopsAt(Watcher):
    """Interrupts as a learner does: at a step, in the middle of an epoch."""

    def __init__(self, steps):
        self.steps = steps

    def on_step(self, history):
        if len(history.step_loss) == self.steps:
            raise KeyboardInterrupt


def same(run, other):
    numbers = ("train_loss", "val_loss", "val_accuracy", "rate", "step_loss", "step_rate", "step_norm")
    weights = zip(run.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    return all(getattr(run.history, n) == getattr(other.history, n) for n in numbers) and all(
        torch.equal(a, b) for a, b in weights
    )


@pytest.fixture(scope="module")
def whole():
    return quiet(RICH, DATA, epochs=4, seed=3)


def test_it_learns_and_counts(whole):
    history = whole.history
    assert history.val_accuracy[-1] > 0.9 and history.epochs == 4 and whole.stopped == "" == whole.message
    lists = (history.train_loss, history.train_accuracy, history.val_loss, history.rate, history.seconds)
    assert all(len(values) == 4 for values in lists) and min(history.seconds) > 0
    # 140 pictures in batches of 28, five an epoch
    assert history.samples == 4 * 140
    assert len(history.step_loss) == len(history.step_rate) == len(history.step_norm) == 4 * 5


def test_the_default_recipe_trains():
    x = np.repeat(np.repeat(DATA.x_train, 2, 2), 2, 3)
    run = quiet(Recipe(), Data(x, DATA.y_train, x[:20], DATA.y_train[:20]), epochs=2)
    assert run.history.train_loss[1] < run.history.train_loss[0] and set(run.history.step_rate) == {0.05}


def test_a_seed_repeats_a_run_exactly(whole):
    assert same(whole, quiet(RICH, DATA, epochs=4, seed=3))
    assert not same(whole, quiet(RICH, DATA, epochs=4, seed=4))


def test_a_learners_own_draws_repeat_too_and_leave_no_trace():
    def noisy(x, y):
        return x + 0.1 * torch.randn(x.shape) * float(np.random.rand()), y  # noqa: NPY002

    recipe = Recipe(build_model=small_cnn, augment=noisy)
    torch.manual_seed(11)
    state = torch.get_rng_state()
    first = quiet(recipe, DATA, epochs=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert same(first, quiet(recipe, DATA, epochs=1))


def test_history_is_measured_as_documented(whole):
    model, data = whole.model.eval(), DATA
    unit = torch.from_numpy(data.x_train) / 255
    x = (torch.from_numpy(data.x_val) / 255 - unit.mean()) / unit.std()
    with torch.no_grad(), whole.speed.precision():
        scores = model(x).float()
    y = torch.from_numpy(data.y_val)
    assert whole.history.val_loss[-1] == pytest.approx(
        float(nn.functional.cross_entropy(scores, y)), rel=2e-3
    )
    assert whole.history.val_accuracy[-1] == float((scores.argmax(1) == y).double().mean())


def test_a_sixteenth_epoch_is_refused_with_the_reason(whole):
    for call in (lambda: quiet(RICH, DATA, epochs=16), lambda: resume(whole, DATA, epochs=16)):
        with pytest.raises(ValueError, match=r"at most 15 epochs, got 16; .* same amount of training"):
            call()
    assert MAX_EPOCHS == 15
    with pytest.raises(ValueError, match="4 epochs are done"):
        resume(whole, DATA, epochs=4)
    with pytest.raises(ValueError, match="whole number ≥ 1, got 0"):
        quiet(RICH, DATA, epochs=0)


def test_more_pictures_than_the_epoch_has_are_refused():
    recipe = Recipe(build_model=small_cnn, augment=lambda x, y: (torch.cat([x, x]), torch.cat([y, y])))
    with pytest.raises(ValueError, match=r"no more than the 28 images.*got 56 images"):
        quiet(recipe, DATA, epochs=1)


@pytest.mark.parametrize(
    "optimizer", [RICH.build_optimizer, lambda m: torch.optim.AdamW(m.parameters(), 0.02)]
)
def test_an_interrupt_keeps_what_there_is_and_a_resume_ends_the_same(optimizer):
    recipe = Recipe(**{**vars(RICH), "build_optimizer": optimizer})
    uninterrupted = quiet(recipe, DATA, epochs=4, seed=3)
    run = fit(recipe, DATA, epochs=4, seed=3, watchers=[StopsAt(13)])
    assert run.stopped == "interrupted" and "after 2 of 4 epochs" in run.message
    assert run.history.epochs == 2 and len(run.history.step_loss) == 10 and run.history.samples == 2 * 140
    assert run.history.val_loss == uninterrupted.history.val_loss[:2]
    run.use_best()  # looking at the best weights does not disturb the resume
    assert resume(run, DATA, epochs=4, watchers=()) is run
    assert same(run, uninterrupted) and run.stopped == "" and run.history.samples == 4 * 140


def test_an_interrupt_before_the_first_epoch_ends():
    run = fit(RICH, DATA, epochs=2, seed=3, watchers=[StopsAt(2)])
    assert run.history.epochs == 0 and run.history.best_epoch is None and run.best
    assert same(resume(run, DATA, epochs=2, watchers=()), quiet(RICH, DATA, epochs=2, seed=3))


def test_the_best_weights_are_those_of_the_best_epoch():
    kept = []

    class Keeps(Watcher):
        def on_epoch(self, history):
            kept.append({k: v.clone() for k, v in model.state_dict().items()})

    def build(channels, classes):
        nonlocal model
        model = small_cnn(channels, classes)
        return model

    model = None
    # the rate flies up in the end, and so the last epoch is not the best
    recipe = Recipe(build_model=build, schedule=lambda step, total: 0.1 if step < 0.7 * total else 30.0)
    run = fit(recipe, DATA, epochs=4, watchers=[Keeps()])
    best = run.history.best_epoch
    assert best < 3 and run.history.val_accuracy[best] == max(run.history.val_accuracy)
    run.use_best()
    assert all(torch.equal(v, kept[best][k]) for k, v in run.model.state_dict().items())


def test_what_a_watcher_raises_comes_through():
    class Breaks(Watcher):
        def on_epoch(self, history):
            raise RuntimeError("broken picture")

    with pytest.raises(RuntimeError, match="broken picture"):
        fit(RICH, DATA, epochs=1, watchers=[Breaks()])


def test_threads_and_precision_by_rule():
    before = torch.get_num_threads()
    settings = speed.choose()
    assert 1 <= settings.threads <= before and settings == speed.choose()
    assert settings.bf16 == speed.native_bf16() and isinstance(settings.bf16, bool)
    with speed.using_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    with pytest.raises(ValueError, match="got 0"):
        speed.choose(threads=0)


@pytest.mark.parametrize("bf16", [False, True])
def test_layout_and_precision_reach_the_model(bf16):
    seen = []

    class Looks(nn.Conv2d):
        def forward(self, x):
            out = super().forward(x)
            seen.append((out.dtype, out.is_contiguous(memory_format=torch.channels_last)))
            return out

    def build(channels, classes):
        return nn.Sequential(Looks(channels, 4, 3), nn.Flatten(), nn.Linear(4 * 36, classes))

    run = quiet(Recipe(build_model=build), DATA, epochs=1, bf16=bf16)
    assert set(seen) == {(torch.bfloat16 if bf16 else torch.float32, True)}
    assert all(p.dtype == torch.float32 for p in run.model.parameters())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x_val": DATA.x_val[:, 0]}, r"x_val must be \(N, C, H, W\)"),
        ({"y_train": DATA.y_train[:-1]}, r"y_train \(N,\), got"),
        ({"y_train": DATA.y_train / 2}, "whole-number labels.*float64"),
        ({"y_val": DATA.y_val - 1}, "smallest value -1"),
    ],
)
def test_data_that_do_not_fit(changes, reason):
    with pytest.raises(ValueError, match=reason):
        quiet(RICH, DATA._replace(**changes), epochs=1)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_bar_shows_the_time_left_and_why_it_stopped(lang):
    with speaking(lang):
        page = io.StringIO()
        run = fit(RICH, DATA, epochs=3, watchers=[ProgressBar(page), StopsAt(12)])
        text = page.getvalue()
        assert run.message in text
    assert {"ko": "남은 시간", "en": " left"}[lang] in text
    assert {"ko": "에포크 2, 검증 정확도", "en": "epoch 2, validation accuracy"}[lang] in text


def test_without_watchers_a_bar_is_shown_on_standard_output(capsys):
    fit(RICH, DATA, epochs=1)
    shown = capsys.readouterr()
    assert "100% |" in shown.out and not shown.err


@pytest.mark.parametrize("lang", LANGUAGES)
def test_live_curves_draw_and_end_as_a_picture(lang, whole):
    with speaking(lang):
        curves, values = LiveCurves(every=0.0), []

        class Looks(Watcher):
            def on_epoch(self, history):
                values.append(curves._image.value)

        run = fit(RICH, DATA, epochs=3, watchers=[curves, Looks()])
        assert f"{run.history.val_accuracy[-1]:.1%}" in curves._told.value
        assert len(set(values)) == 3 and all(bytes(png[:4]) == b"\x89PNG" for png in values)
        last = curves_picture(run.history, epochs=3)
        assert (
            curves._image.value == last.png == values[-1]
            and f"{run.history.val_accuracy[-1]:.1%}" in last.alt
        )


def test_live_curves_are_not_drawn_more_often_than_asked():
    curves = LiveCurves(every=3600)
    drawn = []

    class Looks(Watcher):
        def on_epoch(self, history):
            drawn.append(curves._image.value)

    fit(RICH, DATA, epochs=3, watchers=[curves, Looks()])
    assert len(set(drawn)) == 1 and curves._image.value != drawn[0]


def test_a_schedule_of_the_total_follows_a_resume():
    recipe = Recipe(build_model=small_cnn, schedule=partial(cosine, peak=0.1), batch_size=28)
    run = quiet(recipe, DATA, epochs=1)
    resume(run, DATA, epochs=2, watchers=())
    assert run.history.step_rate[5:] == [cosine(step, total=10, peak=0.1) for step in range(5, 10)]
