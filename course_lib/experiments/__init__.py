"""What common notes say, as experiments with verdicts: `from course_lib.experiments import claim`."""

from course_lib.experiments.statements import claim, claims, run_experiment, stale
from course_lib.experiments.verdict import verdict

__all__ = ["claim", "claims", "run_experiment", "stale", "verdict"]
