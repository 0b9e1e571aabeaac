"""Show the code: what is shown is pasted here, and says the same to the lab's servers."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from smtplab.lab.lab import Lab
from smtplab.mail.dialogue import lines
from smtplab.show.code import Target
from smtplab.show.code_tabs import html, tabs
from smtplab.show.script import Step, content

HELLO = "EHLO visitor.example"
AUTH = "AUTH PLAIN " + base64.b64encode(b"\0alice@acorn.example\0wonderland").decode()
# Whatever a shell or Python could take for its own: quotes, $, backquotes, a word that ends a heredoc.
TEXT = "From: alice@acorn.example\nSubject: it's \"hére\" $HOME `id` \\ %s\n\nHello\n.dot\nEND\n'''\n"
MESSAGE = content(TEXT)
MAIL: list[Step] = ["MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>"]
WHOLE: list[Step] = [*MAIL, "DATA", MESSAGE, "QUIT"]
CASES = {
    "clear": ("mx.birch.example", 25, "none", [HELLO, *WHOLE]),
    "starttls": ("mx.birch.example", 25, "none", [HELLO, "STARTTLS", HELLO, *WHOLE]),
    "implicit": ("mail.acorn.example", 465, "implicit", [HELLO, AUTH, *WHOLE]),
}
TOOLS = ("smtplib", "raw socket", "swaks", "shell")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        yield running


@pytest.fixture
def need(need_program: Callable[..., str]) -> Callable[[str, bool], None]:
    """`need("swaks", tls)`: the programs that a snippet calls."""

    def check(tool: str, tls: bool) -> None:
        if tool == "swaks":
            need_program("swaks")
        if tool == "shell":
            need_program("openssl" if tls else "curl")

    return check


def target(lab: Lab, host: str, port: int, tls: str = "none") -> Target:
    return Target(host, *lab.address(host, port), tls, lab.ca_file())  # type: ignore[arg-type]


def snippet(where: Target, script: list[Step], tool: str) -> str:
    code = where.code(script)
    return code["openssl" if where.secured(script) else "curl"] if tool == "shell" else code[tool]


def paste(text: str, tool: str) -> subprocess.CompletedProcess[str]:
    """Run a snippet as a reader would: in a shell, or in Python."""
    command = ["bash", "-c", text]
    if tool in ("smtplib", "raw socket"):
        command = [sys.executable, "-W", "error", "-c", text]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def commands(lab: Lab) -> list[str]:
    """What the last client of the lab's said, but for content."""
    kinds = ("command", "end")
    return [line.text.upper() for line in lines(lab.network.transcripts[-1]) if line.kind in kinds]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("case", CASES)
def test_pasted_code_says_the_same(lab: Lab, need: Callable[[str, bool], None], case: str, tool: str) -> None:
    host, port, tls, script = CASES[case]
    need(tool, case != "clear")
    where = target(lab, host, port, tls)
    before, sessions = len(lab.mailbox("bob@birch.example")), len(lab.transcripts)
    run = paste(snippet(where, script, tool), tool)
    assert run.returncode == 0, run.stdout + run.stderr
    lab.settle()
    transcript = lab.transcripts[sessions]
    said = [line.text.upper() for line in lines(transcript) if line.kind in ("command", "end")]
    assert said == [(step if isinstance(step, str) else ".").upper() for step in script]
    assert transcript.tls == (case != "clear")
    box = lab.mailbox("bob@birch.example")
    assert len(box) == before + 1
    assert TEXT.encode().replace(b"\n", b"\r\n") in box[-1].raw


@pytest.mark.parametrize("tool", ["smtplib", "raw socket"])
@pytest.mark.parametrize(
    "script",
    [
        [],
        [HELLO],
        [HELLO, "NOOP", "VRFY bob", "RCPT TO:<bob@birch.example>", "XYZZY it's", "RSET", "QUIT"],
        [HELLO, "MAIL FROM:<> SIZE=100", *MAIL, "DATA"],
        ["HELO visitor.example", *WHOLE],
    ],
)
def test_python_says_any_script(lab: Lab, script: list[Step], tool: str) -> None:
    run = paste(snippet(target(lab, "mx.birch.example", 25), script, tool), tool)
    assert run.returncode == 0, run.stderr
    assert commands(lab) == [(step if isinstance(step, str) else ".").upper() for step in script]


@pytest.mark.parametrize(
    ("script", "said", "note"),
    [
        ([], ["QUIT"], ""),
        ([HELLO, MAIL[0]], [HELLO, MAIL[0], "QUIT"], ""),
        ([HELLO, *MAIL, "DATA"], [HELLO, *MAIL, "QUIT"], ""),
        (
            [HELLO, MAIL[0], *["RCPT TO:<bob@birch.example>"] * 2],
            [HELLO, MAIL[0], MAIL[1], MAIL[1], "QUIT"],
            "",
        ),
        (["HELO visitor.example", *WHOLE], ["HELO visitor.example", *MAIL, "DATA", ".", "QUIT"], ""),
        ([HELLO, "MAIL FROM:<>", MAIL[1], "NOOP hm"], [HELLO, "MAIL FROM:<>", MAIL[1], "QUIT"], "NOOP hm"),
    ],
)
def test_swaks_goes_as_far_as_the_script(
    lab: Lab, need: Callable[[str, bool], None], script: list[Step], said: list[str], note: str
) -> None:
    need("swaks", False)
    text = snippet(target(lab, "mx.birch.example", 25), script, "swaks")
    run = paste(text, "swaks")
    assert run.returncode == 0, run.stdout + run.stderr
    assert commands(lab) == [line.upper() for line in said]
    assert ("# Left out" in text) == bool(note)
    assert note in text


# Not swaks: that of Debian 12 checks who signed the certificate, not the name in it.
@pytest.mark.parametrize("tool", ["smtplib", "raw socket", "shell"])
def test_a_certificate_of_another_name_is_refused(
    lab: Lab, need: Callable[[str, bool], None], tool: str
) -> None:
    need(tool, True)
    real = target(lab, "mx.birch.example", 25)
    wrong = Target("mail.mallory.example", real.address, real.port, "none", real.ca_file)
    run = paste(snippet(wrong, [HELLO, "STARTTLS", HELLO, "QUIT"], tool), tool)
    assert "verif" in (run.stdout + run.stderr).lower()
    assert commands(lab)[-1] == "STARTTLS"


def test_octets_that_are_no_text_survive_python(lab: Lab) -> None:
    message = content(b"Subject: x\n\n\xff\xfe caf\xe9\n")
    for tool in ("smtplib", "raw socket"):
        run = paste(snippet(target(lab, "mx.birch.example", 25), [HELLO, *MAIL, "DATA", message], tool), tool)
        assert run.returncode == 0, run.stderr
        lab.settle()
        assert b"\xff\xfe caf\xe9" in lab.mailbox("bob@birch.example")[-1].raw


def test_tabs_are_escaped_and_have_a_panel_each() -> None:
    made = tabs({"a": "x < y", "<b>": "</pre><script>"})
    assert made.count('role="tab"') == made.count('role="tabpanel"') == 2
    assert "<script>" not in made + html({"<b>": "</pre><script>"})
    assert tabs({}) == ""
