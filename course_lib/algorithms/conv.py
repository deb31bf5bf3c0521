"""Convolution: its arithmetic, and the convolution itself as one matrix product (im2col), with backward.

Images are (N, C, H, W), weights (K, C, kernel height, kernel width). As in every framework the kernel is
not flipped: what is called convolution is a cross-correlation.
"""

import math

from course_lib.algorithms._arrays import device, namespace, whole
from course_lib.algorithms._batches import images
from course_lib.messages import t
from course_lib.registry import Range, register

SOURCE = "Dumoulin & Visin 2016, arXiv:1603.07285"
RANGES = {
    "stride": Range(1, 4, count=4),
    "padding": Range(0, 4, count=5),
    "dilation": Range(1, 3, count=3),
}
KERNEL = {"kernel": Range(1, 7, count=7)}


@register(
    "convolution",
    ko="합성곱의 출력 크기",
    en="Output size of a convolution",
    source=f"{SOURCE}, §2.4, relationship 6; with dilation §5.1, relationship 15",
    ranges=KERNEL | RANGES,
)
def conv_output_size(size, *, kernel=3, stride=1, padding=0, dilation=1):
    """Pixels along one side after a convolution or a pooling.

        o = ⌊(i + 2p − d (k − 1) − 1) / s⌋ + 1

    What the last stride does not reach is left out: hence the floor. Padding stands on both sides.

    size: i ≥ 1. kernel: k ≥ 1. stride: s ≥ 1. padding: p ≥ 0. dilation: d ≥ 1. Returns o, an int.
    Raises ValueError on bad input, and where the kernel is larger than the padded image.
    """
    whole("conv_output_size", size=size)
    return _size("conv_output_size", size, kernel, stride, padding, dilation)


@register(
    "convolution",
    ko="im2col (조각을 열로)",
    en="im2col (patches to columns)",
    source="Chellapilla et al. 2006, High performance CNNs for document processing",
    ranges=KERNEL | RANGES,
)
def im2col(x, *, kernel=3, stride=1, padding=0, dilation=1):
    """Every patch that the kernel meets becomes a column; a convolution is one matrix product then.

    x: (N, C, H, W). kernel: one whole number, or (height, width). stride, padding, dilation: whole numbers.
    Returns (N, C · kernel height · kernel width, H′ · W′), as torch's unfold. Raises TypeError, ValueError.
    """
    xp = images("im2col", x=x)
    n, channels, *sides = x.shape
    kernel = _pair("im2col", kernel)
    sizes = [_size("im2col", i, k, stride, padding, dilation) for i, k in zip(sides, kernel, strict=True)]
    padded = _padded(xp, x, int(padding))
    # one strided image (N, C, H′, W′) for each place in the kernel
    patches = [padded[place] for place in _places(kernel, sizes, stride, dilation)]
    return xp.reshape(xp.stack(patches, axis=2), (n, channels * math.prod(kernel), math.prod(sizes)))


