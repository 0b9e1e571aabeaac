"""What only teachers have of exercise 09: hidden tests, common mistakes, other right answers, rubrics."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from smtplab import spf
from smtplab.course.graded.mark import Marks, each, mark
from smtplab.course.graded.probe import Probe, Tried
from smtplab.course.graded.sets.e09_running import EVERYBODY, NOBODY, verdicts, worthless
from smtplab.course.graded.sets.zones import resolver
from smtplab.course.graded.teaching import Looked, Mistake
from smtplab.course.graded.world import World


def _edges(world: World) -> tuple[list[str], list[str]]:
    """The first and last addresses of the firm's networks, and those just outside of them."""
    inside, outside = [], []
    for text in world.firm["networks"]:
        network = ip_network(text)
        inside += [str(network[0]), str(network[-1])]
        outside += [str(network[0] - 1), str(network[-1] + 1)]
    for name in world.firm["hosts"]:
        outside.append(str(ip_address(world.dns[name]["A"][0]) + 1))
    return inside, outside


def record(text: str, world: World) -> Marks:
    """Addresses at the edges, those next to them, and other hosts of the services."""
    domain = world.firm["domain"]
    inside, outside = _edges(world)
    for service in world.firm["services"]:
        parts = [name for name in world.dns if name.endswith(f".{service}")]
        inside += [str(ip_network(world.dns[one]["TXT"][0].split()[1][4:])[7]) for one in parts]
    good, bad = (verdicts(text, domain, hosts, world) for hosts in (inside, outside))
    useless = bool(worthless(good, bad))
    right = sum(one.result == "pass" for one in good)
    why = "Every host of the firm passes." if right == len(good) else "Not every host of the firm passes."
    share = 0 if useless else right / len(good)
    yield mark("other hosts that send", 1, share, EVERYBODY if right and useless else why, "RFC 7208 §5.6")
    wrong = sum(one.result != "fail" for one in bad)
    why = "Addresses next to the firm's own fail."
    if wrong:
        why = (
            "An address next to the firm's own does not get fail: a network is too wide, or the end no fail."
        )
    yield mark(
        "just outside", 1, 0 if useless else 1 - wrong / 2, NOBODY if not right else why, "RFC 7208 §5.6"
    )


# name of the group -> (term, ip, what is right)
TRIALS = {
    "prefix lengths at their edges": [
        ("ip4:198.51.100.64/27", "198.51.100.95", "pass"),
        ("ip4:198.51.100.64/27", "198.51.100.96", ""),
        ("?ip4:198.51.100.77/31", "198.51.100.76", "neutral"),
        ("-ip4:0.0.0.0/0", "203.0.113.9", "fail"),
        ("+ip4:203.0.113.9/32", "203.0.113.9", "pass"),
    ],
    "IPv6": [
        ("ip6:2001:DB8:0:7::/64", "2001:db8:0:7:ffff::1", "pass"),
        ("~ip6:2001:db8::1", "2001:db8:0:0:0:0:0:1", "softfail"),
        ("ip6:2001:db8::/33", "2001:db8:8000::1", ""),
        ("IP6:::/0", "198.51.100.7", ""),
    ],
    "malformed terms": [
        ("ip4:198.51.100.0/33", "198.51.100.7", "permerror"),
        ("ip4:198.51.100", "198.51.100.7", "permerror"),
        ("ip6:198.51.100.7", "198.51.100.7", "permerror"),
        ("ip4:2001:db8::1", "198.51.100.7", "permerror"),
        ("ip4:198.51.100.0/255.255.255.0", "198.51.100.7", "permerror"),
        ("ip6:2001:db8::/", "2001:db8::1", "permerror"),
        ("ip6:2001:db8::/129", "198.51.100.7", "permerror"),
        ("ipv4:198.51.100.7", "198.51.100.7", "permerror"),
        ("ip4", "198.51.100.7", "permerror"),
        ("", "198.51.100.7", "permerror"),
    ],
}


def terms(world: World) -> list[Probe]:
    return [Probe(group, (term, ip)) for group, trials in TRIALS.items() for term, ip, _ in trials]


