"""What only teachers have of exercise 11: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

import re
from typing import Any

from smtplab.course.graded.mark import Marks, each
from smtplab.course.graded.probe import Probe, Tried
from smtplab.course.graded.sets.e11_firm import asked, sent
from smtplab.course.graded.teaching import Looked, Mistake
from smtplab.course.graded.world import World

RUA = "rua=mailto:d@a.example"
# name of the group -> (record, whose name, what is right)
TRIALS: dict[str, list[tuple[str, str, str | None]]] = {
    "spaces, capitals and order": [
        (f"v=DMARC1;p=Reject;{RUA}", "domain", "reject"),
        (f"v = DMARC1 ; p = quarantine ;\tsp\t=\tNONE ; {RUA}", "below", "none"),
        (f"v=DMARC1; {RUA}?subject=p=none; adkim=s; np=QUARANTINE; p=reject;", "missing", "quarantine"),
        (f"v=DMARC1; sp=quarantine ; p=none; {RUA} ; ", "missing", "quarantine"),
    ],
    "unknown, twice, missing, a test": [
        (f"v=DMARC1; p=reject; pct=20; rf=afrf; {RUA}", "below", "reject"),
        (f"v=DMARC1; p=none; p=reject; {RUA}", "domain", "none"),
        (f"v=DMARC1; sp=reject; {RUA}", "below", "none"),
        (f"v=DMARC1; p=junk; {RUA}", "domain", "none"),
        (f"v=DMARC1; p=reject; np=maybe; {RUA}", "domain", "none"),
        (f"v=DMARC1; p=reject; t=Y; {RUA}", "below", "quarantine"),
        (f"v=DMARC1; t=y; p=none; {RUA}", "domain", "none"),
        (f"v=DMARC1; p=reject; t=n; {RUA}", "domain", "reject"),
    ],
    "what is no DMARC record": [
        ("v=spf1 -all", "domain", None),
        (f"p=reject; v=DMARC1; {RUA}", "domain", None),
        (f"v=dmarc1; p=reject; {RUA}", "below", None),
        (f"v=DMARC12; p=reject; {RUA}", "domain", None),
        ("", "missing", None),
    ],
}


def records(world: World) -> list[Probe]:
    """Every trial."""
    return [Probe(group, (text, name)) for group, trials in TRIALS.items() for text, name, _ in trials]


def read_well(tried: list[Tried], world: World) -> Marks:
    """What the function made of them, in groups."""
    rest = iter(tried)
    for group, trials in TRIALS.items():
        found = [(next(rest), right) for _, _, right in trials]
        good = [
            (group, not one.error and one.value == right, one.error or "such a record is read wrongly.")
            for one, right in found
        ]
        yield each(group, 1, good, "RFC 9989 §4.7")


def firm_hidden(answer: dict[str, str], world: World) -> Marks:
    """Letters that pass for another name of the firm, and forged ones from further names."""
    firm, wishes = world.firm, world.firm["wishes"]
    domain, unit = firm["domain"], firm["unit"]
    trials = [
        ("aspf", domain, {"spf": f"bounce.{domain}"}, wishes["aspf"] == "r"),
        ("adkim", domain, {"signer": f"news.{domain}"}, wishes["adkim"] == "r"),
        ("aspf of the unit", unit, {"spf": domain}, False),
        ("adkim of the unit", unit, {"signer": domain}, False),
        ("the unit itself", unit, {"signer": unit}, True),
    ]
    cases = []
    for name, author, passes, counts in trials:
        result = sent(world, answer, author, **passes).result
        good = result == ("pass" if counts else "fail")
        why = "a pass that should count does not." if counts else "a pass that should not count does."
        why = why if result != "none" else "no record counts."
        cases.append((name, good, "it counts as wanted." if good else why))
    yield each("strict and relaxed", 1, cases, "RFC 9989 §4.4")
    others = [asked(world, answer, name, wishes["np"]) for name in (f"a.b.{domain}", f"x.{unit}")]
    told = [("further names", good, "another policy counts there.") for _, good, _ in others]
    yield each("further names", 1, told, "RFC 9989 §4.10")


HIDDEN = {"dmarc-3": read_well, "dmarc-5": firm_hidden}
HIDDEN_PROBES = {"dmarc-3": records}


# mistakes ---------------------------------------------------------------------------------------


def _told(world: World, **instead: str) -> dict[str, str]:
    """The truth of task 1 with one word in place of another."""
    assert world.truth
    return {name: instead.get(word, word) for name, word in world.truth["words"].items()}


def _names(world: World) -> dict[str, str]:
    assert world.truth
    return dict(world.truth["counting"])


def _text(world: World, name: str) -> str:
    return str(world.dns[f"_dmarc.{name}"]["TXT"][0])


def _nearest(world: World) -> dict[str, str]:
    """The record that stands nearest above, and its sp=."""
    found = {}
    for name, right in _names(world).items():
        above = name.partition(".")[2]
        has = f"_dmarc.{above}" in world.dns and f"_dmarc.{name}" not in world.dns
        if has and above != right.split()[0]:
            right = f"{above} {re.search(r' sp=(.*)', _text(world, above))[1]}"  # type: ignore[index]
        found[name] = right
    return found


def _always_p(world: World) -> dict[str, str]:
    """p= of the right record."""
    found = {}
    for name, right in _names(world).items():
        domain = right.split()[0]
        found[name] = f"{domain} {re.search(r' p=(.[a-z]*)', _text(world, domain))[1]}"  # type: ignore[index]
    return found


def only_p(record: str, name: str) -> str | None:
    """Knows p= alone."""
    found = re.search(r"[; ]p=(\w+)", record)
    return found[1].lower() if found else "none"


def by_two(record: str, name: str) -> str | None:
    """Knows p and sp alone, and no spaces."""
    if not record.startswith("v=DMARC1;"):
        return None
    tags = dict(part.strip().split("=", 1) for part in record.split(";") if "=" in part)
    return tags.get("sp", tags.get("p")) if name != "domain" else tags.get("p")


def by_pattern(record: str, name: str) -> str | None:
    """The right thing, with patterns."""
    if not re.match(r"[ \t]*v[ \t]*=[ \t]*DMARC1[ \t]*(;|$)", record):
        return None

    def tag(wanted: str) -> str:
        found = re.search(rf"(?:^|;)[ \t]*{wanted}[ \t]*=([^;]*)", record)
        return found[1].strip().lower() if found else ""

    grades = {"none": 0, "quarantine": 1, "reject": 2}
    p, sp, np = tag("p"), tag("sp"), tag("np")
    if not p or {p, sp, np} - {*grades, ""}:
        return "none"
    chosen = {"domain": p, "below": sp or p}.get(name, np or sp or p)
    grade = grades[chosen] - (tag("t") == "y")
    return [*grades][max(grade, 0)]


def _report(world: World, **instead: Any) -> dict[str, Any]:
    assert world.truth
    return {**world.truth["told"], **instead}


def _exchanged(world: World) -> dict[str, Any]:
    right = _report(world)
    return _report(world, list=right["stranger"], stranger=right["list"])


def _both_needed(world: World) -> dict[str, Any]:
    rows = re.findall(
        r"<source_ip>(.*?)</source_ip><count>(\d+)<.*?<dkim>(\w+)</dkim><spf>(\w+)<", world.report
    )
    bad = [(ip, int(count)) for ip, count, *results in rows if results != ["pass", "pass"]]
    return _report(world, refused=sum(n for _, n in bad), ours=sum(n for ip, n in bad if ip in world.ours))


def _records(
    world: World, unit: str = "aspf=s; adkim=s", at: str = "_dmarc.", mailto: str = "mailto:", **instead: str
) -> dict[str, str]:
    """The right records, or not."""
    firm = world.firm
    tags = {tag: firm["wishes"][instead.get(tag, tag)] for tag in ("p", "sp", "np", "aspf", "adkim")}
    rua = f"rua={mailto}{firm['reports']}"
    said = "; ".join(f"{tag}={value}" for tag, value in tags.items())
    return {
        f"{at}{firm['domain']}": f"v=DMARC1; {said}; {rua}",
        f"{at}{firm['unit']}": f"v=DMARC1; p={firm['wishes']['unit']}; {unit}; {rua}",
    }


def _another_way(world: World) -> dict[str, str]:
    tags = [text.split("; ") for text in _records(world).values()]
    texts = [" ; ".join([first, *reversed(rest), "fo=1"]) for first, *rest in tags]
    return {f"{name.upper()}.": text for name, text in zip(_records(world), texts, strict=True)}


MISTAKES = {
    "dmarc-1": [
        Mistake(
            "two passes are a pass",
            lambda world: _told(world, neither="both"),
            4,
            "two passes are not enough",
            "Passes for whom? Write the domain beside each pass, and compare it with From.",
        ),
        Mistake(
            "both have to pass",
            lambda world: _told(world, spf="neither", dkim="neither"),
            3,
            "one is enough",
            "Then no forwarded mail would ever pass. One pass that aligns is enough.",
        ),
        Mistake(
            "SPF is taken for the signature, and the other way round",
            lambda world: _told(world, spf="dkim", dkim="spf"),
            3,
            "did it pass, does that align",
            "SPF goes with MAIL FROM, DKIM with d=.",
        ),
    ],
    "dmarc-2": [
        Mistake(
            "the nearest record counts",
            _nearest,
            4,
            "not the nearest record",
            "The name's own record, else that of the organizational domain, and none in between.",
        ),
        Mistake(
            "p= counts for every name",
            _always_p,
            3.5,
            "another tag counts",
            "p= is for the domain of the record. sp= and np= are for names below it.",
        ),
    ],
    "dmarc-3": [
        Mistake(
            "p= counts for every name",
            lambda world: only_p,
            2.23,
            "sp= is for names below",
            "p= is for the domain of the record. sp= and np= are for names below it.",
        ),
        Mistake(
            "np= is not known",
            lambda world: by_two,
            3.41,
            "np= is for names that do not exist",
            "np= came with RFC 9989. Older readers do not know it.",
        ),
    ],
    "dmarc-4": [
        Mistake(
            "both checks have to pass",
            _both_needed,
            4,
            "one pass that aligns is enough",
            "Forwarded mail passes by DKIM alone, and is not lost.",
        ),
        Mistake(
            "rows are counted, not messages",
            lambda world: _report(world, refused=3, ours=1),
            4,
            "number of rows",
            "Each row says how many messages were alike: count.",
        ),
        Mistake(
            "the list is taken for a stranger",
            _exchanged,
            4,
            "a list changes letters",
            "A failed signature of your own domain is a trace: somebody changed a letter of yours.",
        ),
    ],
    "dmarc-5": [
        Mistake(
            "sp= and np= are exchanged",
            lambda world: _records(world, sp="np", np="sp"),
            4,
            "sp= of the record",
            "np is for names that do not exist: n as in non-existent.",
        ),
        Mistake(
            "the records stand at the domain itself",
            lambda world: _records(world, at=""),
            0,
            "nothing at _dmarc",
            "A receiver asks at _dmarc and the domain, and nowhere else.",
        ),
        Mistake(
            "rua= without mailto:",
            lambda world: _records(world, mailto=""),
            4,
            "mailto:",
            "rua= holds URIs. An address alone is none.",
        ),
        Mistake(
            "the unit takes the alignment of the firm for granted",
            lambda world: _records(world, unit="fo=0"),
            5.6,
            "a pass that should not count",
            "A record takes nothing from the one above it. What it leaves out has its default, relaxed.",
        ),
    ],
}

OTHERWISE = {
    "dmarc-1": [lambda world: {name: f" {word.upper()} " for name, word in _told(world).items()} | {"G": ""}],
    "dmarc-2": [
        lambda world: {
            f"{name.upper()}.": f"_dmarc.{right.replace(' ', '.  ').upper()}"
            for name, right in _names(world).items()
        },
        lambda world: {name: f"_dmarc.{right}" for name, right in _names(world).items()},
    ],
    "dmarc-3": [lambda world: by_pattern],
    "dmarc-4": [lambda world: _report(world, list=f" {_report(world)['list']} ", server="")],
    "dmarc-5": [_another_way],
}

RUBRICS = {
    "dmarc-6": [
        Looked(1, "p=reject is a request about mail that fails, and each receiver decides by its own policy"),
        Looked(
            1,
            "Own mail would be lost: the newsletter does not align, and lists break signatures (members may "
            "be thrown off)",
        ),
        Looked(1, "It does not stop names that look alike, the name beside an address, or stolen accounts"),
        Looked(
            1,
            "The order: p=none with reports, mend, quarantine, look; with lists perhaps never reject",
        ),
    ]
}
