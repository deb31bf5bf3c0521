"""Initial weights that are chosen as a whole matrix: orthogonal and identity."""

import numpy as np

from course_lib.algorithms._arrays import generator, positive
from course_lib.algorithms._inits import GAIN, fans_of
from course_lib.registry import register


@register(
    "initialization",
    ko="직교 초기화",
    en="Orthogonal",
    source="Saxe et al. 2014, arXiv:1312.6120; signs as in Mezzadri 2007, arXiv:math-ph/0609050",
    ranges={"gain": GAIN},
)
def orthogonal(shape, *, rng, gain=1.0):
    """A matrix that keeps lengths: WᵀW = g² I where it is tall, WWᵀ = g² I where it is wide.

    The signs make all directions equally likely; QR alone does not. A convolution's kernel is read as the
    matrix (out, in · kh · kw), as PyTorch does.

    shape: (out, in) or (out, in, *kernel). rng: NumPy Generator. gain: g > 0. Returns an array.
    Raises TypeError, ValueError.
    """
    positive("orthogonal", gain=gain)
    fan_in, _ = fans_of("orthogonal", shape)
    # A ~ N(0, 1), tall: (out, in), or its transpose
    a = generator("orthogonal", rng).standard_normal((shape[0], fan_in))
    wide = shape[0] < fan_in
    # A = Q R
    q, r = np.linalg.qr(a.T if wide else a)
    # Q ← Q · sign(diag R)
    q = q * np.sign(np.diag(r))
    return gain * (q.T if wide else q).reshape(shape)


@register(
    "initialization",
    ko="항등 초기화",
    en="Identity",
    source="Le et al. 2015, arXiv:1504.00941; torch.nn.init.eye_ and dirac_",
    ranges={"gain": GAIN},
)
def identity_init(shape, *, gain=1.0):
    """What comes in goes out: g on the diagonal; of a convolution, in the middle of the kernel.

    Channels beyond the smaller of in and out get zeros.

    shape: (out, in) or (out, in, *kernel). gain: g > 0. Returns an array. Raises ValueError.
    """
    positive("identity_init", gain=gain)
    fans_of("identity_init", shape)
    w = np.zeros(shape)
    i = np.arange(min(shape[:2]))
    # W[i, i, kh // 2, kw // 2] = g
    w[(i, i, *(k // 2 for k in shape[2:]))] = gain
    return w
