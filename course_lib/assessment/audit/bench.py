"""Where a recipe is looked at: fresh models of it, and a few small batches of its data."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.data.hangul import load_hangul
from course_lib.training import chance, plugins
from course_lib.training.batched import Data, tensors, unit
from course_lib.training.fit import MAX_EPOCHS

PICTURES, FEW = 32, 16  # of the batch; of those that go through the model


class Bench:
    """Fresh models of a recipe, ready for their first step, and one batch of pictures to try them on.

    x: pictures in [0, 1], (PICTURES, C, H, W). y: their labels. steps: of the whole training.
    """

    def __init__(self, recipe, data, seed):
        self.recipe, self.seed, self.data = recipe, seed, tensors(_hangul() if data is None else data)
        count = len(self.data.y_train)
        chosen = torch.from_numpy(np.random.default_rng([seed, 2]).permutation(count)[:PICTURES])
        self.x, self.y = unit(self.data.x_train[chosen]), self.data.y_train[chosen]
        self.steps = math.ceil(count / recipe.batch_size) * MAX_EPOCHS

    def model(self, draw=0):
        """A model as `fit` builds and initializes it, in training mode; equal draws, equal weights."""
        chance.sow(self.seed + 1000 * draw)
        build, _ = plugins.chosen("build_model", self.recipe.build_model)
        model = build(self.x.shape[1], self.data.classes)
        plugins.initialize(self.recipe.initialize, model, np.random.default_rng([self.seed, 1, draw]))
        return model.train()

    def optimizer(self, model):
        """The recipe's optimizer of a model."""
        return plugins.build_optimizer(self.recipe.build_optimizer, model)

    def scores(self, model, count=FEW, *, draw=0):
        """Scores (count, classes) of the first pictures; equal draws, equal dropout."""
        chance.sow(self.seed + draw)
        return model(self.data.standardized(self.x[:count]))

    def loss(self, model):
        """Plain cross-entropy on the first pictures, whatever the recipe's own loss."""
        return F.cross_entropy(self.scores(model), self.y[:FEW])


def _hangul():
    train, held = load_hangul("train"), load_hangul("validation")
    return Data(train.x[:, None], train.y, held.x[:, None], held.y)
