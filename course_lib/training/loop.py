"""The inside of `fit`: batches, updates, validation."""

import copy
import math
import time

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.messages import t
from course_lib.training import plugins
from course_lib.training.batched import unit
from course_lib.training.divergence import NotFinite

AHEAD = 8  # batches that are augmented at once: it costs little more than one


class Loop:
    """The steps of one run on one data set."""

    def __init__(self, run, data):
        self.run, self.data, recipe = run, data, run.recipe
        self.steps = math.ceil(len(data.y_train) / recipe.batch_size)
        self.loss = plugins.loss(recipe.loss, run.model, data.classes)
        self.augment = plugins.augment(recipe.augment, data.classes, run.rng)
        self.ahead = AHEAD if plugins.each_alone(recipe.augment) else 1
        self.set_rates = plugins.schedule(recipe.schedule, run.optimizer, self.steps * run.epochs)

    def forward(self, x):
        """Scores (N, classes) of pictures in [0, 1], in float32."""
        x = self.run.speed.lay(self.data.standardized(x))
        with self.run.speed.precision():
            scores = self.run.model(x)
        if scores.shape != (len(x), self.data.classes):
            want = (len(x), self.data.classes)
            raise ValueError(t("fit.scores", want=want, got=tuple(scores.shape)))
        return scores.float()

    def epoch(self, epoch, watchers):
        """One pass over the training pictures in batches of nearly equal size, and the validation."""
        start, run = time.perf_counter(), self.run
        run.model.train()
        order = torch.from_numpy(run.rng.permutation(len(self.data.y_train)))
        total_loss, right, seen = 0.0, 0, 0
        for x, y in self.batches(order.tensor_split(self.steps)):
            loss, correct, count = self.step(x, y)
            total_loss, right, seen = total_loss + loss * count, right + correct, seen + count
            for watcher in watchers:
                watcher.on_step(run.history)
        val_loss, val_accuracy = self.validate()
        history = run.history
        history.train_loss.append(total_loss / seen)
        history.train_accuracy.append(right / seen)
        history.val_loss.append(val_loss)
        history.rate.append(history.step_rate[-1])
        history.seconds.append(time.perf_counter() - start)
        history.val_accuracy.append(val_accuracy)
        if history.best_epoch == epoch:
            run.best = copy.deepcopy(run.model.state_dict())
        run.remember()

    def batches(self, places):
        """The augmented batches (x, y) at these places, several at once where no picture meets another."""
        for start in range(0, len(places), self.ahead):
            group = places[start : start + self.ahead]
            where = torch.cat(group)
            x, y = self.augment(unit(self.data.x_train[where]), self.data.y_train[where])
            sizes = list(map(len, group)) if self.ahead > 1 else len(x)
            yield from zip(x.split(sizes), y.split(sizes), strict=True)

    def step(self, x, y):
        """One update. Returns the batch's mean loss, its right answers, and its size."""
        run, history = self.run, self.run.history
        history.step_rate.append(self.set_rates(len(history.step_rate)))
        seen = []

        def closure():
            before = torch.get_rng_state()
            run.optimizer.zero_grad()
            scores = self.forward(x)
            loss = self.loss(scores, y)
            loss.backward()
            history.samples += len(x)
            value, norm = loss.item(), _gradient_norm(run.model)
            if not seen:
                labels = y if y.ndim == 1 else y.argmax(1)
                seen.append((value, norm, int((scores.argmax(1) == labels).sum())))
            if not (math.isfinite(value) and math.isfinite(norm)):
                raise NotFinite(x, y, before)
            return loss

        try:
            run.optimizer.step(closure)
        finally:
            if seen:
                history.step_loss.append(seen[0][0])
                history.step_norm.append(seen[0][1])
        loss, _, right = seen[0]
        return loss, right, len(x)

    @torch.inference_mode()
    def validate(self, size=512):
        """Plain cross-entropy and accuracy on the validation pictures."""
        self.run.model.eval()
        loss, right = 0.0, 0
        for x, y in zip(self.data.x_val.split(size), self.data.y_val.split(size), strict=True):
            scores = self.forward(unit(x))
            loss += float(F.cross_entropy(scores, y, reduction="sum"))
            right += int((scores.argmax(1) == y).sum())
        return loss / len(self.data.y_val), right / len(self.data.y_val)


def _gradient_norm(model):
    return float(nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None]))
