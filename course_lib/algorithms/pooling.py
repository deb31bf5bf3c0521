"""Pooling: a patch becomes its largest value, or its mean. Images are (N, C, H, W).

Patches are 2 × 2 and do not overlap unless asked for; PyTorch takes the size for the stride by itself.
"""

from course_lib.algorithms._arrays import device, whole
from course_lib.algorithms._batches import images
from course_lib.algorithms.conv import col2im, conv_output_size, im2col
from course_lib.messages import t
from course_lib.registry import Range, register

RANGES = {"size": Range(1, 5, count=5), "stride": Range(1, 4, count=4)}


@register(
    "pooling",
    ko="최댓값 풀링",
    en="Max pooling",
    source="Zhou & Chellappa 1988; Goodfellow et al. 2016, Deep Learning, §9.3",
    ranges=RANGES,
)
def max_pool2d(x, *, size=2, stride=2):
    """Max pooling: each patch of size × size pixels becomes its largest value, in every channel apart.

    x: (N, C, H, W). size, stride: whole numbers ≥ 1; what the last stride does not reach is left out.
    Returns (N, C, H′, W′). Raises TypeError and ValueError on bad input.
    """
    patches, xp = _patches("max_pool2d", x, size, stride)
    return xp.max(patches, axis=2)


@register(
    "pooling",
    ko="최댓값 풀링의 역전파",
    en="Max pooling, backward",
    source="Goodfellow et al. 2016, Deep Learning, §9.3; first of equal maxima, as in PyTorch",
    ranges=RANGES,
)
def max_pool2d_backward(dy, x, *, size=2, stride=2):
    """Backward pass of max pooling: the gradient goes to the pixel that won, and to no other.

    Of several equal maxima the first in reading order gets all of it, as in PyTorch.

    dy: (N, C, H′, W′). x, size, stride: as in the forward pass. Returns dx, shaped like x.
    Raises TypeError and ValueError on bad input.
    """
    patches, xp = _patches("max_pool2d_backward", x, size, stride, dy)
    winner = xp.argmax(patches, axis=2)[:, :, None]
    places = xp.arange(int(size) ** 2, device=device(x))[:, None, None]
    return _gathered(xp, xp.where(places == winner, dy[:, :, None], 0.0), x, size, stride)


@register(
    "pooling",
    ko="평균 풀링",
    en="Average pooling",
    source="LeCun et al. 1998, Proc. IEEE 86, §II.B (subsampling), without its weights",
    ranges=RANGES,
)
def avg_pool2d(x, *, size=2, stride=2):
    """Average pooling: each patch of size × size pixels becomes its mean, in every channel apart.

    x: (N, C, H, W). size, stride: whole numbers ≥ 1; what the last stride does not reach is left out.
    Returns (N, C, H′, W′). Raises TypeError and ValueError on bad input.
    """
    patches, xp = _patches("avg_pool2d", x, size, stride)
    return xp.mean(patches, axis=2)


@register(
    "pooling",
    ko="평균 풀링의 역전파",
    en="Average pooling, backward",
    source="derivative of a mean: 1 / size² for each pixel of the patch",
    ranges=RANGES,
)
def avg_pool2d_backward(dy, x, *, size=2, stride=2):
    """Backward pass of average pooling: every pixel of a patch gets dy / size².

    dy: (N, C, H′, W′). x, size, stride: as in the forward pass. Returns dx, shaped like x.
    Raises TypeError and ValueError on bad input.
    """
    patches, xp = _patches("avg_pool2d_backward", x, size, stride, dy)
    # dy / size², to all places of the patch alike
    share = xp.broadcast_to(dy[:, :, None] / int(size) ** 2, patches.shape)
    return _gathered(xp, share, x, size, stride)


def _patches(name, x, size, stride, dy=None):
    """(N, C, size², H′, W′) and the namespace, once size, stride and dy are found to fit."""
    xp = images(name, x=x) if dy is None else images(name, dy=dy, x=x)
    whole(name, size=size, stride=stride)
    if size > min(x.shape[2:]):
        raise ValueError(t("conv.too_large", name=name, reach=int(size), size=min(x.shape[2:])))
    sizes = [conv_output_size(i, kernel=size, stride=stride) for i in x.shape[2:]]
    if dy is not None and tuple(dy.shape) != (*x.shape[:2], *sizes):
        raise ValueError(t("conv.dy", name=name, want=(*x.shape[:2], *sizes), got=tuple(dy.shape)))
    columns = im2col(x, kernel=size, stride=stride)
    return xp.reshape(columns, (*x.shape[:2], int(size) ** 2, *sizes)), xp


def _gathered(xp, patches, x, size, stride):
    """Patches (N, C, size², H′, W′) added back to where they were taken from, (N, C, H, W)."""
    n, channels, places, height, width = patches.shape
    columns = xp.reshape(patches, (n, channels * places, height * width))
    return col2im(columns, shape=tuple(x.shape), kernel=size, stride=stride)
