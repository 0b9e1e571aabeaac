"""The lab's folder: the few things that other programs must find as files, gone when the lab is."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from ..mail.errors import LabError
from .loop import STOPPED
from .wire import Wire

PREFIX = "smtplab-lab-"
_RANDOM = slice(11, 43)  # where a ClientHello has its random: RFC 8446 §4.1.2, after 11 octets of headers


class Scratch:
    """A folder under the system's temporary one, that only its user can enter.

    Making one removes those of this user's labs that were killed.
    """

    def __init__(self) -> None:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))

    def write(self, name: str, data: bytes) -> Path:
        """Write a file, and return its path. Raises LabError once the folder is gone."""
        if not self.folder.exists():
            raise LabError(STOPPED)
        path = self.folder / name
        path.touch(0o600)  # nobody but its owner can read it, whatever the umask is
        path.write_bytes(data)
        return path

    def close(self) -> None:
        """Remove the folder. Doing it twice is harmless."""
        shutil.rmtree(self.folder, ignore_errors=True)


class KeyLog:
    """The secrets of TLS sessions: OpenSSL writes them to a file, and each transcript gets its own.

    With them Wireshark reads what was said under TLS. The secrets are good for the lab's own sessions,
    and worth nothing to anyone else.
    """

    def __init__(self, path: Path) -> None:
        path.touch(0o600)
        self.path = path
        self._read = 0
        self._lines: dict[str, list[str]] = {}  # client random, in hex -> its lines

    def hand_over(self, wire: Wire) -> None:
        """Give the transcript of `wire` the secrets of the session that has just begun on it."""
        with self.path.open() as file:
            file.seek(self._read)
            for line in file.read().splitlines():
                self._lines.setdefault(line.split()[1], []).append(line)
            self._read = file.tell()
        hello = next((event.data for event in wire.transcript.wire if event.tls), b"")
        wire.transcript.keylog += self._lines.pop(hello[_RANDOM].hex(), [])


def _sweep() -> None:
    """Remove our folders of processes that are gone. Where that cannot be told, they stay."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if os.name == "posix" and owner.isdigit() and _ours(folder) and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _ours(folder: Path) -> bool:
    """Whether it is this user's: root would remove those of others, whose processes it may not see."""
    with contextlib.suppress(OSError):
        return folder.lstat().st_uid == os.geteuid()
    return False


def _alive(process: int) -> bool:
    with contextlib.suppress(PermissionError):  # somebody else's, and so alive
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
