"""What each kind of strategy does, told from all on/off combinations of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Combinations:
    """Accuracies of a recipe with each subset of its kinds of strategies.

    kinds: their names. runs: {flags: {split: accuracies in [0, 1], one a seed}}; flags hold a "1" for every
    kind that is on and a "0" for every other one, in the order of `kinds`.
    """

    kinds: Sequence[str]
    runs: Mapping[str, Mapping[str, Sequence[float]]]

    def mean(self, flags, split) -> float:
        """The mean accuracy of one combination over its seeds."""
        return float(np.mean(self.runs[flags][split]))

    def ordered(self, split) -> list[str]:
        """All combinations, the best mean first."""
        return sorted(self.runs, key=lambda flags: -self.mean(flags, split))

    def reaching(self, goal, split) -> list[str]:
        """Those whose mean is at least the goal, the best first."""
        return [flags for flags in self.ordered(split) if self.mean(flags, split) >= goal]

    def brought(self, kind, split) -> dict[str, float]:
        """{flags without the kind: what adding it changes in mean accuracy}, negative where it harms."""
        place, changes = self.kinds.index(kind), {}
        for flags in self.runs:
            if flags[place] == "0":
                more = flags[:place] + "1" + flags[place + 1 :]
                changes[flags] = self.mean(more, split) - self.mean(flags, split)
        return changes

    def spreads(self, split) -> dict[str, float]:
        """{flags: the standard deviation (n − 1) over the seeds of that combination}, NaN with one seed."""
        return {
            flags: float(np.std(run[split], ddof=1)) if len(run[split]) > 1 else float("nan")
            for flags, run in self.runs.items()
        }
