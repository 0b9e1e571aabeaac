"""How the parts of a world of exercise 11 are drawn: letters, trees of names, a report, a firm's wishes."""

from __future__ import annotations

from random import Random
from typing import Any

from ....auth.dmarc.record import POLICIES
from ....auth.dmarc.reports import DkimResult, Published, Report, Row, SpfResult, write
from .cast import addresses, people

Dns = dict[str, dict[str, list[str]]]
WORDS = ("both", "spf", "dkim", "neither")
UNITS = ("shop", "news", "jobs", "club", "help", "pay")
PROGRAMS = ("staff mail", "the invoices", "the newsletter", "the booking form", "the web shop")


# letters ----------------------------------------------------------------------------------------


def letters(rng: Random, names: list[str]) -> tuple[dict[str, str], Dns, dict[str, str]]:
    """Six letters as a mail server marked them, to owners of three records: relaxed, strict, and mixed."""
    modes = {names[0]: ("r", "r"), names[1]: ("s", "s"), names[2]: rng.choice([("r", "s"), ("s", "r")])}
    words = ["both", "spf", "dkim", "neither", rng.choice(["spf", "dkim"])]
    owners = [rng.choice(names[:3]) for _ in words]
    # one letter whose checks pass for names below the one in From, and both are strict
    drawn = [(word, owner, False) for word, owner in zip(words, owners, strict=True)]
    drawn.append(("neither", names[1], True))
    rng.shuffle(drawn)
    found, truth = {}, {}
    for letter, (word, owner, below) in zip("ABCDEF", drawn, strict=True):
        truth[letter] = word
        found[letter] = _letter(rng, word, owner, modes[owner], names, below)
    records: Dns = {f"_dmarc.{owner}": {"TXT": [_record(rng, *mode)]} for owner, mode in modes.items()}
    return found, records, truth


def _record(rng: Random, aspf: str, adkim: str) -> str:
    tags = [f"p={rng.choice(POLICIES)}"]
    tags += [f"{name}=s" for name, mode in (("adkim", adkim), ("aspf", aspf)) if mode == "s"]
    return "; ".join(["v=DMARC1", *tags])


def _letter(rng: Random, word: str, owner: str, modes: tuple[str, str], names: list[str], below: bool) -> str:
    author = owner if below else rng.choice([owner, f"{rng.choice(UNITS)}.{owner}"])
    spf, mail_from = _check(rng, word in ("both", "spf"), author, owner, modes[0], names, below)
    dkim, signer = _check(rng, word in ("both", "dkim"), author, owner, modes[1], names, below)
    who, other = people(rng, 2)
    return (
        f"Authentication-Results: mx.{names[3]};\n"
        f" spf={spf} smtp.mailfrom={other}@{mail_from};\n"
        f" dkim={dkim} header.d={signer} header.s=s{rng.randrange(1, 99)}\n"
        f"From: {who.title()} <{who}@{author}>\n"
        f"Subject: {rng.choice(('Your order', 'Minutes', 'Tea?', 'Invoice', 'News'))}\n"
    )


def _check(
    rng: Random, counts: bool, author: str, owner: str, mode: str, names: list[str], below: bool
) -> tuple[str, str]:
    """(result, domain) of a check that counts, or of one that does not."""
    cousin = f"mail{rng.randrange(1, 9)}.{owner}"
    if below:
        return "pass", cousin
    if counts:
        return "pass", author if mode == "s" else rng.choice([author, owner, cousin])
    strangers = [names[4], f"{owner.removesuffix('.example')}.{names[4]}", f"my{owner}"]
    options = [("pass", one) for one in strangers] + [("fail", author)]
    return rng.choice([*options, *([("pass", cousin)] if mode == "s" else [])])


# trees ------------------------------------------------------------------------------------------


def trees(rng: Random, names: list[str]) -> tuple[list[str], Dns, dict[str, str]]:
    """Five names in From with what is published around them, and for each the domain and the policy."""
    dns: Dns = {}
    truth: dict[str, str] = {}
    for shape, owner in zip((_middle, _own, _ended, _missing, _twice), names, strict=True):
        one, two, three = rng.sample(POLICIES, 3)
        unit, part = rng.sample(UNITS, 2)
        author, answer, records = shape(owner, unit, part, (one, two, three))
        dns |= records
        truth[author] = answer
    asked = list(truth)
    rng.shuffle(asked)
    return asked, dns, truth


Shape = tuple[str, str, Dns]
Three = tuple[str, str, str]


def _txt(domain: str, *texts: str) -> Dns:
    return {f"_dmarc.{domain}": {"TXT": [f"v=DMARC1; {text}" for text in texts]}}


def _host(name: str) -> Dns:
    return {name: {"A": ["192.0.2.7"]}}


def _middle(owner: str, unit: str, part: str, asks: Three) -> Shape:
    """A record between the name in From and the organizational domain: it does not count."""
    author = f"{unit}.{part}.{owner}"
    records = _txt(f"{part}.{owner}", f"p={asks[0]}; sp={asks[0]}") | _txt(
        owner, f"p={asks[1]}; sp={asks[2]}"
    )
    return author, f"{owner} {asks[2]}", records | _host(author)


