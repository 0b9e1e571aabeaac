"""What the real tools print is read: dig, host and nslookup ask the lab's DNS, and nothing is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest

from smtplab import Lab
from smtplab.auth.answers import read
from smtplab.mail.route import Answer, Question

LONG = "v=DKIM1; k=rsa; p=" + "A" * 500
ASKED = {
    ("acorn.example", "TXT"): Answer("found", ("v=spf1 mx -all",)),
    ("birch.example", "MX"): Answer("found", ("10 mx.birch.example.", "20 mx2.birch.example.")),
    ("key.acorn.example", "TXT"): Answer("found", (LONG,), "long.acorn.example"),
    ("acorn.example", "AAAA"): Answer("no data"),
    ("nobody.acorn.example", "TXT"): Answer("no such name"),
    ("down.acorn.example", "TXT"): Answer("no answer", note="SERVFAIL"),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(seed=1) as lab:
        zone = lab.dns.zone("acorn.example")
        zone.set("long", "TXT", LONG)
        zone.set("key", "CNAME", "long.acorn.example.")
        lab.dns.fault("down.acorn.example", "servfail")
        yield lab


def printed(lab: Lab, tool: str, program: str, name: str, rdtype: str) -> str:
    """The command line and what came out."""
    host, port = lab.dns.address
    command = {
        "dig": [program, f"@{host}", "-p", str(port), "+tries=1", rdtype, name],
        "dig +noall +answer": [program, f"@{host}", "-p", str(port), "+noall", "+answer", rdtype, name],
        "dig +short": [program, f"@{host}", "-p", str(port), "+short", rdtype, name],
        "host": [program, "-W", "2", "-R", "1", "-p", str(port), "-t", rdtype, f"{name}.", host],
        "nslookup": [program, f"-port={port}", f"-type={rdtype}", f"{name}.", host],
    }[tool]
    out = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
    return "$ " + " ".join([tool.split()[0], *command[1:]]) + "\n" + out


@pytest.mark.parametrize("tool", ["dig", "dig +noall +answer", "dig +short", "host", "nslookup"])
def test_real_output(lab: Lab, need_program: Callable[..., str], tool: str) -> None:
    program = need_program(tool.split()[0])
    text = "\n".join(printed(lab, tool, program, *question) for question in ASKED)
    answers = read(text)
    for question, expected in ASKED.items():
        found = answers.find(Question(*question))
        if "+" in tool and expected.status != "found":
            assert found is None  # these forms print nothing, which may mean several things
            continue
        assert found is not None, (question, text)
        assert (found.status, sorted(found.values)) == (expected.status, sorted(expected.values))
        assert found.alias == expected.alias
    assert [text[slice(*one.span)] for one in answers.remarks if "not understood" in one.message] == []
