"""The SPF builder: boxes, record, meter and marks, the question, publishing, sending, and hostile text."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from smtplab import Lab
from smtplab.auth.advice import Advice
from smtplab.auth.spf import cost_tree, lint, parse
from smtplab.mail.errors import LabError
from smtplab.show import spf_answers
from smtplab.show.spf_builder import SpfBuilder
from smtplab.show.spf_code import zone_line
from smtplab.show.spf_meter import bar, meter
from smtplab.show.spf_record import record as marked
from tests.show.markup import seen

EVIL = '<script>window.pwned=1</script>"><img/src=x>\u202egnp.exe\x1b[31m'
ELEVEN = (
    "v=spf1 include:_spf.suite.example include:spf.protection.works.example include:spf.news.example -all"
)
MALLORY = "203.0.113.66"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def builder(lab: Lab) -> SpfBuilder:
    lab.dns.zone("acorn.example").set("@", "TXT", "v=spf1 mx -all")
    return lab.spf_builder()


def press(builder: SpfBuilder, do: str, value: str = "", on: bool = False, **typed: str) -> None:
    """What the page does: one message to the kernel, with all that stands in the fields."""
    about = {"ip": builder.draft.ip, "sender": builder.draft.sender, "helo": builder.draft.helo}
    builder._asked(
        builder, {"do": do, "value": value, "on": on, "text": builder.record, **about, **typed}, []
    )


# boxes and record -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "domain", "on", "after"),
    [
        ("v=spf1 mx -all", "x.example", True, "v=spf1 mx include:x.example -all"),
        ("v=spf1 include:X.example mx ~all", "x.example", False, "v=spf1 mx ~all"),
        ("v=spf1 +include:x.example -all", "x.example", True, "v=spf1 include:x.example -all"),
        ("v=spf1 exists:%{i}.y.example", "x.example", True, "v=spf1 include:x.example exists:%{i}.y.example"),
        ("", "x.example", True, "v=spf1 include:x.example"),
        ("v=spf1 nonsense -all", "x.example", True, "v=spf1 nonsense include:x.example -all"),
    ],
)
def test_a_service_is_put_in_and_taken_out_and_all_else_stays(
    record: str, domain: str, on: bool, after: str
) -> None:
    assert spf_answers.with_include(record, domain, on) == after


def test_networks_are_those_that_are_written_and_come_first() -> None:
    record = spf_answers.with_networks(
        "v=spf1 mx ip4:192.0.2.9 -all", "192.0.2.77/28; 2001:db8::1 192.0.2.64/28"
    )
    assert record == "v=spf1 ip4:192.0.2.64/28 ip6:2001:db8::1 mx -all"
    assert spf_answers.read(record).networks == ("192.0.2.64/28", "2001:db8::1")
    assert spf_answers.with_networks(record, " ") == "v=spf1 mx -all"
    with pytest.raises(LabError, match=r"'192\.0\.2\.256' is no address or network"):
        spf_answers.with_networks(record, "192.0.2.1 192.0.2.256")


def test_everybody_else_is_the_last_term() -> None:
    assert spf_answers.with_rest("v=spf1 -all exp=x.example", "~all") == "v=spf1 ~all exp=x.example"
    assert spf_answers.with_rest("v=spf1 mx +all", "") == "v=spf1 mx"
    assert spf_answers.read("v=spf1 mx +all").rest == "all"  # none of the choices
    with pytest.raises(LabError, match="choose one of"):
        spf_answers.with_rest("v=spf1", "all")


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("  v=spf1\n mx\t-all ", "v=spf1 mx -all"),
        ('acorn.example. 300 IN TXT "v=spf1 mx -a" "ll"', "v=spf1 mx -all"),
        ('"v=spf1 exists:\\"x\\" -all"', 'v=spf1 exists:"x" -all'),
        ('he said "hello"', 'he said "hello"'),
    ],
)
def test_a_record_is_found_in_what_was_pasted(text: str, record: str) -> None:
    assert spf_answers.pasted(text) == record


def test_ticking_boxes_writes_a_record_that_can_be_read(builder: SpfBuilder) -> None:
    press(builder, "use", "suite", True)
    press(builder, "networks", "192.0.2.10")
    press(builder, "mx", on=False)
    press(builder, "rest", "~all")
    assert builder.record == "v=spf1 ip4:192.0.2.10 include:_spf.suite.example ~all"
    assert len(parse(builder.record).terms) == 3
    assert (builder.parts["mx"], builder.parts["rest"], builder.parts["networks"]) == (
        False,
        "~all",
        "192.0.2.10",
    )
    assert re.findall(r'value="(\w+)" checked', builder.parts["services"]) == ["suite"]


def test_nobody_sends_and_back_again(builder: SpfBuilder) -> None:
    press(builder, "use", "crm", True)
    press(builder, "nobody", on=True)
    assert builder.record == "v=spf1 -all"
    assert builder.parts["nobody"] is True
    press(builder, "nobody", on=False)
    assert builder.record == "v=spf1 mx include:_spf.crmly.example -all"


def test_what_was_typed_stays_whatever_goes_wrong(builder: SpfBuilder) -> None:
    press(builder, "use", "crm", True, text="spf1 mx")
    assert builder.record == builder.parts["text"] == "spf1 mx"
    assert "let it begin with v=spf1" in seen(builder.message)
    press(builder, "networks", "nonsense", text="v=spf1 a -all", ip="1.2.3", helo="typed")
    assert (builder.record, builder.parts["ip"], builder.parts["helo"]) == ("v=spf1 a -all", "1.2.3", "typed")
    assert "'nonsense' is no address or network" in seen(builder.message)
    assert "Write the client's IP address" in seen(builder.parts["verdict"])
    with pytest.raises(LabError, match="IP address"):
        builder.attempt()


def test_messages_that_mean_nothing_do_nothing(builder: SpfBuilder) -> None:
    before = builder.parts
    for content in ({}, {"do": "use"}, {"do": "use", "value": 1, "on": "yes"}):
        builder._asked(builder, content, [])
    press(builder, "destroy")
    assert builder.parts is before
    press(builder, "use", "nobody-knows", True)
    assert "There is no service 'nobody-knows'" in seen(builder.message)


# the meter --------------------------------------------------------------------------------------


def test_the_meter_has_a_cell_a_lookup_and_the_eleventh_is_over(builder: SpfBuilder) -> None:
    press(builder, "write", text=ELEVEN)
    drawn = builder.parts["meter"]
    kinds = re.findall(r'class="sb-cell sb-(\w+)"', drawn)
    assert kinds == ["own", *["inner"] * 3, "own", *["inner"] * 2, "own", *["inner"] * 2, "over"]
    assert "✕ 11 lookups, and 10 are allowed: permerror from the eleventh on" in seen(drawn)
    assert "1 to 4: include:_spf.suite.example" in drawn  # for a screen reader
    costs = seen(drawn.partition("sb-costs")[2])
    assert "lookups 1–4 include:_spf.suite.example 4 lookups" in costs
    assert "include:us.spf.news.example 1 lookup ✕ past the limit of 10" in costs
    press(builder, "use", "works", False)
    assert "✓ 8 of 10 lookups, 2 left" in seen(builder.parts["meter"])
    assert builder.parts["meter"].count("sb-free") == 2


def test_a_meter_of_very_many_says_how_many_more(lab: Lab) -> None:
    record = "v=spf1 " + " ".join(f"a:x{n}.example" for n in range(40))
    tree = cost_tree("acorn.example", resolve=lab.resolve, record=record)
    drawn = str(bar(tree))
    assert drawn.count("sb-over") == 10
    assert ">20 more<" in drawn
    assert "void lookups" in seen(str(meter(tree)))


def test_the_services_say_what_they_cost_now(lab: Lab, builder: SpfBuilder) -> None:
    text = seen(builder.parts["services"])
    assert "include:spf.news.example 4 lookups" in text
    assert "include:spf.tickets.example 2 lookups" in text
    assert "~ spf.oldpost.example does not exist" in text


# the marks --------------------------------------------------------------------------------------


def test_each_remark_has_its_mark(builder: SpfBuilder) -> None:
    press(builder, "write", text="v=spf1 ptr ip4:192.0.2.0/8 -all mx")
    drawn = builder.parts["record"]
    marks = re.findall(r'<mark class="sb-mark smtplab-(\w+)">([^<]+)', drawn)
    assert [text for _, text in marks] == ["ptr", "ip4:192.0.2.0/8", "mx"]
    numbers = re.findall(r"<sup data-part=\"(\d)\">", drawn)
    assert sorted(numbers) == [str(n + 1) for n in range(len(builder.draft.advice))]
    assert "RFC 7208 §5.5" in seen(drawn)
    press(builder, "write", text="v=spf1 ip5:1.2.3.4 -all")
    assert '<mark class="sb-mark smtplab-no">ip5:1.2.3.4' in builder.parts["record"]
    assert "✕ an error" in seen(builder.parts["record"])
    press(builder, "write", text="v=spf1 mx -all")
    assert seen(builder.parts["record"]) == "✓ The linter has nothing to say about it."


def test_overlapping_marks_and_one_behind_the_end_are_all_there() -> None:
    text = "v=spf1 mx ptr"
    advice = [Advice("permerror", "one", (7, 13), ""), Advice("policy", "two", (10, 13), "")]
    advice += [Advice("policy", "three", (13, 13), ""), Advice("neutral", "four", (0, 13), "")]
    drawn = str(marked(text, advice))
    assert re.findall(r"smtplab-(\w+)\">([^<]*)<sup", drawn) == [
        ("no", "mx "),
        ("no", "ptr"),
    ]
    assert "sb-gap" in drawn
    assert seen(drawn).startswith("v=spf1 mx remark 1 ptr remark 2 remark 3 1 ✕ an error one")
    assert "four (the whole record)" in seen(drawn)


def test_of_a_long_record_only_the_marked_places_are_shown() -> None:
    text = "v=spf1 " + "ip4:192.0.2.1 " * 5000 + "ptr " + "ip4:192.0.2.1 " * 2000 + "-all"
    at = text.index("ptr")
    drawn = str(marked(text, [Advice("policy", "no ptr", (at, at + 3), "")]))
    assert len(drawn) < 6000
    assert re.search(r">ptr<sup", drawn)
    assert seen(drawn).count("characters") == 2


# the question, publishing, sending ------------------------------------------------------------------


def test_a_client_is_asked_about_and_the_change_is_diffed(builder: SpfBuilder) -> None:
    press(builder, "use", "news", True)
    press(builder, "client", "news")
    assert builder.draft.helo == "o1.news.example"
    assert seen(builder.parts["standing"]) == "~ A draft. Published is: v=spf1 mx -all"
    assert builder.verdict.result == "pass"
    assert "✓ pass SPF may 203.0.113.146 send mail for acorn.example?" in seen(builder.parts["verdict"])
    change = seen(builder.parts["change"])
    assert change.startswith("✕ fail → becomes ✓ pass")
    assert "no longer: fail: -all" in change and "new: pass: include:spf.news.example" in change
    assert 'aria-pressed="true" data-key="client-news"' in builder.parts["clients"]


def test_publishing_writes_the_record_and_keeps_other_texts(lab: Lab, builder: SpfBuilder) -> None:
    zone = lab.dns.zone("acorn.example")
    zone.set("@", "TXT", "v=spf1 mx -all", ["key=", "two strings"], "v=spf1 a -all")
    press(builder, "reset")
    assert "2 SPF records are published, and one is right" in seen(builder.parts["standing"])
    press(builder, "publish", text="v=spf1 a mx ~all")
    assert "Published: this is what receivers see" in seen(builder.parts["standing"])
    assert builder.parts["change"] == ""
    texts = sorted(record.value for record in zone if record.rdtype == "TXT" and record.name == "@")
    assert texts == ['"key=" "two strings"', '"v=spf1 a mx ~all"']
    press(builder, "publish", text="")
    assert [r.value for r in zone if r.rdtype == "TXT" and r.name == "@"] == ['"key=" "two strings"']
    assert builder.verdict.result == "none"


def test_a_message_is_sent_and_the_receiver_says_what_it_found(lab: Lab, builder: SpfBuilder) -> None:
    press(builder, "send")
    assert "mx.birch.example ✓ 250 2.0.0 to the message" in seen(builder.parts["sent"])
    assert "SPF check says ✓ pass" in seen(builder.parts["sent"])
    assert "Received-SPF: pass" in seen(builder.parts["sent"])
    assert "The dialogue" in builder.parts["sent"]
    lab.mta("mx.birch.example").checks.spf = "refuse"
    try:
        press(builder, "client", "mallory")
        press(builder, "send")
    finally:
        lab.mta("mx.birch.example").checks.spf = "mark"
    assert "✕ 550 5.7.23 to MAIL" in seen(builder.parts["sent"])
    assert lab.transcripts[-1].client.address == MALLORY
    press(builder, "send", text="v=spf1 +all")
    assert "The receiver sees what is published, not the draft" in seen(builder.parts["sent"])


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"ip": "198.51.100.250"}, "No host of the lab has the address 198.51.100.250"),
        ({"ip": "203.0.113.77"}, "home connections may not use port 25"),
        ({"helo": "a\r\nQUIT"}, "on one line each"),
    ],
)
def test_what_cannot_be_sent_is_a_sentence(builder: SpfBuilder, typed: dict[str, str], says: str) -> None:
    press(builder, "send", **typed)
    assert says in seen(builder.message)
    assert builder.sent is None


def test_a_step_takes_its_time_only_where_the_dns_does(lab: Lab, builder: SpfBuilder) -> None:
    press(builder, "write", text=ELEVEN)
    took = []
    for client in ("mallory", "news", "suite"):
        count, begun = len(lab.dns.queries), time.perf_counter()
        press(builder, "client", client)
        took.append(time.perf_counter() - begun)
        asked = [(query.name, query.rdtype) for query in lab.dns.queries[count:]]
        assert len(asked) == len(set(asked))  # each question once
    assert min(took) < 0.3  # 0.02 on a machine at rest


# hostile text -----------------------------------------------------------------------------------


def test_hostile_records_and_answers_are_shown_as_text(lab: Lab, builder: SpfBuilder) -> None:
    zone = lab.dns.zone("acorn.example")
    zone.set("evil", "TXT", f"v=spf1 include:{EVIL} -all")
    zone.set("@", "TXT", f"v=spf1 {EVIL} -all")
    press(builder, "reset")
    assert builder.verdict.result == "permerror"
    press(
        builder, "ask", text=f"v=spf1 include:evil.acorn.example {EVIL} -all", sender=f"{EVIL}@x", helo=EVIL
    )
    for part in (*map(str, builder.parts.values()), builder._html(), builder.message, builder.code):
        if part != builder.record and part not in (builder.draft.sender, builder.draft.helo):
            assert "<script" not in part
            assert "<img" not in part
            assert "\u202e" not in part
            assert "\x1b" not in part
    assert "\\u202egnp.exe" in seen(builder.parts["record"])
    assert "\x1b" not in repr(builder)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "v=spf1 " + "include:a.example " * 6000,
        "v=spf1 " + "ip4:192.0.2.1 " * 7000 + "-all",
        '"\\' * 50_000,
        "v=spf1 include:" + "%{s}" * 25_000,
        "v=spf1 " + "\u202e" * 50_000,
    ],
)
def test_a_hundred_kilobytes_are_drawn_in_little(builder: SpfBuilder, text: str) -> None:
    begun = time.perf_counter()
    press(builder, "write", text=text)
    press(builder, "use", "crm", True)
    press(builder, "networks", "192.0.2.1")
    assert time.perf_counter() - begun < 5
    drawn = [
        part
        for name, part in builder.parts.items()
        if isinstance(part, str) and name not in ("text", "networks")
    ]
    assert sum(map(len, drawn)) < 150_000
    assert len(builder.code) < 60_000


def test_a_dead_dns_is_a_result_and_no_error(lab: Lab, builder: SpfBuilder) -> None:
    lab.dns.fault("acorn.example", "servfail")
    try:
        press(builder, "write", text="v=spf1 include:_spf.suite.example mx -all")
        assert "A draft: no record is published yet." in seen(builder.parts["standing"])
        assert builder.comparison.before.result == "temperror"
        assert "could not be asked" in seen(builder.parts["meter"])
    finally:
        lab.dns.mend()


# without a kernel, and the code ---------------------------------------------------------------------


def test_it_has_a_still_form_and_a_text_form(builder: SpfBuilder) -> None:
    press(builder, "write", text=ELEVEN)
    bundle, _ = builder._repr_mimebundle_()
    still = seen(bundle["text/html"])
    assert "Who may send for acorn.example?" in still
    assert "11 lookups, and 10 are allowed" in still
    assert "What would change" in still
    assert "<button" not in bundle["text/html"]
    assert "11 of 10" in bundle["text/plain"]
    assert "Against what is published:\nfail -> permerror" in re.sub(
        r"pass -> ", "fail -> ", bundle["text/plain"]
    )


def test_the_code_runs_and_finds_the_same(lab: Lab, builder: SpfBuilder) -> None:
    press(builder, "write", text=ELEVEN)
    code = builder._snippets()
    assert set(code) == {"smtplab", "dns.resolver", "dig", "zone file", "Postfix and Exim"}
    assert "spf.build(include=['_spf.suite.example'," in code["smtplab"]
    ast.parse(code["smtplab"])
    done = subprocess.run(
        [sys.executable, "-c", code["dns.resolver"]], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.splitlines()[-1] == "11"
    assert code["dig"].count("dig @127.0.0.1") == 1 + 1 + 3 + 1 + 2 + 1 + 1 + 2
    space: dict[str, Any] = {"lab": lab}
    exec(code["smtplab"], space)
    assert space["record"] == ELEVEN
    assert lab.dns.zone("acorn.example").text().count("spf.news.example") == 1


def test_the_code_for_a_record_that_is_cut_off_is_a_program_too(builder: SpfBuilder) -> None:
    builder.write("v=spf1 " + " ".join(f"ip4:192.0.2.{n % 256}" for n in range(200)))
    code = builder._snippets()
    for name in ("smtplab", "dns.resolver"):
        assert "# and so on" in code[name]
        ast.parse(code[name])


def test_a_long_record_is_cut_into_strings_for_a_zone_file() -> None:
    line = zone_line("acorn.example", 'v=spf1 "\\ä\n' + "x" * 300)
    assert line.startswith('acorn.example. 300 IN TXT "v=spf1 \\"\\\\\\195\\164\\010xxx')
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    octets = [len(re.findall(r"\\[0-9]{3}|\\.|.", string)) for string in strings]
    assert octets == [255, len('v=spf1 "\\ä\n'.encode()) + 300 - 255]


def test_other_domains_and_domains_that_are_not_there(lab: Lab) -> None:
    birch = lab.spf_builder("Birch.example.")
    assert birch.draft.domain == "birch.example"
    assert birch.draft.sender == "postmaster@birch.example"
    assert [host.host for host in birch.hosts.values()][:2] == ["mx.birch.example", "mx2.birch.example"]
    below = lab.spf_builder("news.acorn.example")
    below.write("v=spf1 -all")
    below.publish()
    assert lint(below.record) == ()
    assert below.comparison.after.result == "fail"
    with pytest.raises(LabError, match="is in no zone here"):
        lab.spf_builder("nowhere.test")
