"""The course's normalizations as layers of a model: `Norm("group_norm", 32, groups=8)`."""

import torch
from torch import nn

from course_lib import registry
from course_lib.messages import t

# What the rule takes after x, besides its hyperparameters.
PARAMETERS = {
    "batch_norm": ("gamma", "beta"),
    "layer_norm": ("gamma", "beta"),
    "instance_norm": ("gamma", "beta"),
    "group_norm": ("gamma", "beta"),
    "rms_norm": ("gamma",),
}


class Norm(nn.Module):
    """One of the library's normalizations with a learned scale γ and shift β for each channel.

    rule: "batch_norm", "layer_norm", "instance_norm", "group_norm" or "rms_norm", or the function.
    channels: C of inputs (N, C, …). hyper: the rule's keywords, such as groups=8; layer and RMS norm take
    the channels of each position (over="channels") unless told otherwise, which fits every picture size.
    Batch norm keeps running statistics, which a model's `state_dict` holds, and uses them in `eval()`.
    Raises ValueError for a rule that is no such normalization.
    """

    def __init__(self, rule, channels, **hyper):
        super().__init__()
        name = rule if isinstance(rule, str) else getattr(registry.find(rule), "name", repr(rule))
        if name not in PARAMETERS:
            raise ValueError(t("fit.no_norm", got=name, names=", ".join(PARAMETERS)))
        self.name, self.rule = name, registry.get(name).function
        self.hyper = hyper if name not in ("layer_norm", "rms_norm") else {"over": "channels", **hyper}
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels)) if "beta" in PARAMETERS[name] else None
        if name == "batch_norm":
            self.register_buffer("mean", torch.zeros(channels))
            self.register_buffer("variance", torch.ones(channels))

    def forward(self, x):
        """(N, C, …) → the same shape, in float32."""
        x, learned = x.float(), [p for p in (self.gamma, self.beta) if p is not None]
        if self.name != "batch_norm":
            return self.rule(x, *learned, **self.hyper)
        state = [s.view(1, -1, *[1] * (x.ndim - 2)) for s in (self.mean, self.variance)]
        y, (mean, variance) = self.rule(x, *learned, tuple(state), training=self.training, **self.hyper)
        if self.training:
            self.mean, self.variance = mean.detach().flatten(), variance.detach().flatten()
        return y

    def extra_repr(self):
        """What a printed model shows of it."""
        return ", ".join([self.name, str(len(self.gamma)), *(f"{k}={v}" for k, v in self.hyper.items())])