@register(
    "convolution",
    ko="col2im (열을 조각으로 되돌려 더하기)",
    en="col2im (columns back, added up)",
    source="transpose of im2col; Chellapilla et al. 2006",
    ranges=KERNEL | RANGES,
)
def col2im(columns, *, shape, kernel=3, stride=1, padding=0, dilation=1):
    """The backward pass of im2col: each pixel collects from all patches that it was part of.

    columns: (N, C · kernel height · kernel width, H′ · W′). shape: (N, C, H, W) of the images. The rest as in
    `im2col`. Returns (N, C, H, W), as torch's fold. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("col2im", columns=columns)
    if len(shape) != 4:
        raise ValueError(t("conv.shape", got=repr(shape)))
    n, channels, *sides = shape
    kernel = _pair("col2im", kernel)
    sizes = [_size("col2im", i, k, stride, padding, dilation) for i, k in zip(sides, kernel, strict=True)]
    expected = (n, channels * math.prod(kernel), math.prod(sizes))
    if tuple(columns.shape) != expected:
        raise ValueError(t("conv.columns", want=expected, got=tuple(columns.shape)))
    padding = int(padding)
    height, width = (side + 2 * padding for side in sides)
    total = xp.zeros((n, channels, height, width), dtype=columns.dtype, device=device(columns))
    patches = xp.reshape(columns, (n, channels, math.prod(kernel), *sizes))
    for i, place in enumerate(_places(kernel, sizes, stride, dilation)):
        total[place] += patches[:, :, i]  # `total` is our own
    return total[:, :, padding : height - padding, padding : width - padding]


@register(
    "convolution",
    ko="2차원 합성곱",
    en="2d convolution",
    source="Goodfellow et al. 2016, Deep Learning, §9.5, eq. 9.8 (strided; indices from 0)",
    ranges=RANGES,
)
def conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1):
    """2d convolution, by im2col: every output pixel is the product of a kernel with the patch under it.

        y_{k,r,q} = Σ_{c,i,j} w_{k,c,i,j} x_{c, s r + d i − p, s q + d j − p} + b_k

    x: (N, C, H, W), zero outside. w: (K, C, kernel height, kernel width). b: (K,), or None for no bias.
    stride: s ≥ 1. padding: p ≥ 0. dilation: d ≥ 1.
    Returns y, (N, K, H′, W′), sizes by `conv_output_size`. Raises TypeError and ValueError on bad input.
    """
    xp = images("conv2d", x=x, w=w)
    _matching("conv2d", x, w)
    sizes = [_size("conv2d", x.shape[a], w.shape[a], stride, padding, dilation) for a in (2, 3)]
    columns = im2col(x, kernel=tuple(w.shape[2:]), stride=stride, padding=padding, dilation=dilation)
    # Σ_{c,i,j} w · x as a matrix product: (K, C·k·k) @ (N, C·k·k, L) → (N, K, L)
    y = xp.reshape(w, (w.shape[0], -1)) @ columns
    y = xp.reshape(y, (x.shape[0], w.shape[0], *sizes))
    if b is None:
        return y
    namespace("conv2d", x=x, b=b)
    if tuple(b.shape) != (w.shape[0],):
        raise ValueError(t("conv.bias", want=(w.shape[0],), got=tuple(b.shape)))
    # + b_k
    return y + b[:, None, None]


@register(
    "convolution",
    ko="2차원 합성곱의 역전파",
    en="2d convolution, backward",
    source="Goodfellow et al. 2016, Deep Learning, §9.5, eq. 9.11 and 9.13",
    ranges=RANGES,
)
def conv2d_backward(dy, x, w, *, stride=1, padding=0, dilation=1):
    """Backward pass of `conv2d`, for x, w and the bias.

        dw = Σ_n dy_n X_nᵀ          dX_n = wᵀ dy_n, gathered by col2im          db = Σ_{n,r,q} dy

    X: im2col of x. dy: (N, K, H′, W′). x, w, stride, padding, dilation: as in the forward pass.
    Returns (dx, dw, db). Raises TypeError and ValueError on bad input.
    """
    xp = images("conv2d_backward", dy=dy, x=x, w=w)
    _matching("conv2d_backward", x, w)
    sizes = [_size("conv2d_backward", x.shape[a], w.shape[a], stride, padding, dilation) for a in (2, 3)]
    expected = (x.shape[0], w.shape[0], *sizes)
    if tuple(dy.shape) != expected:
        raise ValueError(t("conv.dy", name="conv2d_backward", want=expected, got=tuple(dy.shape)))
    how = {"kernel": tuple(w.shape[2:]), "stride": stride, "padding": padding, "dilation": dilation}
    columns = im2col(x, **how)  # (N, C·k·k, L)
    flat = xp.reshape(dy, (*dy.shape[:2], -1))  # (N, K, L)
    # dw = Σ_n dy_n X_nᵀ
    dw = xp.reshape(xp.sum(flat @ columns.mT, axis=0), w.shape)
    # dX_n = wᵀ dy_n, back to where the patches came from
    dx = col2im(xp.reshape(w, (w.shape[0], -1)).mT @ flat, shape=tuple(x.shape), **how)
    # db = Σ_{n,r,q} dy
    return dx, dw, xp.sum(dy, axis=(0, 2, 3))


def _size(name, size, kernel, stride, padding, dilation):
    whole(name, kernel=kernel, stride=stride, dilation=dilation)
    whole(name, low=0, padding=padding)
    # i + 2p − d (k − 1) − 1: how far the kernel can move
    room = int(size + 2 * padding - dilation * (kernel - 1) - 1)
    if room < 0:
        reach = int(dilation * (kernel - 1) + 1)
        raise ValueError(t("conv.too_large", name=name, reach=reach, size=int(size + 2 * padding)))
    # o = ⌊(i + 2p − d (k − 1) − 1) / s⌋ + 1
    return room // int(stride) + 1


def _pair(name, kernel):
    """(height, width) of a kernel given as one whole number or two; `whole` refuses all else."""
    pair = tuple(kernel) if isinstance(kernel, (tuple, list)) and len(kernel) == 2 else (kernel, kernel)
    for k in pair:
        whole(name, kernel=k)
    return tuple(int(k) for k in pair)


def _places(kernel, sizes, stride, dilation):
    """For each place in the kernel the index of what lies under it, at all positions of the kernel."""
    stride, dilation = int(stride), int(dilation)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows, columns = (
                slice(dilation * k, dilation * k + stride * (size - 1) + 1, stride)
                for k, size in zip((i, j), sizes, strict=True)
            )
            yield (slice(None), slice(None), rows, columns)


def _padded(xp, x, padding):
    if padding == 0:
        return x
    n, channels, height, width = x.shape
    shape = (n, channels, height + 2 * padding, width + 2 * padding)
    out = xp.zeros(shape, dtype=x.dtype, device=device(x))
    out[:, :, padding : padding + height, padding : padding + width] = x
    return out


def _matching(name, x, w):
    if x.shape[1] != w.shape[1]:
        raise ValueError(t("conv.channels", name=name, x=tuple(x.shape), w=tuple(w.shape)))
