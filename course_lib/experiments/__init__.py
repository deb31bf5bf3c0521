"""What common notes say, as experiments with verdicts: `from course_lib.experiments import claim`."""

from course_lib.experiments.listing import stale, stored
from course_lib.experiments.statements import claim, claims, run_experiment
from course_lib.experiments.verdict import verdict

__all__ = ["claim", "claims", "run_experiment", "stale", "stored", "verdict"]
