"""Has items graded: here, in several processes, or on a Dask cluster. The rows come as they are finished."""

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict
from queue import SimpleQueue

from course_lib.classroom.desk import Desk, Item, Settings
from course_lib.classroom.results import as_row
from course_lib.grading.box import UIDS
from course_lib.grading.driver import unreadable
from course_lib.grading.marking import Graded
from course_lib.grading.release import read_release
from course_lib.messages import speaking, t
from course_lib.paths import repo_root

PATIENCE = "20s"  # with a scheduler that does not answer
TRIES = 2  # a process that ends while it grades is started once more


class Refused(Exception):
    """Nothing can be graded, here or on the cluster; the text says why and what to do."""


def graded(settings: Settings, items: list[Item], jobs: int = 1, scheduler: str = "") -> Iterator[dict]:
    """The rows of items, in any order.

    jobs: how many processes grade at once. scheduler: the address of a Dask scheduler, whose workers
    grade instead. Raises Refused, NoBox, NotGradable.
    """
    if scheduler:
        yield from _on_cluster(settings, items, scheduler)
    elif min(jobs, len(items)) > 1:
        yield from _side_by_side(settings, items, min(jobs, len(items)))
    else:
        with Desk(settings) as desk:
            for item in items:
                yield desk.grade(item)


class Away:
    """A desk in a process of its own. It is started with the first item, and again if it ends.

    share: of the uids, as `take_share` has it, where several work side by side.
    """

    def __init__(self, settings: Settings, share: tuple[int, ...] = ()):
        self._settings, self._share = settings, [str(number) for number in share]
        self._process, self._closed = None, False

    def grade(self, item: Item) -> dict:
        """The row of an item; where it ends the process time and again, one that says so. Raises Refused."""
        for _ in range(TRIES):
            try:
                answer = self._asked(item)
            except (OSError, ValueError):  # the pipe is broken, or ended within a line
                self._stop()
                continue
            if "refused" in answer:
                raise Refused(answer["refused"])
            return answer["row"]
        return _lost(item)

    def _asked(self, item):
        if self._closed:
            raise Refused(t("classroom.stopped"))
        if self._process is None:
            # -P: modules that lie where the grader was started are not ours
            command = [sys.executable, "-P", "-m", "course_lib.classroom.worker", *self._share]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._process = subprocess.Popen(command, **pipes, encoding="utf-8")
            self._tell(asdict(self._settings))
        self._tell(item.as_dict())
        return json.loads(self._process.stdout.readline())

    def _tell(self, value):
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def close(self):
        """End the process for good, and with it its boxes; another thread may be waiting for an answer."""
        self._closed = True
        self._stop()

    def _stop(self):
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not sent yet is not sent any more
                    pipe.close()


def _lost(item):
    """The row of an item at which the grader itself ended: a fault of ours, or too little memory."""
    release = read_release(repo_root() / item.release)
    with speaking(release.lang):
        problem = t("grading.own_fault", error=t("classroom.ended"))
    return as_row(item.student, item.place, Graded(unreadable(release, problem), ""))


def _side_by_side(settings, items, jobs):
    start = secrets.randbelow(UIDS)
    free, desks = SimpleQueue(), [Away(settings, (start, part, jobs)) for part in range(jobs)]
    for desk in desks:
        free.put(desk)

    def grade(item):
        desk = free.get()
        try:
            return desk.grade(item)
        finally:
            free.put(desk)

    pool = ThreadPoolExecutor(jobs)
    try:
        for future in as_completed([pool.submit(grade, item) for item in items]):
            yield future.result()
    finally:  # also at Ctrl+C: what is in work is not waited for
        pool.shutdown(wait=False, cancel_futures=True)
        for desk in desks:
            desk.close()


def _on_cluster(settings, items, address):
    try:
        from distributed import Client
        from distributed import as_completed as finished
    except ImportError:
        raise Refused(t("classroom.no_dask")) from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise Refused(t("classroom.no_scheduler", address=address, error=error)) from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise Refused(t("classroom.no_workers", address=address))
        futures = [client.submit(on_worker, asdict(settings), i.as_dict(), pure=False) for i in items]
        for future in finished(futures):
            yield future.result()
            future.release()


_away: dict[str, Away] = {}
_one_at_a_time = threading.Lock()


def on_worker(settings: dict, item: dict) -> dict:
    """Grade an item on a Dask worker, in a process beside it: grading needs a main thread of its own."""
    key = json.dumps(settings)
    with _one_at_a_time:
        if key not in _away:
            for old in _away.values():
                old.close()
            _away.clear()
            _away[key] = Away(Settings(**settings))
        return _away[key].grade(Item(**item))
