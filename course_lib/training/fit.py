"""The course's training loop: a recipe, a data set, at most 15 epochs.

    run = fit(Recipe(initialize="he_normal"), data, seed=0)
    run.history.val_accuracy, run.use_best()

What is fast about it stands in `speed` and `batched`, what may stand in a recipe in `recipe`, what comes
back in `runs`.
"""

import copy

import numpy as np

from course_lib.messages import t
from course_lib.training import chance, divergence, plugins, speed
from course_lib.training.batched import Data, tensors
from course_lib.training.histories import History, Watcher
from course_lib.training.loop import Loop
from course_lib.training.progress import ProgressBar
from course_lib.training.recipe import Recipe
from course_lib.training.runs import Run

__all__ = ["MAX_EPOCHS", "Data", "History", "ProgressBar", "Recipe", "Run", "Watcher", "fit", "resume"]

MAX_EPOCHS = 15


def fit(
    recipe, data, *, epochs=MAX_EPOCHS, seed=0, watchers=None, threads=None, channels_last=True, bf16=None
):
    """Train a new model by a recipe; a seed repeats a run exactly on one machine.

    recipe: Recipe. data: Data, or what has its names. epochs: 1 … 15. seed: of everything that is random.
    watchers: told of every step (a progress bar if None; () for silence). threads, channels_last, bf16: as
    for `speed.choose`. Python's, NumPy's and torch's own generators are seeded and put back afterwards.

    An interrupt ends the training and keeps what it has; so does a loss or gradient that is not finite, which
    is diagnosed: see `Run.stopped`, `Run.message`. Returns a Run.
    Raises ValueError for a 16th epoch, and ValueError, TypeError, KeyError for what cannot be trained.
    """
    _check(epochs=epochs, batch_size=recipe.batch_size)
    settings, data = speed.choose(threads=threads, channels_last=channels_last, bf16=bf16), tensors(data)
    with chance.untouched(), speed.using_threads(settings.threads):
        chance.sow(seed)
        build, _ = plugins.chosen("build_model", recipe.build_model)
        model = build(data.x_train.shape[1], data.classes)
        # initial weights and the order of batches are separate streams of chance
        plugins.initialize(recipe.initialize, model, np.random.default_rng([seed, 1]))
        model = settings.lay(model)
        optimizer = plugins.build_optimizer(recipe.build_optimizer, model)
        run = Run(recipe, seed, epochs, model, optimizer, np.random.default_rng(seed), settings)
        run.first_norms, run.best = divergence.norms(model), copy.deepcopy(model.state_dict())
        return _train(run, data, watchers)


def resume(run, data, *, epochs=MAX_EPOCHS, watchers=None):
    """Go on after the last complete epoch, exactly as if there had been no break; the same Run is carried on.

    data: as for `fit`. epochs: in all, those done included. A schedule that depends on the total follows the
    new one. Raises ValueError where nothing is left to do, for a 16th epoch, and after a divergence.
    """
    _check(epochs=epochs, batch_size=run.recipe.batch_size)
    if run.stopped == "diverged":
        raise ValueError(t("fit.resume_diverged"))
    if epochs <= run.history.epochs:
        raise ValueError(t("fit.nothing_left", done=run.history.epochs, epochs=epochs, limit=MAX_EPOCHS))
    with chance.untouched(), speed.using_threads(run.speed.threads):
        run.go_back()
        chance.restore(run.last["chance"])
        run.epochs, run.stopped = epochs, ""
        return _train(run, tensors(data), watchers)


def _check(**counts):
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(t("fit.whole", arg=name, got=repr(value)))
    if counts["epochs"] > MAX_EPOCHS:
        raise ValueError(t("fit.too_many", got=counts["epochs"], limit=MAX_EPOCHS))


def _train(run, data, watchers):
    """Epoch by epoch to the end, an interrupt, or a divergence."""
    watchers = (ProgressBar(),) if watchers is None else watchers
    if not run.last:
        run.remember()
    loop = Loop(run, data)
    done = run.history.epochs
    plan = {"steps": loop.steps * run.epochs, "done": loop.steps * done, "epochs": run.epochs}
    for watcher in watchers:
        watcher.on_start(run.history, **plan)
    try:
        for epoch in range(done, run.epochs):
            loop.epoch(epoch, watchers)
            for watcher in watchers:
                watcher.on_epoch(run.history)
    except KeyboardInterrupt:
        run.stopped = "interrupted"
        run.go_back()
    except divergence.NotFinite as failure:
        run.stopped = "diverged"
        run.diagnosis = divergence.diagnose(
            run.model, loop.forward, loop.loss, failure, run.history, run.first_norms, epoch=epoch
        )
    for watcher in watchers:
        watcher.on_end(run.history, run.message)
    return run
