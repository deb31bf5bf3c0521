"""Recipes for the tests of the strategy audit, honest ones and pretenders, each with what is really in it."""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations
from torch.nn.utils import weight_norm as older_weight_norm

from course_lib.algorithms import (
    adam,
    adamw,
    cutmix,
    he_normal,
    label_smoothing,
    mixup,
    muon,
    random_crop,
    sam,
)
from course_lib.algorithms import xavier_uniform as library_xavier
from course_lib.training.bridge import TorchOptimizer

SGD = torch.optim.SGD


def net(channels, classes, norm=lambda width: nn.Identity(), extra=nn.Identity, activation=nn.ReLU):
    """For 8×8 pictures: two convolutions and two linear layers."""
    return nn.Sequential(
        *(nn.Conv2d(channels, 8, 3, padding=1), norm(8), activation(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), norm(16), activation(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(64, 32), activation(), extra(), nn.Linear(32, classes)),
    )


def with_norm(norm):
    return partial(net, norm=norm)


def of(optimizer, **settings):
    return lambda model: optimizer(model.parameters(), **{"lr": 0.05, **settings})


# ---- initialization


def by_hand(change):
    """An `initialize` that calls change(weight, bias) on every layer."""

    @torch.no_grad()
    def initialize(model):
        for layer in model:
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                change(layer.weight, layer.bias)

    return initialize


def kaiming(w, b):
    nn.init.kaiming_normal_(w, nonlinearity="relu")
    nn.init.zeros_(b)


def nearly_zero(w, b):
    nn.init.normal_(w, std=1e-4)


def redraw(w, b):
    nn.init.kaiming_uniform_(w, a=math.sqrt(5))


def last_bias(model):
    nn.init.constant_(model[-1].bias, 3.0)


def last_layer_small(model):
    with torch.no_grad():
        model[-1].weight.mul_(0.01)


def all_ones(w, b):
    nn.init.constant_(w, 0.1)


class DrawsItself(nn.Linear):
    """Its `reset_parameters` is its own: the default that counts is torch's."""

    def reset_parameters(self):
        nn.init.normal_(self.weight, std=(2 / self.in_features) ** 0.5)
        nn.init.zeros_(self.bias)


def draws_itself(channels, classes):
    width = 64 * channels
    return nn.Sequential(nn.Flatten(), DrawsItself(width, 32), nn.ReLU(), DrawsItself(32, classes))


# ---- normalization


class RootMeanSquare(nn.Module):
    """Written by hand, over the channels."""

    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, width, 1, 1))

    def forward(self, x):
        return self.scale * x / (x.square().mean(1, keepdim=True) + 1e-5).sqrt()


class BatchByHand(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True)
        return self.gamma[:, None, None] * (x - mean) / (var + 1e-5) ** 0.5 + self.beta[:, None, None]


class Functional(nn.Module):
    """One module with all weights its own, and a layer norm in the middle of its forward pass."""

    def __init__(self, channels, classes):
        super().__init__()
        self.w1 = nn.Parameter(torch.empty(64 * channels, 32).uniform_(-0.125, 0.125))
        self.w2 = nn.Parameter(torch.empty(32, classes).uniform_(-(32**-0.5), 32**-0.5))
        self.b1 = nn.Parameter(torch.zeros(32))

    def forward(self, x):
        h = x.flatten(1) @ self.w1 + self.b1
        h = (h - h.mean(1, keepdim=True)) / h.std(1, keepdim=True)
        return torch.relu(h) @ self.w2


class Residual(nn.Module):
    """Norms at the head of residual branches alone."""

    def __init__(self, channels, classes):
        super().__init__()
        self.stem = nn.Linear(64 * channels, 32)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32)) for _ in range(2)
        )
        self.head = nn.Linear(32, classes)

    def forward(self, x):
        x = self.stem(x.flatten(1))
        for branch in self.branches:
            x = x + branch(x)
        return self.head(x)


def weight_normed(wrap):
    def build(channels, classes):
        model = net(channels, classes)
        for i, layer in enumerate(model):
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                model[i] = wrap(layer)
        return model

    return build


class AlwaysEvaluates(nn.BatchNorm2d):
    """A norm that stays in evaluation mode, whatever the loop says; its statistics are 0 and 1."""

    def train(self, mode=True):
        return super().train(False)


