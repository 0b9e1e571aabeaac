"""The capture of a transcript, as tshark reads it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.show.pcap import keylog, pcap, save

C, S = Side.CLIENT, Side.SERVER
OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MESSAGE = b"".join(b"%04d a line of content\r\n" % n for n in range(1000)) + b".\r\n"

needs_tshark = pytest.mark.usefixtures("tshark_there")


@pytest.fixture
def tshark_there(need_program: Callable[..., str]) -> None:
    need_program("tshark")


def transcript(*events: Event, v6: bool = False, number: int = 1) -> Transcript:
    client = Endpoint("mail.acorn.example", "2001:db8:a::10" if v6 else "192.0.2.10", 40_000 + number)
    server = Endpoint("mx.birch.example", "2001:db8:b::10" if v6 else "198.51.100.10", 25)
    return Transcript(number, client, server, OPENED, events=[], wire=list(events), closed=True)


def dialogue(v6: bool = False, number: int = 1) -> Transcript:
    said = [
        (S, b"220 mx.birch.example ESMTP\r\n"),
        (C, b"EHLO mail.acorn.example\r\n"),
        (S, b"250-mx.birch.example\r\n250 SIZE 1000000\r\n"),
        (C, b"MAIL FROM:<alice@acorn.example>\r\n"),
        (S, b"250 2.1.0 OK\r\n"),
        (C, b"RCPT TO:<bob@birch.example>\r\n"),
        (S, b"250 2.1.5 OK\r\n"),
        (C, b"DATA\r\n"),
        (S, b"354 Go on\r\n"),
        (C, MESSAGE),
        (S, b"250 2.0.0 Taken\r\n"),
        (C, b"QUIT\r\n"),
        (S, b"221 2.0.0 Bye\r\n"),
    ]
    events = [Event(n / 1000, side, data) for n, (side, data) in enumerate(said)]
    close = Event(0.5, S, kind="close", note="closed the connection")
    return transcript(*events, close, v6=v6, number=number)


def tshark(path: Path, *args: str) -> list[str]:
    checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    run = subprocess.run(
        ["tshark", "-r", str(path), *checks, *args], capture_output=True, text=True, timeout=60, check=True
    )
    return [line for line in run.stdout.splitlines() if line]


def written(tmp_path: Path, *transcripts: Transcript) -> Path:
    path = tmp_path / "mail.pcap"
    save(transcripts, path)
    return path


@needs_tshark
@pytest.mark.parametrize("v6", [False, True])
def test_tshark_reads_smtp(tmp_path: Path, v6: bool) -> None:
    path = written(tmp_path, dialogue(v6))
    fields = ["-T", "fields", "-e", "smtp.req.command"]
    assert tshark(path, "-Y", "smtp.req.command", *fields) == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    codes = tshark(path, "-Y", "smtp.response.code", "-T", "fields", "-e", "smtp.response.code")
    assert [code.split(",")[0] for code in codes] == ["220", "250", "250", "250", "354", "250", "221"]


@needs_tshark
@pytest.mark.parametrize("v6", [False, True])
def test_tshark_finds_nothing_wrong(tmp_path: Path, v6: bool) -> None:
    path = written(tmp_path, dialogue(v6), dialogue(v6, number=2))
    wrong = "_ws.malformed or tcp.checksum.status == 0 or ip.checksum.status == 0 or tcp.analysis.flags"
    assert tshark(path, "-Y", wrong) == []
    assert len(tshark(path, "-Y", "tcp.checksum.status == 1")) == len(tshark(path))
    assert tshark(path, "-Y", "tcp.len > 1460") == []


@needs_tshark
def test_the_content_comes_out_whole(tmp_path: Path) -> None:
    path = written(tmp_path, dialogue())
    stream = tshark(path, "-q", "-z", "follow,tcp,raw,0")
    octets = bytes.fromhex("".join(line.strip() for line in stream if re.fullmatch(r"\s*[0-9a-f]+", line)))
    assert MESSAGE in octets


@needs_tshark
@pytest.mark.parametrize(
    ("note", "flag"),
    [("closed the connection", "tcp.flags.fin == 1"), ("reset the connection", "tcp.flags.reset == 1")],
)
def test_the_end(tmp_path: Path, note: str, flag: str) -> None:
    path = written(tmp_path, transcript(Event(0.1, S, b"220 hi\r\n"), Event(0.2, C, kind="close", note=note)))
    ends = tshark(path, "-Y", flag, "-T", "fields", "-e", "ip.src")
    assert ends[0] == "192.0.2.10"
    assert len(ends) == (2 if "fin" in flag else 1)


@needs_tshark
def test_times_are_the_labs(tmp_path: Path) -> None:
    path = written(tmp_path, dialogue())
    times = tshark(path, "-T", "fields", "-e", "frame.time_epoch")
    assert float(times[0]) == pytest.approx(OPENED.timestamp(), abs=1e-5)
    assert float(times[-1]) == pytest.approx(OPENED.timestamp() + 0.5, abs=1e-5)


def test_an_open_connection_has_no_end() -> None:
    said = Event(0.1, S, b"220 hi\r\n")
    open_, closed = (
        transcript(said),
        transcript(said, Event(0.2, S, kind="close", note="closed the connection")),
    )
    assert len(pcap(open_)) < len(pcap(closed))


def test_keys_stand_beside_the_capture(tmp_path: Path) -> None:
    under_tls = dialogue()
    under_tls.keylog = ["CLIENT_RANDOM aa bb", "CLIENT_RANDOM aa bb", "CLIENT_RANDOM cc dd"]
    assert keylog(under_tls) == "CLIENT_RANDOM aa bb\nCLIENT_RANDOM cc dd\n"
    assert save(under_tls, tmp_path / "a.pcap") == [tmp_path / "a.pcap", tmp_path / "a.keys"]
    assert (tmp_path / "a.keys").read_text() == keylog(under_tls)
    assert save(dialogue(), tmp_path / "b.pcap") == [tmp_path / "b.pcap"]