def matcher(tried: list[Tried], world: World) -> Marks:
    rest = iter(tried)
    for group, trials in TRIALS.items():
        found = [(next(rest), right) for _, _, right in trials]
        good = [(group, one.value == right, one.error or "another result is right.") for one, right in found]
        yield each(group, 1, good, "RFC 7208 §5.6")


HIDDEN = {"spf-4": record, "spf-5": matcher}
HIDDEN_PROBES = {"spf-5": terms}


# mistakes ---------------------------------------------------------------------------------------


def _truth(world: World, task: str) -> dict[str, list[str]]:
    assert world.truth
    return {key: list(pair) for key, pair in world.truth[task].items()}


def _inside_ends(world: World) -> dict[str, list[str]]:
    """Who comes to an include whose record says -all gets fail there."""
    domain = world.decide["domain"]
    include = next(t for t in world.dns[domain]["TXT"][0].split() if t.startswith("include:"))
    ends = _truth(world, "decide")
    theirs = ip_network(world.dns[include[8:]]["TXT"][0].split()[2][4:])
    return {ip: [include, "fail"] if ip_address(ip) in theirs else pair for ip, pair in ends.items()}


def _last_fits(world: World) -> dict[str, list[str]]:
    """The last term that fits is taken, and the ip4 behind the all is the last for one address."""
    last = world.dns[world.decide["domain"]]["TXT"][0].split()[-1]
    decided = _truth(world, "decide")
    return {
        ip: [last, "pass"] if ip_address(ip) in ip_network(last[4:]) else pair for ip, pair in decided.items()
    }


def _include_passes(world: World) -> dict[str, list[str]]:
    return {
        ip: [term, "pass"] if "include:" in term else [term, result]
        for ip, (term, result) in _truth(world, "decide").items()
    }


def _fields(session: str) -> tuple[str, str, str, str]:
    lines = session.replace("C: ", "").splitlines()
    client = lines[0].removesuffix(")").split()[-1]
    helo = next(line[5:] for line in lines if line.startswith("EHLO "))
    path = next(line[11:-1] for line in lines if line.startswith("MAIL FROM:"))
    author = next(line[6:] for line in lines if line.startswith("From: "))
    return client, helo, path, author


def _asked(world: World, domain_of: Any) -> dict[str, list[str]]:
    """The answer of somebody who asks the record of another domain."""
    resolve, found = resolver(world.dns), {}
    for name, session in world.sessions.items():
        client, helo, path, author = _fields(session)
        domain = domain_of(helo, path, author)
        found[name] = [domain, spf.check_host(client, domain, f"x@{domain}", resolve=resolve).result]
    return found


def _of_from(helo: str, path: str, author: str) -> str:
    return author.partition("@")[2]


def _of_helo(helo: str, path: str, author: str) -> str:
    return helo


def _never_helo(helo: str, path: str, author: str) -> str:
    return (path or author).rpartition("@")[2]


def _srs_origin(helo: str, path: str, author: str) -> str:
    """Reads the writer's domain out of an SRS address."""
    return path.split("=")[3] if path.startswith("SRS0") else path.rpartition("@")[2] or helo


def _included(world: World) -> list[str]:
    return [name.partition("include:")[2] for name in world.shop["sends"] if "include:" in name]


def _notes(world: World) -> list[str]:
    return [text for text in world.shop["published"] if not text.startswith("v=spf1")]


def _one(world: World, rest: str = "-all", more: str = "") -> str:
    till = world.shop["sends"]["the host of the till"]
    includes = " ".join(f"include:{name}" for name in _included(world))
    return f"v=spf1 ip4:{till} mx {more}{includes} {rest}"


def _two(world: World) -> list[str]:
    till = world.shop["sends"]["the host of the till"]
    first, second = _included(world)
    return [f"v=spf1 ip4:{till} mx include:{first} -all", f"v=spf1 include:{second} -all", *_notes(world)]


def _all_services(world: World) -> list[str]:
    old = next(name for name in world.shop["others"] if "include:" in name).partition("include:")[2]
    return [_one(world, more=f"a include:{old} "), *_notes(world)]


