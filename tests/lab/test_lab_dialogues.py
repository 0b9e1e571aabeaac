"""Every dialogue in tests/dialogues/*.smtp, line by line against a live lab.

The grammar of such a file, one instruction a line:

    # text          a comment
    @ HOST PORT     opens a session (`@ HOST PORT early` does not read the greeting first)
    C: text         the client sends a line with CRLF; several in a row go out in one write
    C= b'bytes'     the client sends exactly these bytes
    S: pattern      the next reply, written `code enhanced text`, matches (* stands for anything)
    S+ pattern      the reply just matched also has a line that matches
    S- pattern      the reply just matched has no line that matches
    TLS             the client goes on under TLS
    ! expression    Python with `lab` at hand: must be true, or sets something with `:=` or setattr
"""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from smtplab.lab.client import Session
from smtplab.lab.lab import Lab
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply

FILES = sorted((Path(__file__).parent.parent / "dialogues").glob("*.smtp"))


class Player:
    """Plays one file. What was sent last is written when the next reply is asked for."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.session: Session | None = None
        self.pending = b""
        self.reply = Reply(220)

    def play(self, line: str) -> None:
        mark, _, rest = line.partition(" ")
        if mark == "@":
            self.open(*rest.split())
        elif mark == "C:":
            self.pending += rest.encode() + b"\r\n"
        elif mark == "C=":
            self.pending += ast.literal_eval(rest)
        elif mark == "S:":
            self.expect(rest)
        elif mark in ("S+", "S-"):
            assert any(fnmatchcase(text, rest) for text in self.reply.lines) == (mark == "S+"), self.reply
        elif mark == "TLS":
            self.secure()
        elif mark == "!":
            assert eval(rest, {"lab": self.lab, "session": self.session}), rest
        else:
            raise AssertionError(f"not an instruction: {line!r}")

    def open(self, host: str, port: str, early: str = "") -> None:
        self.flush()
        self.session = self.lab.connect(host, int(port), greeting=False)
        if not early:
            self.expect("220 *")

    def flush(self) -> None:
        if self.session and self.pending:
            self.session.write(self.pending)
        self.pending = b""

    def expect(self, pattern: str) -> None:
        assert self.session
        self.flush()
        if pattern == "closed":
            with pytest.raises(LabError, match="closed"):
                self.session.read()
            return
        self.reply = self.session.read()
        said = " ".join(filter(None, (str(self.reply.code), self.reply.enhanced, self.reply.lines[0])))
        assert fnmatchcase(said, pattern), f"expected {pattern!r}, got {said!r}"

    def secure(self) -> None:
        assert self.session
        self.session._sock = self.session._context.wrap_socket(
            self.session._sock, server_hostname=self.session.host
        )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dialogue(file: Path) -> None:
    with Lab() as lab:
        player = Player(lab)
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                try:
                    player.play(line.rstrip())
                except Exception as error:
                    raise AssertionError(f"{file.name}:{number}: {line}\n{error}") from error
        player.flush()
        lab.settle()
        assert lab._world.errors == []


def test_there_are_enough() -> None:
    assert len(FILES) >= 25
