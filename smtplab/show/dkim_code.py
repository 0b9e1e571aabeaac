"""Show the code for DKIM: by hand with cryptography, with smtplab, openssl and dig, and for real servers.

The program by hand is complete: it takes the message apart, hashes it and checks the signature, in the
canonical forms of the signature on the bench. Python and shell ask the lab's own DNS on its real port.
Nothing is run.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from dataclasses import dataclass
from datetime import datetime

from ..auth.dkim import DkimVerdict
from ..auth.dkim.message import KEPT
from .dkim_bench import Bench
from .spf_code import zone_line

LONGEST = 20_000  # octets of a message that stands in a program
MOST = 20_000  # octets of a canonical form that stands in a shell line


@dataclass(frozen=True, slots=True)
class Real:
    """Where the DNS server really is."""

    dns: tuple[str, int]


def snippets(real: Real, bench: Bench) -> dict[str, str]:
    """Name of the tool -> what to paste."""
    verdict = bench.verdict
    found = {"smtplab": _SMTPLAB.format(message=_literal(bench.message), now=_now(bench.now()))}
    if verdict and verdict.signature:
        found["cryptography"] = by_hand(real, bench, verdict)
        found["openssl and dig"] = shell(real, bench, verdict)
    if bench.record:
        found["zone file"] = zone_line(bench.question, bench.record)
    return {**found, "Postfix and OpenDKIM": _OPENDKIM, "Exim": _EXIM}


def _literal(message: bytes) -> str:
    """The message as a Python expression, a line of it a line."""
    if len(message) > LONGEST:
        return 'open("message.eml", "rb").read()'
    lines = message.splitlines(keepends=True) or [b""]
    return "(\n" + "".join(f"    {line!r}\n" for line in lines) + ")"


def _now(now: datetime) -> str:
    return repr(now.replace(microsecond=0).isoformat())


_SMTPLAB = """\
from datetime import datetime
from smtplab import dkim

message = {message}

for verdict in dkim.verify(message, resolve=lab.resolve, now=datetime.fromisoformat({now})):
    print(verdict)
    print(verdict.cause, verdict.canonical_header)
"""

_HAND = """\
import base64, hashlib, re
import dns.resolver
from cryptography.exceptions import InvalidSignature
{imports}

message = {message}

head, _, body = message.partition(b"\\r\\n\\r\\n")
fields = re.split(rb"\\r\\n(?![ \\t])", head)
own = [field for field in fields if field.lower().startswith(b"dkim-signature:")][{number}]
fields.remove(own)
tags = {{}}
for tag in own.partition(b":")[2].split(b";"):
    name, _, value = tag.partition(b"=")
    tags[name.strip()] = b"".join(value.split())

# 1. The body: canonical form ({body_form}), hash, compare with bh=.
{body}
hashed = base64.b64encode(hashlib.sha256(body).digest())
print("body hash is", hashed.decode(), "and bh= says", tags[b"bh"].decode())
print("body:", "unchanged" if hashed == tags[b"bh"] else "CHANGED")

# 2. The header section: canonical form ({header_form}), the fields of h= from the bottom, then this field.
def canonical(field):
{header}

octets, below = b"", fields[::-1]
for name in tags[b"h"].lower().split(b":"):
    for field in below:
        if field.partition(b":")[0].strip().lower() == name:
            below.remove(field)
            octets += canonical(field) + b"\\r\\n"
            break
octets += canonical(re.sub(rb"(;\\s*b\\s*=)[^;]*", rb"\\1", own, count=1))

# 3. The key from the DNS, and the signature.
resolver = dns.resolver.Resolver(configure=False)   # in real life: dns.resolver.Resolver()
resolver.nameservers, resolver.port = [{host!r}], {port}
(answer,) = resolver.resolve((tags[b"s"] + b"._domainkey." + tags[b"d"]).decode(), "TXT")
record = dict(tag.strip().split(b"=", 1) for tag in b"".join(answer.strings).split(b";") if tag.strip())
{key}
try:
    {check}
    print("signature: fits")
except InvalidSignature:
    print("signature: DOES NOT FIT")
"""
_BODIES = {
    "simple": """\
