"""Every dialogue in tests/dialogues/*.smtp, line by line against a live lab.

The grammar of such a file, one instruction a line:

    # text          a comment
    @ HOST PORT     opens a session (`@ HOST PORT early` does not read the greeting first)
    C: text         the client sends a line with CRLF; several in a row go out in one write
    C= expression   the client sends exactly these bytes, a Python expression
    S: pattern      the next reply, written `code enhanced text`, matches (* stands for anything)
    S+ pattern      the reply just matched also has a line that matches
    S- pattern      the reply just matched has no line that matches
    S: closed       the server has hung up
    TLS             the client goes on under TLS
    ! Python        a statement, or an expression that must be true, with `lab` and `session` at hand

Whatever a file is about, each reply must also be well-formed, and nothing may go wrong inside.
"""

from __future__ import annotations

from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from smtplab.lab.client import Session
from smtplab.lab.lab import Lab
from smtplab.mail.dialogue import lines
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply
from smtplab.mail.transcript import Side, Transcript

FILES = sorted((Path(__file__).parent.parent / "dialogues").glob("*.smtp"))


class Player:
    """Plays one file. What was sent last is written when the next reply is asked for."""

    def __init__(self, lab: Lab) -> None:
        self.names: dict[str, Any] = {"lab": lab, "session": None}
        self.pending = b""
        self.reply = Reply(220)

    @property
    def session(self) -> Session:
        session: Session = self.names["session"]
        return session

    def play(self, line: str) -> None:
        mark, _, rest = line.partition(" ")
        if mark == "@":
            self.open(*rest.split())
        elif mark == "C:":
            self.pending += rest.encode() + b"\r\n"
        elif mark == "C=":
            self.pending += eval(rest)
        elif mark == "S:":
            self.expect(rest)
        elif mark in ("S+", "S-"):
            assert any(fnmatchcase(text, rest) for text in self.reply.lines) == (mark == "S+"), self.reply
        elif mark == "TLS":
            self.secure()
        elif mark == "!":
            self.python(rest)
        else:
            raise AssertionError(f"not an instruction: {line!r}")

    def open(self, host: str, port: str, early: str = "") -> None:
        self.flush()
        self.close()
        self.names["session"] = self.names["lab"].connect(host, int(port), greeting=False)
        if not early:
            self.expect("220 *")

    def flush(self) -> None:
        if self.pending:
            self.session.write(self.pending)
        self.pending = b""

    def close(self) -> None:
        if self.session:
            self.session.close()

    def expect(self, pattern: str) -> None:
        self.flush()
        if pattern == "closed":
            with pytest.raises(LabError, match="closed"):
                self.session.read()
            return
        self.reply = self.session.read()
        said = " ".join(filter(None, (str(self.reply.code), self.reply.enhanced, *self.reply.lines[:1])))
        assert fnmatchcase(said, pattern), f"expected {pattern!r}, got {said!r}"

    def secure(self) -> None:
        session = self.session
        session._sock = session._context.wrap_socket(session._sock, server_hostname=session.host)

    def python(self, code: str) -> None:
        self.flush()
        try:
            expression = compile(code, code, "eval")
        except SyntaxError:
            exec(code, self.names)
        else:
            assert eval(expression, self.names), code


def check_replies(transcript: Transcript) -> None:
    """Each reply line is at most 512 octets (RFC 5321 §4.5.3.1.5) and ASCII, each reply but a greeting,
    a 3yz and those to EHLO and HELO has an enhanced code (RFC 2034 §4), and nothing is out of turn."""
    said = b"".join(event.data for event in transcript.events if event.side is Side.SERVER)
    assert all(len(line) <= 512 and line.endswith(b"\r\n") for line in said.splitlines(keepends=True))
    for line in lines(transcript):
        if line.kind == "reply" and line.verb not in ("EHLO", "HELO"):
            assert line.reply
            assert line.reply.enhanced or line.reply.is_intermediate, line


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dialogue(file: Path) -> None:
    with Lab() as lab, closing(Player(lab)) as player:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                try:
                    player.play(line)
                except Exception as error:
                    raise AssertionError(f"{file.name}:{number}: {line}\n{error}") from error
        player.flush()
        lab.settle()
        for transcript in lab.transcripts:
            check_replies(transcript)
        assert lab._world.errors == []


def test_there_are_enough() -> None:
    assert len(FILES) >= 25
