"""What a learner has done: remembered on their machine, shown on the start page, saved and restored as a zip.

session.py notes what happens in a notebook that a person has open; place.py says where, record.py how it is
stored. course.py reads what there is to do (units.json, which the builder makes of the sources), page.py and
map.py show it. work.py packs a learner's notebooks and restores them, archive.py examines what comes back.
panels.py has the buttons, binder.py the warning.
"""

from course_lib.progress.session import visit

__all__ = ["visit"]
