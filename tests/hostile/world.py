"""What lies around the box, and must be as it was: files, processes, a port, the environment."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course_lib.grading import box, kernel
from tests.grading.made import RIGHT, ROOT


class World:
    """A folder that anybody may write to, a secret in it, listeners, and a process to be harmed.

    token: a word that occurs nowhere else. lived: the processes that were in a box when it was ended.
    """

    def __init__(self):
        self.token = secrets.token_hex(8)
        self.folder = Path(tempfile.mkdtemp(prefix="hostile-", dir="/tmp"))
        self.folder.chmod(0o777)
        (self.folder / "open.txt").write_text(f"the word is {self.token}")
        (self.folder / "reference.py").write_text(RIGHT)
        private = self.folder / "private.txt"
        private.touch(0o600)
        private.write_text(f"the word is {self.token}")
        self._file = os.open(private, os.O_RDONLY)
        os.set_inheritable(self._file, True)
        self._before = self._files()
        self._listeners = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self._listeners[1].bind(f"\0{self.token}")
        self._listeners[1].listen()
        self.victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", self.token])
        self.lived = []

    def fill(self, source):
        """The source with what an attacker would have to know here in the place of @WORDS@."""
        words = {"ROOT": ROOT, "FOLDER": self.folder, "TOKEN": self.token, "FILE": self._file}
        words |= {"VICTIM": self.victim.pid, "PORT": self._listeners[0].getsockname()[1]}
        for word, value in words.items():
            source = source.replace(f"@{word}@", str(value))
        return source

    def _files(self):
        return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in self.folder.iterdir()}

    def called(self) -> bool:
        """Whether somebody connected to one of the listeners."""
        for listener in self._listeners:
            listener.settimeout(0.05)
            try:
                listener.accept()[0].close()
            except TimeoutError:
                continue
            return True
        return False

    def wrote(self) -> bool:
        """Whether something in the folder is not as it was, or lies in the shared memory."""
        return self._files() != self._before or any(self.token in name for name in os.listdir("/dev/shm"))

    def harmed(self) -> bool:
        """Whether the process was ended."""
        time.sleep(0.05)
        return self.victim.poll() is not None

    def watch_kills(self, patch):
        """From now on remember what lives in a box when it is ended."""
        kill = box.Box.kill

        def remembering(one):
            if one._process is not None:
                self.lived += [(pid, _started(pid)) for pid in kernel.descendants(one._process.pid)]
            kill(one)

        patch.setattr(box.Box, "kill", remembering)

    def survivors(self) -> list:
        """The processes of ended boxes that are still there after a moment."""
        for _ in range(100):
            alive = [pid for pid, began in self.lived if began is not None and _started(pid) == began]
            if not alive:
                return []
            time.sleep(0.02)
        return alive

    def strays(self) -> list:
        """Processes with our word on their command line, other than the one to be harmed."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if self.token.encode() in words and int(folder.name) != self.victim.pid:
                found.append(int(folder.name))
        return found

    def close(self):
        """Put everything away."""
        os.close(self._file)
        self.victim.kill()
        self.victim.wait()
        for pid in self.strays():
            os.kill(pid, 9)
        for listener in self._listeners:
            listener.close()
        for name in os.listdir("/dev/shm"):
            if self.token in name:
                os.unlink(f"/dev/shm/{name}")
        for note in Path("/tmp").glob(f"*{self.token}"):
            note.rmdir()
        shutil.rmtree(self.folder)


def _started(pid):
    """When a living process was started, in the kernel's ticks; None for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
