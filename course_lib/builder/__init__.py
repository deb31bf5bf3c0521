"""The builder: sources in both languages → notebooks, solutions, exercises, glossary and reference pages.

`build(root)` makes them, `check(root)` lists what must not be committed. One module per step: source.py reads
a file into blocks (guards.py, rules.py and quiz.py refuse what is wrong in it), pairs.py keeps both languages
together, notebooks.py and nbgrader_cells.py make cells of blocks, regions.py cuts answers out, execute.py
runs, freshness.py compares with what is stored, glossary.py and wording.py read the words.
"""

from course_lib.builder.building import Report, build, check
from course_lib.builder.problems import Problem

__all__ = ["Problem", "Report", "build", "check"]
