"""`python -m course_lib.site`: build the site into build/site/html; what is missing is said in a sentence."""

import os
import sys

os.environ["COURSE_PROGRESS"] = "off"  # what is computed here is nobody's progress

from course_lib.messages import t
from course_lib.paths import repo_root
from course_lib.site import SiteError
from course_lib.site.build import build


def main():
    """Build, and say where the site lies. Returns the exit status."""
    try:
        front = build(repo_root())
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    print(t("site.done", path=front))
    return 0


sys.exit(main())