def _firm(world: World, hosts: str, rest: str = "-all", networks: list[str] | None = None) -> str:
    nets = " ".join(f"ip{ip_network(n).version}:{n}" for n in networks or world.firm["networks"])
    return f"v=spf1 {nets} {hosts} {' '.join(f'include:{one}' for one in world.firm['services'])} {rest}"


def _ip4(world: World) -> str:
    return " ".join(f"ip4:{world.dns[name]['A'][0]}" for name in world.firm["hosts"])


def _names(world: World) -> str:
    return " ".join(f"a:{name}" for name in world.firm["hosts"])


def _wide(world: World) -> list[str]:
    office, office6 = world.firm["networks"]
    return [str(ip_network(f"{office.partition('/')[0]}/27", strict=False)), office6]


def _halves(world: World) -> list[str]:
    return [str(half) for text in world.firm["networks"] for half in ip_network(text).subnets()]


def by_text(term: str, ip: str) -> str:
    """Compares the texts: what stands before the network's last number."""
    start = term.partition(":")[2].partition("/")[0].rpartition(".")[0]
    return {"-": "fail", "~": "softfail", "?": "neutral"}.get(term[0], "pass") if ip.startswith(start) else ""


def always_pass(term: str, ip: str) -> str:
    """Forgets the sign, and lets the library take whatever family there is."""
    try:
        found = ip_address(ip) in ip_network(term.lstrip("+-~?").partition(":")[2], strict=False)
    except ValueError:
        return "permerror"
    return "pass" if found else ""


def by_bits(term: str, ip: str) -> str:
    """Right, with numbers: the bits before the prefix are compared."""
    sign = term[:1] if term[:1] in ("+", "-", "~", "?") else ""
    name, _, rest = term[len(sign) :].partition(":")
    written, slash, digits = rest.partition("/")
    kinds: dict[str, type[IPv4Address] | type[IPv6Address]] = {"ip4": IPv4Address, "ip6": IPv6Address}
    kind = kinds.get(name.lower())
    try:
        if kind is None or (slash and not set(digits) <= set("0123456789")):
            return "permerror"
        base = kind(written)
        length = int(digits) if slash else base.max_prefixlen
    except ValueError:
        return "permerror"
    if length > base.max_prefixlen:
        return "permerror"
    client, drop = ip_address(ip), base.max_prefixlen - length
    if client.version != base.version or int(client) >> drop != int(base) >> drop:
        return ""
    return {"-": "fail", "~": "softfail", "?": "neutral"}.get(sign, "pass")


