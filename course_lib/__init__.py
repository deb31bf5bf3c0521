"""How to make deep networks train: the library behind the course.

Importing this package loads neither torch nor matplotlib; they load when something needs them.
"""

__version__ = "0.1.0"