def _own(owner: str, unit: str, part: str, asks: Three) -> Shape:
    """A record of its own: its p=, whatever stands above."""
    author = f"{unit}.{owner}"
    records = _txt(author, f"p={asks[0]}; sp={asks[1]}") | _txt(owner, f"p={asks[1]}; sp={asks[2]}")
    return author, f"{author} {asks[0]}", records | _host(author)


def _ended(owner: str, unit: str, part: str, asks: Three) -> Shape:
    """psd=n makes the domain in between the organizational one."""
    author = f"{unit}.{part}.{owner}"
    records = _txt(f"{part}.{owner}", f"p={asks[0]}; sp={asks[1]}; psd=n") | _txt(owner, f"p={asks[2]}")
    return author, f"{part}.{owner} {asks[1]}", records | _host(author)


def _missing(owner: str, unit: str, part: str, asks: Three) -> Shape:
    """The name in From does not exist: np= counts."""
    records = _txt(owner, f"p={asks[0]}; sp={asks[1]}; np={asks[2]}") | _host(f"{part}.{owner}")
    return f"{unit}.{owner}", f"{owner} {asks[2]}", records


def _twice(owner: str, unit: str, part: str, asks: Three) -> Shape:
    """Two records at the name in From are as none. Without sp= the owner's p= counts, since it exists."""
    author = f"{unit}.{owner}"
    records = _txt(author, f"p={asks[0]}", f"p={asks[1]}") | _txt(owner, f"p={asks[2]}; np={asks[0]}")
    return author, f"{owner} {asks[2]}", records | _host(author)


# a report ---------------------------------------------------------------------------------------


def report(rng: Random, names: list[str]) -> tuple[str, dict[str, str], dict[str, Any]]:
    """A day's report on names[0] as XML, what the owner knows of its own addresses, and the answers."""
    own, service, lists, mallory, receiver = names
    ips = dict(
        zip(
            ("server", "unsigned", "service", "forwarder", "list", "stranger"), addresses(rng, 6), strict=True
        )
    )
    key = f"s{rng.randrange(1, 99)}"
    good, changed = DkimResult(own, key, "pass"), DkimResult(own, key, "fail")
    theirs = DkimResult(service, "esp", "pass")
    evil = rng.choice([(), (DkimResult(mallory, "m1", "pass"),)])
    many, few = range(120, 900), range(11, 95)
    # who, count, DKIM aligned, SPF aligned, signatures, SPF domain and result
    drawn = [
        ("server", many, True, True, (good,), own, "pass"),
        ("unsigned", many, False, True, (), own, "pass"),
        ("service", many, False, False, (theirs,), f"bounce.{service}", "pass"),
        ("service", few, True, False, (theirs, good), f"bounce.{service}", "pass"),
        ("forwarder", few, True, False, (good,), own, "fail"),
        ("list", few, False, False, (changed,), lists, "pass"),
        ("stranger", few, False, False, evil, *rng.choice([(own, "fail"), (mallory, "pass")])),
    ]
    counts = rng.sample(many, len(drawn))
    rows = [
        Row(ips[who], counts[at] if of is many else counts[at] % 83 + 11, "none", dkim, spf, own, domain,
            dkim=signed, spf=(SpfResult(domain, result),))
        for at, (who, of, dkim, spf, signed, domain, result) in enumerate(drawn)
    ]  # fmt: skip
    truth = {who: ips[who] for who in ("unsigned", "forwarder", "list", "stranger")}
    numbers = {"refused": rows[2].count + rows[5].count + rows[6].count, "ours": rows[2].count}
    rng.shuffle(rows)
    begin = 1_767_225_600 + 86_400 * rng.randrange(300)
    published = Published(own, "none", "none", "none", "r", "r", "0", "n", "treewalk")
    whole = Report(
        receiver, f"dmarc@{receiver}", f"{begin}.{own}", begin, begin + 86_399, published, tuple(rows)
    )
    ours = [ips["server"], ips["unsigned"], ips["service"]]
    known = dict(sorted(zip(ours, rng.sample(PROGRAMS, 3), strict=True)))
    return write(whole).decode(), known, {**truth, **numbers}


# a firm -----------------------------------------------------------------------------------------


def firm(rng: Random, domain: str, reports: str) -> tuple[dict[str, Any], Dns]:
    """What a firm wants of its records, and the names that exist."""
    p, sp, np = rng.sample(POLICIES, 3)
    unit, exists = rng.sample(UNITS, 2)
    wishes = {
        "p": p,
        "sp": sp,
        "np": np,
        "aspf": rng.choice("rs"),
        "adkim": rng.choice("rs"),
        "unit": rng.choice([policy for policy in POLICIES if policy != sp]),
    }
    given: dict[str, Any] = {"domain": domain, "unit": f"{unit}.{domain}", "exists": f"{exists}.{domain}"}
    given |= {"reports": f"dmarc@{reports}", "wishes": wishes}
    dns = _host(domain) | _host(f"{unit}.{domain}") | _host(f"{exists}.{domain}")
    agreed = {f"{name}._report._dmarc.{reports}": {"TXT": ["v=DMARC1"]} for name in (domain, given["unit"])}
    return given, dns | agreed
