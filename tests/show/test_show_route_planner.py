"""The route planner: what it draws of a route and of a try, and that all of it is text."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from smtplab import Lab
from smtplab.mail.errors import LabError, RecordError
from smtplab.mail.reply import Reply
from smtplab.show.route_planner import RoutePlanner
from tests.show.markup import seen

BOB = "bob@birch.example"
MX, MX2 = "mx.birch.example", "mx2.birch.example"
HOSTILE = "<script>window.pwned=1</script>.birch.example"
EVIL = '<script>window.pwned=1</script>"><img/src=x>\u202egnp.exe\x1b[31m'


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


def press(planner: RoutePlanner, do: str, to: str = BOB, place: str = "direct") -> None:
    """What the page does: one message to the kernel."""
    planner._asked(planner, {"do": do, "to": to, "place": place}, [])


def rows(planner: RoutePlanner) -> list[str]:
    """The board, line by line."""
    pieces = re.split(r"<li ", planner.parts["board"])[1:]
    return [seen(f"<li {piece}").strip() for piece in pieces]


def mx(lab: Lab, *values: str) -> None:
    lab.dns.zone("birch.example").set("@", "MX", *values)


# the plan ---------------------------------------------------------------------------------------


def test_the_plan_shows_questions_and_targets_in_order(lab: Lab) -> None:
    planner = lab.route_planner()
    asked = seen(planner.parts["lookups"])
    assert "birch.example MX → 10 mx.birch.example. 20 mx2.birch.example." in asked
    assert "mx2.birch.example AAAA → · no such record" in asked
    assert rows(planner) == [
        "mail.acorn.example 192.0.2.10 PTR mail.acorn.example 2001:db8:a::10 PTR mail.acorn.example",
        "preference 10 mx.birch.example",
        "1 198.51.100.10",
        "2 2001:db8:b::10",
        "preference 20 mx2.birch.example",
        "3 198.51.100.11",
    ]
    assert "2 hosts with 3 addresses, tried in this order" in seen(planner.parts["banner"])
    assert planner.tried is None
    assert lab.transcripts == []


def test_what_a_lesson_breaks_stands_in_its_place(lab: Lab) -> None:
    mx(lab, "5 gone.birch.example", "10 web.birch.example", "30 198.51.100.10")
    lab.dns.zone("birch.example").set("web", "CNAME", MX2)
    text = rows(lab.route_planner())
    assert text[1].startswith("✕ preference 5 gone.birch.example ✕ there is no such host RFC 5321 §5.1")
    assert text[2].startswith("preference 10 web.birch.example ~ it is an alias of mx2.birch.example")
    assert text[3] == "1 198.51.100.11"
    assert "an MX holds a name, and this is an address" in text[4]


def test_a_null_mx_and_a_dead_dns(lab: Lab) -> None:
    mx(lab, "0 .")
    planner = lab.route_planner()
    assert rows(planner)[-1] == "✕ ✕ 556 5.1.10 Recipient address has null MX: birch.example RFC 7505 §3"
    assert "Nobody is asked" in seen(planner.parts["banner"])
    lab.dns.fault("birch.example", "servfail")
    press(planner, "plan")
    assert "~ 451 4.4.3 The DNS did not answer" in rows(planner)[-1]
    assert "The message waits" in seen(planner.parts["banner"])
    assert "the server answered SERVFAIL" in seen(planner.parts["lookups"])


def test_each_place_has_its_own_route(lab: Lab) -> None:
    planner = lab.route_planner(source="alice.home.example")
    assert planner.place.key == "home"
    assert "2001:db8:b::10" not in planner.parts["board"]
    lab.dns.zone("113.0.203.in-addr.arpa").delete("77")
    planner.plan()
    assert rows(planner)[0] == "alice.home.example 203.0.113.77 ~ no PTR"
    planner.choose("relay")
    assert rows(planner)[1:] == ["smart host out.relay.example", "1 203.0.113.9"]
    planner.plan("alice@acorn.example", "direct")
    assert "at home on mail.acorn.example" in seen(planner.parts["banner"])
    assert lab.route_planner(source="mx.forward.example").place.host == "mx.forward.example"


# the try ----------------------------------------------------------------------------------------


def test_a_try_falls_through_and_tells_each_answer(lab: Lab) -> None:
    lab.dns.zone("birch.example").set("mx", "A", "198.51.100.99")
    planner = lab.route_planner()
    press(planner, "try")
    text = rows(planner)
    assert "~ no reply timed out: no answer from 198.51.100.99 port 25 (so the next one is tried)" in text[2]
    assert "✓ 250 2.0.0 OK, queued as" in text[3]
    assert text[5] == "3 198.51.100.11 · not tried"
    assert "mx.birch.example at 2001:db8:b::10 took it: 2 attempts." in seen(planner.parts["banner"])
    assert planner.parts["board"].count("<svg") >= 1
    assert "SMTP dialogue between mail.acorn.example and mx.birch.example" in planner.parts["board"]
    assert len(lab.mailbox(BOB)) == 1
    press(planner, "plan")
    assert planner.tried is None
    assert "not tried" not in planner.parts["board"]


def test_from_home_and_through_the_smart_host(lab: Lab) -> None:
    planner = lab.route_planner()
    press(planner, "try", place="home")
    banner = seen(planner.parts["banner"])
    assert "✕ failed" in banner
    assert "Nobody took it: 2 attempts." in banner
    assert rows(planner)[-1].endswith("(and that was the last one)")
    press(planner, "try", place="relay")
    assert "took it and handed it on to mx.birch.example." in seen(planner.parts["banner"])
    assert "out.relay.example → mx.birch.example 198.51.100.10" in rows(planner)[-1]
    assert "AUTH PLAIN" in planner.parts["board"]
    assert "b2Fr" not in planner.parts["board"]  # the password


def test_a_refusal_is_final(lab: Lab) -> None:
    planner = lab.route_planner("nobody@birch.example")
    press(planner, "try", "nobody@birch.example")
    assert "refused it for good, so no other host is asked: 1 attempt." in seen(planner.parts["banner"])
    assert "to RCPT; this is final: no other host is asked" in rows(planner)[2]


def test_what_cannot_be_sent(lab: Lab) -> None:
    mx(lab, "0 .")
    planner = lab.route_planner()
    press(planner, "try")
    assert "Nothing was sent: 556 5.1.10" in seen(planner.parts["banner"])
    press(planner, "try", "alice@acorn.example")
    assert "There is nothing to send: the mail is at home here." in planner.message
    press(planner, "plan", "bob")
    assert "whole address" in planner.message
    press(planner, "plan", " ")
    assert "whole address" in planner.message
    press(planner, "plan", "<b@c@d>")
    assert planner.message
    for wrong in (
        {"do": "plan"},
        {"do": "try", "to": 1, "place": "home"},
        {"do": "try", "to": BOB, "place": "x"},
    ):
        assert planner._act(wrong, []) is None
    with pytest.raises(LabError, match="There is no place 'x'"):
        planner.choose("x")
    with pytest.raises(RecordError):
        lab.route_planner("a b@birch.example")


# hostile text -----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
def test_hostile_records_and_replies_are_text(lab: Lab) -> None:
    zone = lab.dns.zone("birch.example")
    mx(lab, f"5 {HOSTILE}", "10 <b>alias.birch.example", r"20 \027\"&lt;.birch.example", f"30 {MX}")
    zone.set("<b>alias", "CNAME", f"{HOSTILE}.")
    answering = lab.mta(MX)

    async def say(*arguments: Any) -> Reply:
        return Reply(554, "5.7.1", (EVIL,))

    answering.accept = say  # type: ignore[method-assign]
    planner = lab.route_planner()
    press(planner, "try")
    html = str(planner._html())
    for made in (*planner.parts.values(), html, planner.code):
        if isinstance(made, str):
            assert not re.search(r"<(script|img|b)[ >/]", made)
            assert "\u202e" not in made
            assert "\x1b" not in made
    assert "<script>window.pwned=1</script>" in seen(planner.parts["board"])
    assert "<script>" in repr(planner)
    assert "\u202e" not in repr(planner)


# the code, and without a kernel -----------------------------------------------------------------


def snippets(lab: Lab, place: str) -> dict[str, str]:
    planner = lab.route_planner()
    planner.choose(place)
    return dict(planner._snippets())


def test_the_python_code_does_the_same(lab: Lab) -> None:
    lab.dns.zone("birch.example").set("mx", "A", "198.51.100.99")
    code = snippets(lab, "direct")["dns.resolver and smtplib"]
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout.splitlines() == [
        "try mx.birch.example. 198.51.100.99",
        "no answer: '198.51.100.99'",
        "try mx.birch.example. 2001:db8:b::10",
    ]
    assert len(lab.mailbox(BOB)) == 1


def test_the_code_for_a_null_mx_and_for_the_smart_host(lab: Lab) -> None:
    code = snippets(lab, "relay")["dns.resolver and smtplib"]
    subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=True)
    lab.settle()
    assert len(lab.mailbox(BOB)) == 1
    mx(lab, "0 .")
    code = snippets(lab, "direct")["dns.resolver and smtplib"]
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert "556 5.1.10" in ran.stderr


def test_the_code_for_an_address_literal(lab: Lab) -> None:
    lab.mta(MX).store.add("bob@[198.51.100.10]")
    planner = lab.route_planner("bob@[198.51.100.10]")
    assert rows(planner)[1:] == ["address literal [198.51.100.10]", "1 198.51.100.10"]
    code = dict(planner._snippets())
    assert "# nothing is asked" in code["dig and swaks"]
    code = code["dns.resolver and smtplib"]
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout == "try [198.51.100.10] 198.51.100.10\n"
    assert len(lab.mailbox("bob@[198.51.100.10]")) == 1


def test_the_shell_code_asks_what_was_asked(lab: Lab) -> None:
    made = snippets(lab, "direct")["dig and swaks"]
    assert [line.split("-q ")[1] for line in made.splitlines() if line.startswith("dig")] == [
        "birch.example -t MX",
        "mx.birch.example -t A",
        "mx.birch.example -t AAAA",
        "mx2.birch.example -t A",
        "mx2.birch.example -t AAAA",
    ]
    assert made.count("swaks --server 127.0.0.1:") == 3
    relayed = snippets(lab, "relay")
    assert "--tls-sni out.relay.example --auth PLAIN" in relayed["dig and swaks"]
    assert "relayhost = [out.relay.example]:587" in relayed["Postfix"]
    assert "relayhost =\n" in snippets(lab, "direct")["Postfix"]


def test_hostile_names_are_quoted_in_the_code(lab: Lab) -> None:
    mx(lab, r"10 -f\;touch`id`.birch.example", f"20 {MX}")
    made = snippets(lab, "direct")
    assert r"""-q '-f\;touch`id`.birch.example' -t A""" in made["dig and swaks"]
    ast.parse(made["dns.resolver and smtplib"])


def test_it_stands_without_a_kernel(lab: Lab) -> None:
    planner = lab.route_planner()
    press(planner, "try")
    html = str(planner._html())
    for part in ("What the DNS was asked", "Whom to try, in this order", "took it", "How this was decided"):
        assert part in html
    assert "<script" not in html
    assert "<button" not in html
    assert "preference 10  mx.birch.example: 198.51.100.10" in repr(planner)
    assert "→ mx.birch.example 198.51.100.10: 250 2.0.0 OK" in repr(planner)
