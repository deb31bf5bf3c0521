"""Every algorithm of the course, each a small pure function: `from course_lib.algorithms import adam`.

What a module beside this file registers is found here under its own name; nothing is listed twice.
"""

import pkgutil
from importlib import import_module

from course_lib import registry

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        import_module(f"{__name__}.{_module.name}")

__all__ = [e.name for e in registry.entries() if e.function.__module__.startswith(__name__ + ".")]
globals().update({name: registry.get(name).function for name in __all__})
