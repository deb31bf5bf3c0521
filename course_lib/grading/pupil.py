"""Answers in the box of the assignment: trains with the learner's functions on the batches that come.

It holds no pictures but those sent, no labels of the test, and does not learn how many epochs are left. A
learner's code may take it over: then it can hand in other predictions and tell other numbers about itself,
nothing else.
"""

import math
import time
import traceback

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.assessment.audit import measure
from course_lib.assessment.audit.beginning import measure_beginning
from course_lib.grading import wire
from course_lib.messages import set_language
from course_lib.training import chance, divergence, plugins, speed
from course_lib.training.batched import Data, Tensors, unit
from course_lib.training.loop import Loop
from course_lib.training.recipe import Recipe
from course_lib.training.runs import Run

PARTS = ("build_model", "initialize", "build_optimizer", "schedule", "loss", "augment")


def serve(settings, names, execute):
    """Answer the driver's requests, one after the other.

    names: those that cells find and leave. execute(request, names): the runner's, for a cell.
    """
    channel, pupil = wire.Channel(settings["reading"], settings["writing"]), Pupil(names)
    channel.send("ready")
    while True:
        request = channel.receive()
        if request.kind == "cell":
            channel.send(*execute(request, names))
        else:
            channel.send(*_answer(pupil, request))


def _answer(pupil, request):
    try:
        return "done", request.token, getattr(pupil, request.kind)(**request.value)
    except divergence.NotFinite as failure:
        return "diverged", request.token, pupil.diagnosed(failure)
    except BaseException as error:  # exit() too: the driver hears of it, and decides
        return "raised", request.token, _told(error)


def _told(error):
    """What was raised, and the learner's line from which it came."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("<solution-")]
    cells = [(f.filename[1:-1].removeprefix("solution-"), f.lineno) for f in frames[-1:]]
    where = "".join(f" ({cell}, {line})" for cell, line in cells)
    return {"error": type(error).__name__, "text": f"{str(error)[:300]}{where}"}


class Pupil:
    """One training. names: of the learner's cells. Its methods are the requests; what they return crosses."""

    def __init__(self, names):
        self.names, self.loop, self.epoch, self.seconds = names, None, 0, dict.fromkeys(COSTLY, 0.0)

    def speak(self, lang):
        """The language of what the library says."""
        set_language(lang)
        return {"missing": ", ".join(part for part in PARTS if part not in self.names)}

    def begin(self, seed, epochs, count, channels, classes, mean, std):
        """A new model, as `fit` begins one. count: training pictures. mean, std: (1, C, 1, 1) of them."""
        settings, recipe = speed.choose(), self._recipe()
        torch.set_num_threads(settings.threads)
        chance.sow(seed)
        build, _ = plugins.chosen("build_model", recipe.build_model)
        model = build(channels, classes)
        plugins.initialize(recipe.initialize, model, np.random.default_rng([seed, 1]))
        model = settings.lay(model)
        optimizer = plugins.build_optimizer(recipe.build_optimizer, model)
        run = Run(recipe, seed, epochs, model, optimizer, np.random.default_rng(seed), settings)
        run.first_norms = divergence.norms(model)
        none = torch.zeros(count)  # the loop asks only how many there are
        sent = Tensors(none, none, none, none, classes, torch.from_numpy(mean), torch.from_numpy(std))
        self.loop = Loop(run, sent)
        return self._size()

    def train(self, epoch, x, y, sizes):
        """Steps on these batches: x (n, C, H, W) uint8, y (n,) int64, in batches of these sizes."""
        loop, self.epoch = self.loop, epoch
        loop.run.model.train()
        total, right, seen = 0.0, 0, 0
        for batch in self._batches(torch.from_numpy(x), torch.from_numpy(y), sizes):
            loss, correct, count = self._timed("step", loop.step, *batch)
            total, right, seen = total + loss * count, right + correct, seen + count
        return {"loss": total / seen, "right": right, "seen": seen}

    def passes(self, x, y, times):
        """Bare forward and backward passes with a plain loss: no optimizer, no function but the model."""
        x, y = unit(torch.from_numpy(x)), torch.from_numpy(y)
        self.loop.run.model.train()
        for _ in range(times):
            F.cross_entropy(self.loop.forward(x), y).backward()
        return None

    @torch.inference_mode()
    def predict(self, x):
        """Scores (n, classes) in float32 of pictures (n, C, H, W)."""
        self.loop.run.model.eval()
        return self.loop.forward(unit(torch.from_numpy(x))).numpy()

    def end(self):
        """How large the model has become, and the seconds that its parts took."""
        return self._size() | self.seconds

    def audit(self, x, y, seed):
        """The strategy audit's numbers. x, y: training pictures."""
        return measure(self._recipe(), _data(x, y), seed=seed)

    def beginning(self, x, y, seed):
        """The numbers of one batch."""
        return measure_beginning(self._recipe(), _data(x, y), seed=seed)

    def diagnosed(self, failure):
        """Where a number was first not finite, as plain data."""
        loop, run = self.loop, self.loop.run
        found = divergence.diagnose(
            run.model, loop.forward, loop.loss, failure, run.history, run.first_norms, epoch=self.epoch
        )
        return {**vars(found), "largest": float(found.largest)}

    def _recipe(self):
        return Recipe(**{part: self.names[part] for part in PARTS})

    def _batches(self, x, y, sizes):
        """The augmented batches, all in one call where no picture meets another, as the loop does it."""
        together = self.loop.ahead > 1
        groups = [(x, y)] if together else zip(x.split(sizes), y.split(sizes), strict=True)
        for pictures, labels in groups:
            new, target = self._timed("augment", self.loop.augment, unit(pictures), labels)
            cuts = sizes if together else len(new)
            yield from zip(new.split(cuts), target.split(cuts), strict=True)

    def _timed(self, part, function, *args):
        began = time.process_time()
        result = function(*args)
        self.seconds[part] += time.process_time() - began
        return result

    def _size(self):
        sizes = [p.numel() for p in self.loop.run.model.parameters()]
        return {"parameters": sum(sizes), "tensors": len(sizes)}


COSTLY = ("augment", "step")  # whose CPU time is told


def _data(x, y):
    """Training pictures as a data set; nothing is validated here."""
    few = math.ceil(len(y) / 100)
    return Data(x, y, x[:few], y[:few])