class CalledByNobody(nn.Module):
    """Constructs a norm, never calls it; another is called, and its result thrown away."""

    def __init__(self, channels, classes, thrown=False):
        super().__init__()
        self.body, self.norm, self.thrown = net(channels, classes), nn.BatchNorm2d(8), thrown

    def forward(self, x):
        x = self.body[0](x)
        if self.thrown:
            x = x + 1e-9 * self.norm(x)
        return self.body[1:](x)


def norm_on_the_pictures(channels, classes):
    return nn.Sequential(nn.BatchNorm2d(channels), *net(channels, classes))


def norm_on_the_scores(channels, classes):
    return nn.Sequential(*net(channels, classes), nn.BatchNorm1d(classes))


# ---- regularization


class OwnChance(nn.Module):
    """Noise from a generator of its own: no two passes agree, and none can be repeated."""

    def __init__(self, channels, classes):
        super().__init__()
        self.body, self.rng = net(channels, classes), torch.Generator().manual_seed(1)

    def forward(self, x):
        return self.body(x + 0.5 * torch.randn(x.shape, generator=self.rng) if self.training else x)


class DropsBlocks(nn.Module):
    """Stochastic depth, the whole batch together."""

    def __init__(self, rate=0.2):
        super().__init__()
        self.inside, self.rate = nn.Linear(32, 32), rate

    def forward(self, x):
        if self.training and float(torch.rand(())) < self.rate:
            return x
        return x + self.inside(x) / (1 - self.rate if self.training else 1)


class KeepsAll(nn.Dropout):
    """Dropout in evaluation mode."""

    def train(self, mode=True):
        return super().train(False)


def decay_by_groups(model):
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return SGD([{"params": weights, "weight_decay": 1e-3}, {"params": others, "weight_decay": 0.0}], lr=0.05)


def decays_last_bias(model):
    *others, bias = model.parameters()
    return SGD([{"params": others}, {"params": [bias], "weight_decay": 0.1}], lr=0.05)


class OwnDecay(torch.optim.Optimizer):
    """Plain SGD with decoupled decay, by hand."""

    def __init__(self, params, lr, decay):
        super().__init__(params, {"lr": lr, "decay": decay})

    @torch.no_grad()
    def step(self, closure=None):
        with torch.enable_grad():
            loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.mul_(1 - group["lr"] * group["decay"]).sub_(group["lr"] * p.grad)
        return loss


def penalized(scores, y, model, strength=1e-4):
    return F.cross_entropy(scores, y) + strength * sum(p.square().sum() for p in model.parameters())


def lasso(scores, y, model):
    return F.cross_entropy(scores, y) + 1e-5 * sum(p.abs().sum() for p in model.parameters())


def smooth(scores, y):
    return F.cross_entropy(scores, y, label_smoothing=0.1)


def by_distributions(scores, y):
    return -(y * F.log_softmax(scores, 1)).sum(1).mean()


def soft_labels(x, y, eps=0.1):
    return x, (1 - eps) * F.one_hot(y, 4).float() + eps / 4


def own_noise(x, y, sigma=0.1):
    return x + sigma * torch.randn(x.shape), y


def own_mixup(x, y):
    share, order = 0.3, torch.randperm(len(x))
    y = F.one_hot(y, 4).float()
    return (1 - share) * x + share * x[order], (1 - share) * y + share * y[order]


def another_order(x, y):
    order = torch.randperm(len(x))
    return x[order], y[order]


def always_flipped(x, y):
    return x.flip(3), y


# ---- optimization


class Clipped(SGD):
    """Plain SGD that cuts the gradient's norm."""

    def __init__(self, params, lr, limit):
        super().__init__(params, lr=lr)
        self.limit = limit

    def step(self, closure=None):
        with torch.enable_grad():
            loss = closure()
        nn.utils.clip_grad_norm_([p for g in self.param_groups for p in g["params"]], self.limit)
        super().step()
        return loss


class Adam(torch.optim.Optimizer):
    """Adam by name."""

    def __init__(self, params, lr=0.05, betas=(0.9, 0.999)):
        super().__init__(params, {"lr": lr, "betas": betas})

    def step(self, closure=None):
        loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p -= group["lr"] * p.grad
        return loss


