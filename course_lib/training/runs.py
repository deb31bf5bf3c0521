"""What `fit` gives back, with everything that is needed to go on."""

import copy
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from course_lib.messages import t
from course_lib.training import chance
from course_lib.training.divergence import Diagnosis
from course_lib.training.histories import History
from course_lib.training.recipe import Recipe
from course_lib.training.speed import Speed


@dataclass(eq=False)
class Run:
    """A training that is done, or `stopped`: "interrupted", or "diverged", with a diagnosis.

    model: with its latest weights; after an interrupt those after the last complete epoch; after a
    divergence as it was found. best: the weights after the epoch of the highest validation accuracy.
    epochs: how many were planned. speed: threads, layout and precision it ran with.
    """

    recipe: Recipe
    seed: int
    epochs: int
    model: nn.Module
    optimizer: torch.optim.Optimizer = field(repr=False)
    rng: np.random.Generator = field(repr=False)
    speed: Speed
    history: History = field(default_factory=History, repr=False)
    best: dict = field(default_factory=dict, repr=False)
    stopped: str = ""
    diagnosis: Diagnosis | None = None
    first_norms: dict = field(default_factory=dict, repr=False)
    last: dict = field(default_factory=dict, repr=False)

    @property
    def message(self) -> str:
        """Why it stopped early, in the current language; "" if it did not."""
        if self.stopped == "interrupted":
            return t("fit.interrupted", done=self.history.epochs, epochs=self.epochs)
        return self.diagnosis.text if self.diagnosis else ""

    def use_best(self) -> nn.Module:
        """Put the best weights into the model, and return it. A later `resume` goes on from the latest."""
        self.model.load_state_dict(self.best)
        return self.model

    def remember(self):
        """Everything that a resume needs, as one value, so that an interrupt finds the old or the new."""
        self.last = {
            "model": copy.deepcopy(self.model.state_dict()),
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "chance": chance.capture(),
            "rng": self.rng.bit_generator.state,
            "history": self.history.copy(),
            "best": self.best,
        }

    def go_back(self):
        """To the end of the last complete epoch."""
        self.model.load_state_dict(self.last["model"])
        self.optimizer.load_state_dict(copy.deepcopy(self.last["optimizer"]))
        self.rng.bit_generator.state = self.last["rng"]
        self.history, self.best = self.last["history"].copy(), self.last["best"]