body = re.sub(rb"(\\r\\n)*\\Z", b"", body, count=1) + b"\\r\\n"   # no empty lines at the end""",
    "relaxed": """\
body = re.sub(rb"[ \\t]+", b" ", body)                # white space to one space
body = re.sub(rb" (?=\\r\\n|\\Z)", b"", body)           # none at the end of a line
body = re.sub(rb"(\\r\\n)*\\Z", b"", body, count=1)     # no empty lines at the end
body += b"\\r\\n" if body else b\"\"""",
}
_HEADERS = {
    "simple": "    return field                                   # as it stands",
    "relaxed": """\
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \\t]+", b" ", value.replace(b"\\r\\n", b""))   # unfold, white space to one space
    return name.strip().lower() + b":" + value.strip()""",
}
_KEYS = {
    "rsa": (
        "from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15\n"
        "from cryptography.hazmat.primitives.hashes import SHA256\n"
        "from cryptography.hazmat.primitives.serialization import load_der_public_key",
        'key = load_der_public_key(base64.b64decode(record[b"p"]))',
        'key.verify(base64.b64decode(tags[b"b"]), octets, PKCS1v15(), SHA256())',
    ),
    "ed25519": (
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey",
        'key = Ed25519PublicKey.from_public_bytes(base64.b64decode(record[b"p"]))',
        'key.verify(base64.b64decode(tags[b"b"]), hashlib.sha256(octets).digest())',
    ),
}


def by_hand(real: Real, bench: Bench, verdict: DkimVerdict) -> str:
    """The check in a program of its own; it needs cryptography and dnspython."""
    signature = verdict.signature
    assert signature is not None
    header, body = signature.forms
    imports, key, check = _KEYS["ed25519" if signature.algorithm.startswith("ed25519") else "rsa"]
    cut = '\nbody = body[:int(tags[b"l"])]' if signature.length is not None else ""
    return _HAND.format(
        message=_literal(bench.message),
        number=bench.number,
        imports=imports,
        body=_BODIES[body] + cut,
        header=_HEADERS[header],
        body_form=body,
        header_form=header,
        host=real.dns[0],
        port=real.dns[1],
        key=key,
        check=check,
    )


def shell(real: Real, bench: Bench, verdict: DkimVerdict) -> str:
    """dig for the key, and openssl for the hash and the signature."""
    signature = verdict.signature
    assert signature is not None
    host, port = real.dns
    lines = ["# The key:", f"dig @{host} -p {port} +short TXT {shlex.quote(bench.question)}"]
    body = verdict.canonical_body if signature.length is None else verdict.canonical_body[: signature.length]
    if len(body) <= MOST < KEPT and len(verdict.canonical_header) <= MOST:
        lines += ["", "# The body in canonical form, and its hash: is it what bh= says?"]
        lines += [*_file("body.bin", body), "openssl dgst -sha256 -binary body.bin | openssl base64"]
        lines += [f"echo {shlex.quote(verdict.claimed)}"]
        lines += ["", "# The signed octets, and the signature:"]
        lines += [*_file("header.bin", verdict.canonical_header), *_file("signature.bin", signature.octets)]
        lines += _openssl(verdict)
    return "\n".join(lines) + "\n"


def _openssl(verdict: DkimVerdict) -> list[str]:
    if verdict.key is None or verdict.key.public is None:
        return ["# There is no key to check it with."]
    if verdict.algorithm == "ed25519-sha256":  # RFC 8463 §3: the hash is what is signed
        prefix = bytes.fromhex("302a300506032b6570032100")  # DER: what follows is an Ed25519 key
        key = prefix + base64.b64decode(verdict.key.tags["p"].packed)
        hashed = hashlib.sha256(verdict.canonical_header).digest()
        return [
            *_file("key.der", key),
            *_file("hash.bin", hashed),
            "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin "
            "-in hash.bin -sigfile signature.bin",
        ]
    return [
        *_file("key.der", base64.b64decode(verdict.key.tags["p"].packed)),
        "openssl dgst -sha256 -verify key.der -keyform DER -signature signature.bin header.bin",
    ]


def _file(name: str, octets: bytes) -> list[str]:
    text = base64.b64encode(octets).decode("ascii")
    lines = [text[at : at + 76] for at in range(0, len(text), 76)]
    return [f"openssl base64 -d > {name} <<'END'", *lines, "END"]


_OPENDKIM = """\
# /etc/opendkim.conf: sign what goes out, verify what comes in
Mode                sv
Domain              acorn.example
Selector            a1
KeyFile             /etc/opendkim/keys/a1.private
Canonicalization    relaxed/relaxed
OversignHeaders     From
SignatureTTL        604800
Socket              inet:8891@localhost

# a key, and the record for the DNS
#   opendkim-genkey --bits=2048 --domain=acorn.example --selector=a1

# /etc/postfix/main.cf
smtpd_milters = inet:localhost:8891
non_smtpd_milters = $smtpd_milters
milter_default_action = accept
"""

_EXIM = """\
# In the transport that sends to other hosts:
remote_smtp:
  driver = smtp
  dkim_domain = acorn.example
  dkim_selector = a1
  dkim_private_key = /etc/exim4/dkim/a1.private
  dkim_canon = relaxed

# In the DKIM ACL (acl_smtp_dkim = acl_check_dkim): a failure alone is no reason to refuse (RFC 6376 §6.3).
acl_check_dkim:
  warn    dkim_status = fail
          log_message = DKIM: $dkim_verify_status $dkim_verify_reason ($dkim_cur_signer)
  accept
"""
