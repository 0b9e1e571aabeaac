"""tshark reads the captures that the lab exports: as SMTP where it was clear and, with keys, under TLS."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.transcript import Transcript
from smtplab.show.pcap import save

TO_BOB = ("EHLO mail.acorn.example", "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def tshark(need_program: Callable[..., str]) -> Callable[..., list[str]]:
    """`tshark(file, *options)`: the lines that it prints about a capture."""
    program = need_program("tshark")

    def read(file: Path, *options: str) -> list[str]:
        done = subprocess.run(
            [program, "-n", "-r", str(file), *options], capture_output=True, timeout=60, text=True, check=True
        )
        return done.stdout.splitlines()

    return read


def wait_for(lab: Lab, transcript: Transcript) -> None:
    while not transcript.closed:
        lab._world.thread.run(asyncio.sleep(0.001))


def test_a_clear_dialogue_is_smtp(lab: Lab, tshark, tmp_path: Path) -> None:
    with lab.connect("mx.birch.example") as session:
        session.say(*TO_BOB, "DATA", b"From: alice@acorn.example\nSubject: captured\n\nHello\n", "QUIT")
        transcript = session.transcript
    wait_for(lab, transcript)
    [file] = save(transcript, tmp_path / "mail.pcap")

    commands = tshark(file, "-Y", "smtp.req.command", "-T", "fields", "-e", "smtp.req.command")
    assert commands == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    codes = tshark(file, "-Y", "smtp.response.code", "-T", "fields", "-e", "smtp.response.code")
    assert [line.split(",")[0] for line in codes] == ["220", "250", "250", "250", "354", "250", "221"]
    fields = tshark(
        file,
        "-Y",
        "smtp.req.command == EHLO",
        "-T",
        "fields",
        "-e",
        "ip.src",
        "-e",
        "ip.dst",
        "-e",
        "tcp.dstport",
    )
    assert fields == ["192.0.2.10\t198.51.100.10\t25"]
    assert tshark(file, "-Y", "imf", "-T", "fields", "-e", "imf.subject") == ["captured"]
    # The packets are sound: nothing that Wireshark would mark, and checksums that are right.
    checked = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    assert tshark(file, *checked, "-Y", "_ws.expert.severity >= warning || tcp.checksum.status == 0") == []


def test_a_dialogue_over_ipv6(lab: Lab, tshark, tmp_path: Path) -> None:
    with lab.connect("2001:db8:b::10") as session:
        session.say("EHLO x", "QUIT")
        transcript = session.transcript
    wait_for(lab, transcript)
    [file] = save(transcript, tmp_path / "mail.pcap")
    fields = tshark(
        file, "-Y", "smtp.req.command == EHLO", "-T", "fields", "-e", "ipv6.src", "-e", "ipv6.dst"
    )
    assert fields == ["2001:db8:a::10\t2001:db8:b::10"]


def test_starttls_with_and_without_the_keys(lab: Lab, tshark, tmp_path: Path) -> None:
    with lab.connect("mx.birch.example") as session:
        session.say("EHLO before.example", "STARTTLS", *TO_BOB, "DATA", b"Subject: sealed\n\nHello\n", "QUIT")
        transcript = session.transcript
    wait_for(lab, transcript)
    file, keys = save(transcript, tmp_path / "mail.pcap")
    fields = ("-Y", "smtp.req.command", "-T", "fields", "-e", "smtp.req.command")

    assert tshark(file, *fields) == ["EHLO", "STAR"]  # tshark shows four letters of a verb
    assert not any("sealed" in line for line in tshark(file, "-V"))
    with_keys = tshark(file, "-o", f"tls.keylog_file:{keys}", *fields)
    assert with_keys[:6] == ["EHLO", "STAR", "EHLO", "MAIL", "RCPT", "DATA"]
    assert any("sealed" in line for line in tshark(file, "-o", f"tls.keylog_file:{keys}", "-V"))


def test_submission_by_implicit_tls(lab: Lab, tshark, tmp_path: Path) -> None:
    with lab.connect("mail.acorn.example", 465) as session:
        session.say("EHLO x", "AUTH PLAIN AGFsaWNlQGFjb3JuLmV4YW1wbGUAd29uZGVybGFuZA==", "QUIT")
        transcript = session.transcript
    wait_for(lab, transcript)
    file, keys = save(transcript, tmp_path / "mail.pcap")
    options = ("-o", f"tls.keylog_file:{keys}", "-d", "tls.port==465,smtp", "-Y", "smtp.req.command")
    assert tshark(file, *options, "-T", "fields", "-e", "smtp.req.command") == ["EHLO", "AUTH", "QUIT"]
    assert tshark(file, "-Y", "smtp") == []


def test_a_whole_delivery_in_one_file(lab: Lab, tshark, tmp_path: Path) -> None:
    delivery = lab.submit("From: alice@acorn.example\nTo: bob@birch.example, trees@list.example\n\nHello\n")
    for transcript in delivery.transcripts:
        wait_for(lab, transcript)
    file, keys = save(delivery.transcripts, tmp_path / "mail.pcap")
    streams = tshark(
        file, "-o", f"tls.keylog_file:{keys}", "-Y", "smtp.req.command matches \"(?i)mail\"",
        "-T", "fields", "-e", "tcp.stream", "-e", "ip.src",
    )  # fmt: skip
    assert len({line.split("\t")[0] for line in streams}) == len(delivery.transcripts) == 5
    sources = sorted(line.split("\t")[1] for line in streams)
    assert sources == ["192.0.2.10", "192.0.2.10", "192.0.2.50", "192.0.2.50", "203.0.113.77"]