MISTAKES = {
    "spf-1": [
        Mistake(
            "an include's fail ends the check",
            _inside_ends,
            5,
            "an include fits on pass alone",
            "An include asks another record a question with two answers: pass, or go on. What would a "
            "record with two includes mean if the first could end the check?",
        ),
        Mistake(
            "the last term that fits",
            _last_fits,
            5,
            "the first that fits decides",
            "Nothing behind all is ever looked at. Move the term to the front and ask again.",
        ),
        Mistake(
            "pass inside an include is pass outside",
            _include_passes,
            5.5,
            "the sign before an include is the answer",
            "The inner pass makes the include fit. What that means says the sign in front of it.",
        ),
    ],
    "spf-2": [
        Mistake(
            "SPF checks From",
            lambda world: _asked(world, _of_from),
            1.6,
            "this is the domain of From in the letter",
            "Show the session up to MAIL FROM: the server can check now, and has seen no From yet.",
        ),
        Mistake(
            "SPF checks the name in EHLO",
            lambda world: _asked(world, _of_helo),
            0.8,
            "this is the name in EHLO",
            "A server may check it, too. Whose mail it is, MAIL FROM says; EHLO stands in where it is empty.",
        ),
        Mistake(
            "a bounce is checked by From",
            lambda world: _asked(world, _never_helo),
            3.2,
            "MAIL FROM is empty",
            "For the null reverse-path the sender is postmaster at the name in EHLO (RFC 7208 §2.4).",
        ),
        Mistake(
            "SRS keeps the writer's domain",
            lambda world: _asked(world, _srs_origin),
            3.2,
            "behind the last @",
            "The writer's domain is packed into the local part. The domain is the forwarder's.",
        ),
    ],
    "spf-3": [
        Mistake(
            "two records are joined",
            _two,
            1,
            "more than one is an error",
            "The DNS gives records in any order, and nobody joins them.",
        ),
        Mistake(
            "softfail is good enough",
            lambda world: [_one(world, "~all"), *_notes(world)],
            4,
            "softfail is not fail",
            "It may be right while one is not sure who sends. Here it was asked for fail.",
        ),
        Mistake(
            "every service stays, to be on the safe side",
            _all_services,
            3,
            "lookups of 10",
            "An include of a service that one has left lets its other customers in, and costs lookups.",
        ),
        Mistake(
            "the other TXT record is thrown away",
            lambda world: [_one(world)],
            4.5,
            "what is not SPF stays",
            "Some service looks for that text. Other TXT records may stand beside the one SPF record.",
        ),
        Mistake(
            "ptr stays",
            lambda world: [_one(world, more="ptr "), *_notes(world)],
            4.5,
            "not to use it",
            "RFC 7208 §5.5: slow, uncertain, and a burden on somebody else's DNS.",
        ),
    ],
    "spf-4": [
        Mistake(
            "three or four includes cannot be ten lookups",
            lambda world: _firm(world, _names(world)),
            2.66,
            "lookups of 10",
            "What is nested counts as well. The meter of the builder shows it.",
        ),
        Mistake(
            "softfail at the end",
            lambda world: _firm(world, _ip4(world), "~all"),
            4,
            "softfail is not fail",
            "Softfail is for owners who are not sure. The firm is.",
        ),
        Mistake(
            "a network that is too large",
            lambda world: _firm(world, _ip4(world), networks=_wide(world)),
            5.5,
            "too wide",
            "A prefix one shorter is twice as many addresses. Whose are the others?",
        ),
        Mistake(
            "+all lets nothing be lost",
            lambda world: "v=spf1 +all",
            0.5,
            "everybody passes",
            "Then everybody passes, Mallory as well: worse than no record.",
        ),
    ],
    "spf-5": [
        Mistake(
            "addresses are compared as texts",
            lambda world: by_text,
            2.1,
            "as they should be",
            "/27 ends in the middle of a number. Write both addresses in bits.",
        ),
        Mistake(
            "the sign is forgotten",
            lambda world: always_pass,
            3.45,
            "not 'softfail'",
            "The sign is the answer when the term fits.",
        ),
    ],
}

OTHERWISE = {
    "spf-1": [
        lambda world: {
            ip: [f"+{term}" if term[0] not in "-~?" else term.upper(), result.capitalize()]
            for ip, (term, result) in reversed(_truth(world, "decide").items())
        }
    ],
    "spf-2": [
        lambda world: {
            name: (domain.upper() + ".", f" {result}")
            for name, (domain, result) in _truth(world, "sessions").items()
        }
    ],
    "spf-3": [
        lambda world: [
            *_notes(world),
            "V=SPF1  include:{1} +include:{0}  ip4:{2}/32 ip4:{3} -ALL".format(
                *_included(world), *list(world.shop["sends"].values())[:2]
            ),
        ],
    ],
    "spf-4": [
        lambda world: _firm(world, _ip4(world), networks=_halves(world)),
        lambda world: _firm(
            world, _ip4(world).replace("ip4:", "+ip4:"), "?exists:%{i}.no.example -all"
        ).replace("?exists:%{i}.no.example ", ""),
    ],
    "spf-5": [lambda world: by_bits],
}

RUBRICS = {
    "spf-6": [
        Looked(
            1,
            "The club's host connects to the last server, and MAIL FROM still has our domain: SPF fails",
        ),
        Looked(
            1, "Neither our record nor plain forwarding is wrong; the club does not belong into our record"
        ),
        Looked(
            1,
            "SRS: the forwarder puts its own domain into the envelope's sender; that record is asked",
        ),
        Looked(1, "DKIM stays good when forwarded, and a receiver need not refuse for an SPF fail alone"),
    ]
}
