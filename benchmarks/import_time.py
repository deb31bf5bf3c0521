"""How long the imports take: `python benchmarks/import_time.py`.

Each number is a median over fresh interpreters, less that of an interpreter that does nothing.
"""

import statistics
import subprocess
import sys
import time

RUNS = 9
STATEMENTS = ("import course_lib", "import numpy", "import course_lib.algorithms")


def seconds(statement):
    """The time of one fresh interpreter that runs the statement."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main():
    statements = ("pass", *STATEMENTS)
    for statement in statements:
        seconds(statement)  # fills the disk's cache and writes the byte code
    # in turns, so that a busy moment of the machine falls on all of them
    rounds = [[seconds(statement) for statement in statements] for _ in range(RUNS)]
    bare, *medians = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"python -c pass: {1000 * bare:.0f} ms; beyond it, median of {RUNS}:")
    for statement, median in zip(STATEMENTS, medians, strict=True):
        print(f"  {statement:<30} {1000 * (median - bare):6.0f} ms")


if __name__ == "__main__":
    main()
