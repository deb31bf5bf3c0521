"""How a training is made fast on a CPU: threads, memory layout, precision.

Measured with a three-block CNN on 28×28 pictures: `benchmarks/training.py`.
"""

from contextlib import contextmanager
from dataclasses import dataclass

import torch

from course_lib.messages import t
from course_lib.threads import available_cpus


@dataclass(frozen=True)
class Speed:
    """threads: of torch. channels_last: colours innermost in memory. bf16: autocast of the forward pass."""

    threads: int
    channels_last: bool
    bf16: bool

    def lay(self, x):
        """A module, or a batch (N, C, H, W), in the memory layout."""
        return x.to(memory_format=torch.channels_last) if self.channels_last else x

    def precision(self):
        """The context for forward passes; what comes out may be bfloat16."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.bf16)


def choose(*, threads=None, channels_last=True, bf16=None) -> Speed:
    """The settings for this machine; what is given wins.

    The rules read the machine and measure nothing, so that a seed repeats its run:
    threads: torch's own number, which OMP_NUM_THREADS sets, but never more than there are CPUs to use.
    bf16: where the CPU multiplies bfloat16 natively (AVX512-BF16 or AMX); elsewhere it is slower.
    Raises ValueError for less than one thread.
    """
    threads = min(torch.get_num_threads(), available_cpus()) if threads is None else threads
    if not (isinstance(threads, int) and threads >= 1):
        raise ValueError(t("fit.threads", got=repr(threads)))
    return Speed(threads, channels_last, native_bf16() if bf16 is None else bf16)


def native_bf16() -> bool:
    """Whether the CPU has instructions for products of bfloat16 numbers."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


@contextmanager
def using_threads(count):
    """torch runs on so many threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
