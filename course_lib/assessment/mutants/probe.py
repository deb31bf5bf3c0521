"""Wrong versions of the probe: the mistakes of a backward pass through a stack."""

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong


@wrong("probe")
def probe_slope_forgotten(x, weights, dy, *, f, df, bins=0):
    return right.probe(x, weights, dy, f=f, df=np.ones_like, bins=bins)


@wrong("probe")
def probe_slope_at_activation(x, weights, dy, *, f, df, bins=0):
    return right.probe(x, weights, dy, f=f, df=lambda z: df(f(z)), bins=bins)


@wrong("probe")
def probe_before_activation(x, weights, dy, *, f, df, bins=0):
    seen = [x @ weights[0].T]
    for w in weights[1:]:
        seen.append(f(seen[-1]) @ w.T)
    eye = [np.eye(z.shape[1]) for z in seen]
    rows = [
        right.probe(z, [i], z, f=lambda z: z, df=np.ones_like, bins=bins)[0]
        for z, i in zip(seen, eye, strict=True)
    ]
    _, down = right.probe(x, weights, dy, f=f, df=df, bins=bins)
    return type(down)(*(_joined([getattr(row, name) for row in rows]) for name in vars(down))), down


@wrong("probe")
def probe_last_layer_first(x, weights, dy, *, f, df, bins=0):
    up, down = right.probe(x, weights, dy, f=f, df=df, bins=bins)
    return up, type(down)(*(None if part is None else part[::-1] for part in vars(down).values()))


def _joined(parts):
    return None if parts[0] is None else np.concatenate(parts)
