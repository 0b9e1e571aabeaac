"""What only teachers have of exercise 07: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

import base64

from smtplab.course.graded.mark import mark
from smtplab.course.graded.sets.e07_order import Case, judged
from smtplab.course.graded.sets.e07_zone import HOSTS, letter, published
from smtplab.course.graded.teaching import Looked, Mistake

MX = "RFC 5321 §5.1"


# hidden tests -----------------------------------------------------------------------------------


def zone_when_down(lines, world):
    """The main host is off, and then both are looked at: who is ever tried?"""
    main, backup = world.servers["main"], world.servers["backup"]
    with published(world, lines) as lab:
        lab.stop_host(HOSTS[main])
        sent = letter(lab, world)
        last = sent.attempts[-1] if sent.attempts else None
        good = bool(lab.mailbox(world.reader)) and last is not None and last.address == backup
        why = "The backup took the letter." if good else "With the main host down the letter did not arrive."
        yield mark("the main host is down", 1, good, why, MX)
        tried = {target.address for target in lab.route(world.reader).targets}
    good = tried == {main, backup}
    why = "Both mail hosts are tried, and nobody else." if good else "Not just the two mail hosts are tried."
    yield mark("who is tried at all", 1, good, why, MX)


def more_cases(world):
    return [
        Case(
            "the host that asks is among them",
            "alder.example",
            ["30 c.alder.example.", "5 a.alder.example.", "20 me.alder.example.", "20 b.alder.example.",
             "7 d.alder.example."],
            [["a.alder.example"], ["d.alder.example"]],
            "the host that asks is left out, with all that are not better",
            me="me.alder.example",
        ),
        Case(
            "names and null MX as they come",
            "plum.example",
            ["10 MX2.Plum.Example", "0 .", "10 mx1.plum.example.", "200 SELF.plum.example.",
             "300 old.plum.example"],
            [["mx1.plum.example", "mx2.plum.example"]],
            "case and last dots make no difference, and a null MX beside others is left out",
            "RFC 7505 §3",
            me="self.PLUM.example",
        ),
    ]  # fmt: skip


def order_hidden(tried, world):
    yield from judged(more_cases(world), tried, 1, tell=False)


HIDDEN = {"routing-4": zone_when_down, "routing-5": order_hidden}
HIDDEN_PROBES = {"routing-5": lambda world: [case.probe() for case in more_cases(world)]}


# answers ----------------------------------------------------------------------------------------


def _ways(world, **other):
    """The right ways, but for some kinds of domain."""
    found = {domain: takes for domain, (_, takes) in world.truth["ways"].items()}
    for domain, (kind, _) in world.truth["ways"].items():
        if kind in other:
            found[domain] = other[kind](domain, _records(world, domain))
    return found


def _records(world, domain):
    rows = [line.split() for line in world.zones.splitlines() if line.startswith(f"{domain}. MX")]
    return [(int(row[2]), row[3].rstrip(".")) for row in rows]


def _by_text(domain, records):
    return [min(records, key=lambda one: str(one[0]))[1]]


def _holders(world, **other):
    """The right hosts, but for some kinds of story."""
    return [
        other[kind](story) if kind in other else holder
        for story, (kind, holder) in zip(world.stories, world.truth["holders"], strict=True)
    ]


def _best(story):
    return min(story["mx"]).split()[1]


def _lines(world, *login, sender=None):
    mail, to = sender or world.letter["from"], world.letter["to"]
    end = ["DATA", "Subject: Hello", "", "Hello.", ".", "QUIT"]
    return ["EHLO me.example", *login, f"MAIL FROM:<{mail}> ", f"RCPT TO:<{to}>", *end]


def _plain(world, form="\0{account}\0{password}"):
    return f"AUTH PLAIN {base64.b64encode(form.format(**world.login).encode()).decode()}"


def _by_login(world):
    """AUTH LOGIN, which asks for the account and the password one after the other."""
    words = [base64.b64encode(world.login[key].encode()).decode() for key in ("account", "password")]
    return _lines(world, "STARTTLS", "EHLO me.example", "AUTH LOGIN", *words)


def _zone(world, *mx, extra=()):
    """The web site, two hosts with names of their own, and these MX records."""
    servers, domain = world.servers, world.domain
    records = [f"@ A {servers['web']}", f"www.{domain}. A {servers['web']}", f"mxa A {servers['main']}",
               f"mxb A {servers['backup']}", *extra]  # fmt: skip
    return [*records, *(f"@ MX {one.format(domain)}" for one in mx or ("0 mxa.{}.", "77 mxb.{}."))]


def _targets(number=int, null=True, implicit=True, me_counts=True, only_me=False, groups=True):
    """Right with the defaults."""

    def targets(domain, records, me):
        pairs = [record.lower().split() for record in records]
        pairs = [(number(n), name.rstrip(".")) for n, name in pairs]
        me = me.lower().rstrip(".")
        if not pairs:
            return [[domain]] if implicit else []
        if null:
            pairs = [pair for pair in pairs if pair[1]]
        mine = [n for n, name in pairs if name == me]
        if mine and me_counts:
            pairs = [(n, name) for n, name in pairs if name != me and (only_me or n < mine[0])]
        if not groups:
            return [[name] for _, name in sorted(pairs)]
        return [[name for n, name in pairs if n == one] for one in sorted({n for n, _ in pairs})]

    return targets


MISTAKES = {
    "routing-1": [
        Mistake(
            "the highest number is the best",
            lambda world: _ways(world, lowest=lambda domain, records: [max(records)[1]]),
            5,
            "the lowest number comes first",
            "The number is a place in a row, no mark at school.",
        ),
        Mistake(
            "numbers compared as texts",
            lambda world: _ways(world, lowest=_by_text),
            5,
            "9 is lower than 10",
            "As texts, 10 comes before 9. Make ints of them.",
        ),
        Mistake(
            "no MX means no mail, and nobody knows the null MX",
            lambda world: _ways(
                world, implicit=lambda domain, _: ["refused"], null=lambda domain, _: [domain]
            ),
            4,
            "without any MX record the domain is its own",
            "The two look as if they were the wrong way round. Read RFC 5321 §5.1 and RFC 7505 §3 together.",
        ),
        Mistake(
            "the domain's own address as the last way out",
            lambda world: _ways(world, waits=lambda domain, _: [domain]),
            5,
            "the domain's own address does not count",
            "That machine may be a web server. With MX records, only they count.",
        ),
        Mistake(
            "of equal numbers the first one in the list",
            lambda world: _ways(world, equal=lambda domain, records: [min(records)[1]]),
            5,
            "the client draws lots",
            "The DNS gives the records in any order.",
        ),
    ],
    "routing-2": [
        Mistake(
            "around the smart host when it is down",
            lambda world: _holders(world, **{"relay down": _best}),
            3,
            "there is no way around it",
            "A server with a smart host never looks the domain up. What then can it try?",
        ),
        Mistake(
            "the letter waits at the sender's in any case",
            lambda world: _holders(
                world, **{"relay keeps": lambda s: s["sender"], "backup keeps": lambda s: s["sender"]}
            ),
            2,
            "nobody after that",
            "Who has said 250? From then on the sender's server has nothing left.",
        ),
    ],
    "routing-3": [
        Mistake(
            "the password before TLS",
            lambda world: _lines(world, _plain(world), "STARTTLS", "EHLO me.example"),
            0,
            "before TLS",
            "Base64 hides nothing. TLS first, then the password.",
        ),
        Mistake(
            "no login",
            lambda world: _lines(world, "STARTTLS", "EHLO me.example"),
            1,
            "There is no AUTH",
            "Why should the relay carry your mail? It has to know whose customer you are.",
        ),
        Mistake(
            "account and password with a colon, as in HTTP",
            lambda world: _lines(world, "STARTTLS", "EHLO me.example", _plain(world, "{account}:{password}")),
            1,
            "a NUL stands in front of each",
            "Decode your own word and compare it with RFC 4616 §2.",
        ),
        Mistake(
            "another reverse-path than asked",
            lambda world: _lines(
                world, "STARTTLS", "EHLO me.example", _plain(world), sender="me@visitor.example"
            ),
            3,
            "another reverse-path",
            "Bounces would go to that address.",
        ),
    ],
    "routing-4": [
        Mistake(
            "addresses in the MX records",
            lambda world: _zone(world, f"10 {world.servers['main']}", f"20 {world.servers['backup']}"),
            1,
            "an MX holds a name, and this is an address",
            "What stands there is always looked up as a name. Is there a host called 198.51.100.10?",
        ),
        Mistake(
            "an alias for the backup",
            lambda world: _zone(world, "10 mxa.{}", "20 back.{}", extra=[f"back CNAME mxb.{world.domain}"]),
            3,
            "an alias",
            "Some senders follow it, this one does not. RFC 2181 §10.3.",
        ),
        Mistake(
            "the preferences the wrong way round",
            lambda world: _zone(world, "20 mxa.{}", "10 mxb.{}"),
            5,
            "the lowest number comes first",
            "The lower number comes first.",
        ),
        Mistake(
            "the null MX stays beside the others",
            lambda world: _zone(world, "0 .", "10 mxa.{}", "20 mxb.{}"),
            5,
            "a null MX, which must stand alone",
            "It says that the domain takes no mail. The other records say the opposite. RFC 7505 §3.",
        ),
        Mistake(
            "the web site as a third way out",
            lambda world: _zone(world, "10 mxa.{}", "20 mxb.{}", "30 {}"),
            5,
            "Not just the two mail hosts",
            "The web site has no mail server. At best the sender wastes time there.",
        ),
    ],
    "routing-5": [
        Mistake(
            "numbers compared as texts",
            lambda world: _targets(number=str),
            4,
            "9 is lower than 20",
            "Print what you sort. Are these numbers?",
        ),
        Mistake(
            "no MX, no mail",
            lambda world: _targets(implicit=False),
            5,
            "the domain itself is its exchanger",
            "The rule is older than MX records: RFC 5321 §5.1.",
        ),
        Mistake(
            "the null MX is a host like others",
            lambda world: _targets(null=False),
            4,
            "there is no host at all",
            "Which host would you connect to? There is none with the name of a dot.",
        ),
        Mistake(
            "only the own name is left out",
            lambda world: _targets(only_me=True),
            4,
            "the host that asks is left out, with all that are not better",
            "The worse hosts would send it back to you: a circle.",
        ),
    ],
}

OTHERWISE = {
    "routing-1": [
        lambda world: {
            f"{domain.upper()}.": [f"{one}." if "." in one else one for one in reversed(takes)]
            for domain, takes in _ways(world).items()
        }
    ],
    "routing-2": [lambda world: [f" {host.upper()}." for host in _holders(world)]],
    "routing-3": [
        _by_login,
        lambda world: _lines(world, "STARTTLS", "EHLO me.example", _plain(world)),
    ],
    "routing-4": [_zone],
    "routing-5": [lambda world: _targets()],
}

RUBRICS = {
    "routing-6": [
        Looked(1, "The provider of the line drops port 25 for homes; the other servers are not down."),
        Looked(1, "Receivers judge the address that connects: no name of its own, a home range, no history."),
        Looked(1, "A smart host: port 587 (or 465), TLS, a login; the relay has a queue and a good name."),
        Looked(1, "One honest cost: it can read the mail, a shared reputation, all hangs on it."),
    ],
}
