"""MathJax, fetched once from npm's registry, so that a page asks no other host for it."""

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from course_lib.messages import t
from course_lib.site import SiteError

VERSION = "3.2.2"
SHA512 = (
    "06df9249553c7811b6ef30a155ec0e89c62ced7b1db78d2a9b8f94a47c97ee4d"
    "3f3bd36588f73ec7bee4d7f144b0fb2328f64626fb5164cd6f3be81e5b43a11b"
)
FILES = ("LICENSE", "es5/tex-svg.js")  # its formulas are pictures: no fonts to load


def fetch(folder: Path) -> Path:
    """The folder with tex-svg.js, below `folder`; fetched if it is not there yet. Raises SiteError."""
    target = folder / f"mathjax-{VERSION}"
    if target.is_dir():
        return target
    npm = shutil.which("npm")
    if npm is None:
        raise SiteError(t("site.no_npm"))
    with TemporaryDirectory(dir=folder) as work:
        pack = [npm, "pack", "--silent", f"mathjax@{VERSION}"]
        if subprocess.run(pack, cwd=work, stdout=subprocess.DEVNULL).returncode:
            raise SiteError(t("site.npm_failed", version=VERSION))
        (package,) = Path(work).glob("*.tgz")
        if hashlib.sha512(package.read_bytes()).hexdigest() != SHA512:
            raise SiteError(t("site.other_mathjax", version=VERSION))
        ready = Path(work) / "ready"
        ready.mkdir()
        with tarfile.open(package) as archive:
            for name in FILES:
                (ready / Path(name).name).write_bytes(archive.extractfile(f"package/{name}").read())
        ready.rename(target)
    return target