class DeafToRates(Adam):
    """Plain SGD with a rate that no schedule reaches."""

    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"], kept = 0.05, group["lr"]
            loss = super().step(closure)
            group["lr"] = kept
        return loss


def rates_of_each_layer(model):
    return SGD([{"params": [p], "lr": 0.01 * (i + 1)} for i, p in enumerate(model.parameters())])


def cosine_by_torch(step, total):
    dummy = SGD([nn.Parameter(torch.zeros(1))], lr=0.05)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(dummy, total)
    return scheduler._get_closed_form_lr()[0] if step == 0 else 0.025 * (1 + math.cos(math.pi * step / total))


def scheduler_in_the_optimizer(model):
    optimizer = SGD(model.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=100, cycle_momentum=False)
    optimizer.register_step_post_hook(lambda *_: scheduler.step() if scheduler.last_epoch < 99 else None)
    return optimizer


def muon_and_sgd(model):
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return TorchOptimizer([{"params": weights, "rule": muon}, {"params": others}], adam, lr=0.01)


# name: (changes to a plain recipe, every strategy that is really there)
HONEST = {
    "plain": ({}, ()),
    "he_by_name": ({"initialize": "he_normal"}, ("he",)),
    "he_by_torch": ({"initialize": by_hand(kaiming)}, ("he",)),
    "he_uniform_by_name": ({"initialize": "he_uniform"}, ("he",)),
    "he_partial": ({"initialize": partial(he_normal, mode="fan_out")}, ("he_out",)),
    "xavier": ({"initialize": library_xavier}, ("xavier",)),
    "lecun": ({"initialize": "lecun_normal"}, ("lecun",)),
    "orthogonal": ({"initialize": "orthogonal"}, ("orthogonal",)),
    "small_normal": ({"initialize": by_hand(lambda w, b: nn.init.normal_(w, std=0.01))}, ("weights",)),
    "last_layer_small": ({"initialize": last_layer_small}, ("weights",)),
    "in_the_layer": ({"build_model": draws_itself}, ("he",)),
    "batch_norm": ({"build_model": with_norm(nn.BatchNorm2d)}, ("norm",)),
    "batch_norm_slow": ({"build_model": with_norm(partial(nn.BatchNorm2d, momentum=0.01))}, ("norm",)),
    "batch_statistics_only": (
        {"build_model": with_norm(partial(nn.BatchNorm2d, track_running_stats=False))},
        ("norm",),
    ),
    "batch_norm_and_he": (
        {"build_model": with_norm(nn.BatchNorm2d), "initialize": "he_normal"},
        ("he", "norm"),
    ),
    "group_norm": ({"build_model": with_norm(partial(nn.GroupNorm, 4))}, ("norm",)),
    "instance_norm": ({"build_model": with_norm(partial(nn.InstanceNorm2d))}, ("norm",)),
    "rms_by_hand": ({"build_model": with_norm(RootMeanSquare)}, ("norm",)),
    "batch_norm_by_hand": ({"build_model": with_norm(BatchByHand)}, ("norm",)),
    "layer_norm_in_forward": ({"build_model": Functional}, ("norm",)),
    "norms_in_branches": ({"build_model": Residual}, ("norm",)),
    "weight_norm": ({"build_model": weight_normed(parametrizations.weight_norm)}, ("norm",)),
    "weight_norm_older": ({"build_model": weight_normed(older_weight_norm)}, ("norm",)),
    "spectral_norm": ({"build_model": weight_normed(parametrizations.spectral_norm)}, ("norm",)),
    "norm_and_tanh": ({"build_model": partial(net, norm=nn.BatchNorm2d, activation=nn.Tanh)}, ("norm",)),
    "norm_and_zero_init": (
        {
            "build_model": with_norm(nn.BatchNorm2d),
            "initialize": by_hand(nearly_zero),
        },
        ("weights", "norm"),
    ),
    "dropout": ({"build_model": partial(net, extra=partial(nn.Dropout, 0.2))}, ("noise",)),
    "stochastic_depth": ({"build_model": partial(net, extra=DropsBlocks)}, ("noise",)),
    "noise_of_its_own": ({"build_model": OwnChance}, ("noise",)),
    "decay": ({"build_optimizer": of(SGD, weight_decay=5e-4)}, ("decay",)),
    "decay_by_groups": ({"build_optimizer": decay_by_groups}, ("decay",)),
    "decay_by_hand": ({"build_optimizer": lambda m: OwnDecay(m.parameters(), 0.05, 1e-3)}, ("decay",)),
    "l2_in_the_loss": ({"loss": penalized}, ("penalty",)),
    "l1_in_the_loss": ({"loss": lasso}, ("penalty",)),
    "affine": ({"augment": "random_affine"}, ("augmentation",)),
    "crop": ({"augment": partial(random_crop, size=8, padding=1)}, ("augmentation",)),
    "own_noise": ({"augment": own_noise}, ("augmentation",)),
    "mixup": ({"augment": mixup}, ("augmentation", "mixing")),
    "cutmix": ({"augment": cutmix}, ("augmentation", "mixing")),
    "own_mixup": ({"augment": own_mixup, "loss": by_distributions}, ("augmentation", "mixing")),
    "smoothing_in_augment": ({"augment": soft_labels}, ("mixing",)),
    "smoothing_in_loss": ({"loss": smooth}, ("smoothing",)),
    "smoothing_by_name": ({"loss": "label_smoothing"}, ("smoothing",)),
    "smoothing_others": ({"loss": "label_smoothing_others"}, ("smoothing",)),
    "momentum": ({"build_optimizer": of(SGD, momentum=0.9)}, ("momentum",)),
    "nesterov": ({"build_optimizer": of(SGD, momentum=0.9, nesterov=True)}, ("momentum",)),
    "momentum_by_bridge": ({"build_optimizer": "momentum"}, ("momentum",)),
    "nesterov_by_bridge": ({"build_optimizer": "nesterov"}, ("momentum",)),
    "adam": ({"build_optimizer": of(torch.optim.Adam, lr=1e-3)}, ("momentum", "adaptive")),
    "adam_by_bridge": ({"build_optimizer": adam}, ("momentum", "adaptive")),
    "adam_coupled": (
        {"build_optimizer": of(torch.optim.Adam, lr=1e-3, weight_decay=1e-3)},
        ("decay", "momentum", "adaptive"),
    ),
    "adamw": (
        {"build_optimizer": of(torch.optim.AdamW, lr=1e-3, weight_decay=0.1)},
        ("decay", "momentum", "adaptive"),
    ),
    "adamw_by_bridge": (
        {"build_optimizer": partial(adamw, lr=1e-3, weight_decay=0.1)},
        ("decay", "momentum", "adaptive"),
    ),
    "rmsprop": ({"build_optimizer": of(torch.optim.RMSprop, lr=1e-3)}, ("adaptive",)),
    "adagrad": ({"build_optimizer": "adagrad"}, ("adaptive",)),
    "lion": ({"build_optimizer": "lion"}, ("momentum", "adaptive")),
    "muon": ({"build_optimizer": muon_and_sgd}, ("momentum", "adaptive")),
    "sam": ({"build_optimizer": "sam"}, ("ahead",)),
    "clipped": ({"build_optimizer": lambda m: Clipped(m.parameters(), 0.05, 0.01)}, ("adaptive",)),
    "cosine": ({"schedule": "cosine"}, ("schedule",)),
    "one_cycle": ({"schedule": "one_cycle"}, ("schedule",)),
    "own_schedule": ({"schedule": lambda step, total: 0.05 / (1 + 3 * step / total)}, ("schedule",)),
    "torch_schedule": ({"schedule": cosine_by_torch}, ("schedule",)),
    "torch_scheduler_hooked": ({"build_optimizer": scheduler_in_the_optimizer}, ("schedule",)),
    "all_four": (
        {
            "build_model": partial(net, norm=nn.BatchNorm2d, extra=partial(nn.Dropout, 0.2)),
            "initialize": "he_normal",
            "build_optimizer": partial(adamw, lr=3e-3, weight_decay=0.05),
            "schedule": "one_cycle",
            "loss": label_smoothing,
            "augment": ("random_affine", partial(mixup, alpha=0.2)),
        },
        (
            *("he", "norm", "noise", "decay", "augmentation", "mixing", "smoothing"),
            *("schedule", "momentum", "adaptive"),
        ),
    ),
}

