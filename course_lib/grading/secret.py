"""The instructor's secret, from which the hidden cases are drawn. It is kept outside the repository."""

import hashlib
import os
import secrets
from pathlib import Path

from course_lib.messages import t
from course_lib.paths import repo_root


class BadSecret(Exception):
    """The secret cannot be used; the text says why and what to do."""


def default_place() -> Path:
    """Where the secret lies unless an option says otherwise."""
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "course" / "grading-secret"


def read_secret(path: Path | None = None) -> bytes:
    """The secret; without a path the default one, made when first used. Raises BadSecret."""
    place = (path or default_place()).resolve()
    if place.is_relative_to(repo_root()):
        raise BadSecret(t("grading.secret_inside", path=place))
    if path is None and not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as opened:
            opened.write(secrets.token_hex(32) + "\n")
    try:
        secret = place.read_bytes().strip()
    except OSError as error:
        raise BadSecret(t("grading.secret_missing", path=place, error=error.strerror)) from None
    if len(secret) < 16:
        raise BadSecret(t("grading.secret_short", path=place))
    return secret


def seed_of(secret: bytes, release: str) -> int:
    """The seed of the hidden cases of a release: never 0, which gives the visible ones."""
    return 1 + int.from_bytes(hashlib.sha256(secret + b"\0" + release.encode()).digest()[:8])
