"""Records and a zone to compare two SPF engines with: usual records, odd ones and broken ones, by a seed."""

from __future__ import annotations

from random import Random

from tests.auth.spf_zone import Zone

ZONE: Zone = {
    "host.example": [("A", "192.0.2.1"), ("A", "192.0.2.20"), ("AAAA", "2001:db8::1")],
    "four.example": [("A", "198.51.100.7")],
    "six.example": [("AAAA", "2001:db8:1::7")],
    "mx.example": [("MX", "10 host.example."), ("MX", "20 four.example.")],
    "nullmx.example": [("MX", "0 .")],
    "many.example": [("MX", f"{number} host.example.") for number in range(11)],
    "slow.example": [("TIMEOUT", "")],
    "alias.example": [("CNAME", "host.example")],
    "mail.sender.example": [("A", "192.0.2.1")],
    "empty.example": [("TXT", "hello")],
    "pass.example": [("TXT", "v=spf1 +all")],
    "fail.example": [("TXT", "v=spf1 -all")],
    "soft.example": [("TXT", "v=spf1 a:host.example ~all")],
    "none.example": [("TXT", "v=spf10 x")],
    "two.example": [("TXT", "v=spf1 a"), ("TXT", "v=spf1 mx")],
    "bad.example": [("TXT", "v=spf1 foo")],
    "loop.example": [("TXT", "v=spf1 include:loop.example")],
    "deep.example": [("TXT", "v=spf1 include:soft.example include:fail.example mx:mx.example ?all")],
    "re.example": [("TXT", "v=spf1 redirect=soft.example")],
    "why.example": [("TXT", "%{i} is not mine, %{s}: see http://%{d}/%{L}")],
    "1.2.0.192.in-addr.arpa": [
        ("PTR", "host.example."), ("PTR", "mail.sender.example."), ("PTR", "lies.example.")
    ],
    "lies.example": [("A", "203.0.113.9")],
    "alice.user.example": [("A", "127.0.0.2")],
}  # fmt: skip
NAMES = [name for name in ZONE if "arpa" not in name] + ["nowhere.example", "sender.example"]
MACROS = ["%{d}", "%{d2}.example", "%{l}.user.example", "%{o}", "%{h}", "%{ir}.%{v}.example", "%{p}"]
ODD = [
    "%{d1r}.example",
    "x%%y.example",
    "%{S}.example",
    "museum",
    "192.0.2.1",
    "a..example",
    "%{q}.example",
    "%{c}.example",
    "host.example.",
    "%{d0}.example",
    "%{",
    "%x.example",
    "foo:bar.example",
    "-x.example",
    "x.-bad",
    "x.123",
    "a_b.example",
    "%{l1r+-}.user.example",
]
FOUR = [
    "192.0.2.1",
    "192.0.2.0",
    "198.51.100.7",
    "203.0.113.1",
    "0.0.0.0",
    "192.0.2",
    "192.0.2.256",
    "192.0.02.1",
    "1.2.3.4.5",
    "::1",
]
SIX = [
    "2001:db8::1",
    "2001:db8::",
    "::",
    "2001:db8:1::7",
    "::ffff:192.0.2.1",
    "2001:db8:::1",
    "192.0.2.1",
    "g::1",
]
LENGTHS = ["", "", "", "/24", "/32", "/0", "/33", "/08", "/8", "/", "/x", "/128"]
LENGTHS6 = ["", "", "", "//64", "//128", "//0", "//129", "//", "//064", "/64"]
MODIFIERS = ["unknown=x", "a.b-c_d=%{d}", "1x=y", "foo=%{z}", "=x", "x=%", "A=b"]
OTHERS = [
    "all",
    "ALL",
    "All",
    "all:x",
    "all/8",
    "all.",
    "foo",
    "redirect:x.example",
    "include",
    "ipv4:1.2.3.4",
    "ip4",
    "exists",
    "a:",
    "mx:",
    "ptr/8",
    "é",
    "\x01",
]

CLIENTS = ["192.0.2.1", "198.51.100.7", "203.0.113.5", "2001:db8::1", "2001:db8:1::7", "::ffff:192.0.2.1"]
SENDERS = ["alice@sender.example", "", "o'hara+x@sender.example", "sender.example", "a.b-c@sender.example"]


def record(random: Random) -> str:
    """One record; about every second is in order."""
    text = random.choice(["v=spf1"] * 12 + ["V=SPF1", "v=spf1 ", "v=spf2"])
    for _ in range(random.randint(0, 6)):
        text += random.choice([" "] * 8 + ["  "]) + _term(random)
    return text + random.choice(["", "", "", "", " -all", " ~all", " ?all", " all", " "])


def _term(random: Random) -> str:
    odd = random.random() < 0.25

    def pick(values: list[str], usual: int) -> str:
        return random.choice(values if odd else values[:usual])

    sign = pick(["", "", "", "-", "~", "?", "+", "!", "++"], 7)
    domain = pick(NAMES + MACROS + ODD, len(NAMES) + len(MACROS))
    kind = random.choices(range(9), [15, 15, 15, 13, 14, 5, 5, 9, 9])[0]
    if kind < 2:
        address = pick(FOUR, 5) if kind == 0 else pick(SIX, 4)
        return f"{sign}ip{'64'[kind == 0]}:{address}{pick(LENGTHS, 6)}"
    if kind < 4:
        host = random.choice(["", ":" + domain])
        return f"{sign}{'a' if kind == 2 else 'mx'}{host}{pick(LENGTHS, 6)}{pick(LENGTHS6, 6)}"
    if kind == 4:
        return f"{sign}include:{domain}"
    if kind == 5:
        return f"{sign}exists:{domain}"
    if kind == 6:
        return f"{sign}ptr{random.choice(['', ':' + domain])}"
    if kind == 7:
        return random.choice([f"redirect={domain}", "exp=why.example", f"exp={domain}", *MODIFIERS])
    return sign + pick(OTHERS, 3)


def client(random: Random) -> tuple[str, str]:
    """The client's IP address and the sender."""
    return random.choice(CLIENTS), random.choice(SENDERS)