PRETENDERS = {
    "default_times_1.0001": ({"initialize": by_hand(lambda w, b: w.mul_(1.0001))}, ()),
    "default_times_1.1": ({"initialize": by_hand(lambda w, b: w.mul_(1.1))}, ()),
    "default_drawn_again": ({"initialize": by_hand(redraw)}, ()),
    "default_sorted": ({"initialize": by_hand(lambda w, b: w.copy_(w.flatten().sort()[0].view_as(w)))}, ()),
    "last_bias": ({"initialize": last_bias}, ()),
    "all_biases_zero": ({"initialize": by_hand(lambda w, b: b.zero_())}, ()),
    "constant_weights": ({"initialize": by_hand(all_ones)}, ()),
    "zero_weights": ({"initialize": "zeros_init"}, ()),
    "norm_in_evaluation": ({"build_model": with_norm(AlwaysEvaluates)}, ()),
    "norm_frozen": ({"build_model": with_norm(partial(AlwaysEvaluates, momentum=0.0))}, ()),
    "norm_frozen_in_training": ({"build_model": with_norm(partial(nn.BatchNorm2d, momentum=0.0))}, ()),
    "norm_never_called": ({"build_model": CalledByNobody}, ()),
    "norm_thrown_away": ({"build_model": partial(CalledByNobody, thrown=True)}, ()),
    "norm_on_the_pictures": ({"build_model": norm_on_the_pictures}, ()),
    "norm_on_the_scores": ({"build_model": norm_on_the_scores}, ()),
    "saturated_instead": ({"build_model": partial(net, activation=nn.Tanh)}, ()),
    "squashed_instead": ({"build_model": partial(net, activation=nn.Sigmoid)}, ()),
    "dropout_0": ({"build_model": partial(net, extra=partial(nn.Dropout, 0.0))}, ()),
    "dropout_evaluating": ({"build_model": partial(net, extra=partial(KeepsAll, 0.5))}, ()),
    "decay_0": ({"build_optimizer": of(SGD, weight_decay=0.0)}, ()),
    "decay_tiny": ({"build_optimizer": of(SGD, weight_decay=1e-9)}, ()),
    "decay_of_last_bias": ({"build_optimizer": decays_last_bias}, ()),
    "adam_decay_tiny": (
        {"build_optimizer": of(torch.optim.Adam, lr=1e-3, weight_decay=1e-8)},
        ("momentum", "adaptive"),
    ),
    "penalty_times_0": ({"loss": partial(penalized, strength=0.0)}, ()),
    "penalty_tiny": ({"loss": partial(penalized, strength=1e-10)}, ()),
    "augment_nothing": ({"augment": lambda x, y: (x.clone(), y)}, ()),
    "augment_1e-6": ({"augment": partial(own_noise, sigma=1e-6)}, ()),
    "augment_order": ({"augment": another_order}, ()),
    "augment_same_each_time": ({"augment": always_flipped}, ()),
    "smoothing_0": ({"loss": partial(F.cross_entropy, label_smoothing=0.0)}, ()),
    "smoothing_0_by_name": ({"loss": partial(label_smoothing, eps=0.0)}, ()),
    "smoothing_1e-5": ({"augment": partial(soft_labels, eps=1e-5)}, ()),
    "squared_error": ({"loss": "mse"}, ()),
    "momentum_0": ({"build_optimizer": of(SGD, momentum=0.0)}, ()),
    "momentum_1e-3": ({"build_optimizer": of(SGD, momentum=1e-3)}, ()),
    "adam_by_name": ({"build_optimizer": of(Adam)}, ()),
    "sam_0": ({"build_optimizer": partial(sam, rho=0.0)}, ()),
    "clipped_never": ({"build_optimizer": lambda m: Clipped(m.parameters(), 0.05, 1e6)}, ()),
    "rates_by_layer": ({"build_optimizer": rates_of_each_layer}, ()),
    "schedule_constant": ({"schedule": "constant"}, ()),
    "schedule_0.01_percent": ({"schedule": lambda step, total: 0.05 * (1 + 1e-4 * step / total)}, ()),
    "schedule_last_step": ({"schedule": lambda step, total: 0.05 if step < total - 1 else 0.0}, ()),
    "schedule_unheard": ({"build_optimizer": of(DeafToRates), "schedule": "cosine"}, ()),
}
