"""What each line means: the facts, their sections, and what may come next."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab.mail.meaning import Meaning, meaning, meaning_at, spans
from smtplab.mail.meanings.fields import FIELDS
from smtplab.mail.session import VERBS, State, allowed
from tests.mail.mail_script import FULL, read

REF = re.compile(r"RFC [1-9][0-9]{2,3} §[1-9][0-9]*(\.[0-9]+)*")
MOST_WORDS = 60  # in a paragraph; the list of extensions may have more
STATES = "|".join(State)
MARKS = {"code": "`", "bold": "**", "text": ""}
BOLD = re.compile(rf"client side|This is said in clear\.|the message is the server's|{STATES}")

HELLO = "S: 220 mx.birch.example ESMTP\nC: EHLO a.example\nS: 250-mx.birch.example\n"
OFFERS = (
    "S: 250-STARTTLS\nS: 250-SIZE 1000\nS: 250-CHUNKING\nS: 250-AUTH PLAIN\nS: 250-DSN\nS: 250 PIPELINING\n"
)
MAIL = HELLO + OFFERS + "C: MAIL FROM:<a@a.example>\nS: 250 ok\n"
NULL = HELLO + OFFERS + "C: MAIL FROM:<>\nS: 250 ok\n"
RCPT = "C: RCPT TO:<b@b.example>\nS: 250 ok\n"
DATA = MAIL + RCPT + "C: DATA\nS: 354 go\n"
BEFORE = {"RCPT": MAIL, "DATA": MAIL + RCPT, "BDAT": MAIL + RCPT, ".": DATA}
SAID = {"BDAT": "BDAT 0 LAST", "EHLO": "EHLO a.example", "MAIL": "MAIL FROM:<a@a.example>", ".": "."}


def check(found: Meaning) -> None:
    """What holds for every explanation."""
    assert found.title and "`" not in found.title and "**" not in found.title
    assert 1 <= len(found.paragraphs) <= 3
    assert found.refs and len(set(found.refs)) == len(found.refs)
    assert all(REF.fullmatch(ref) for ref in found.refs)
    for text in (found.title, *found.paragraphs):
        assert text.isprintable() and text == text.strip()
        assert "".join(MARKS[kind] + piece + MARKS[kind] for kind, piece in spans(text)) == text
        assert not any("`" in piece or "**" in piece for kind, piece in spans(text) if kind != "code")
        assert all(BOLD.fullmatch(piece) for kind, piece in spans(text) if kind == "bold")
    for text in found.paragraphs:
        assert text.endswith((".", "?")) and (len(text.split()) <= MOST_WORDS or "each other line" in text)
    refused = [verb for verb, _, _ in found.would_refuse]
    assert not set(refused) & set(found.may)
    assert set(refused) | set(found.may) in ({*VERBS}, set())
    assert all(reply.code >= 500 and why for _, reply, why in found.would_refuse)


def last(text: str, back: int = 1) -> Meaning:
    """The meaning of a line near the end of a script, checked."""
    lines = read(text)
    found = meaning_at(lines, len(lines) - back)
    check(found)
    return found


def says(text: str, title: str, *words: str, ref: str = "", back: int = 1) -> None:
    found = last(text, back)
    assert title in found.title
    for phrase in words:
        assert phrase in " / ".join(found.paragraphs)
    assert not ref or ref in found.refs


# every verb, every class of reply -----------------------------------------------------------------

VERDICTS = (
    """
250 2.0.0 ok|251 moved|252 2.0.0 perhaps|235 2.7.0 ok|334 VXNlcm5hbWU6|354 go|399 more|421 4.3.2 bye
450 4.2.1 later|451 4.3.0 error|452 4.5.3 many|454 4.7.0 no|455 no|500 5.5.1 what|501 5.5.4 form|502 5.5.1 no
503 5.5.1 order|504 5.5.4 no|521 5.3.2 no|530 5.7.0 Authentication required|534 5.7.9 weak|535 5.7.8 wrong
538 5.7.11 tls|550 5.1.1 no|551 5.1.6 gone|552 5.3.4 big|553 5.1.3 name|554 5.7.1 no|555 5.5.4 what
556 5.1.10 null|550 no|450 no|599 9.9.9 odd|221 2.0.0 bye|220 2.0.0 ready|214 help
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("verb", [*VERBS, ".", "FOO", ""])
@pytest.mark.parametrize("reply", VERDICTS)
def test_every_verb_with_every_reply(verb: str, reply: str) -> None:
    text = BEFORE.get(verb, HELLO + OFFERS) + f"C: {SAID.get(verb, verb)}\nS: {reply}"
    command, answer = last(text, 2), last(text)
    assert command.title and answer.title
    number = reply[:3]
    if number >= "400" and verb != "FOO":
        told = [f"`{number}", "503", "refused this session"]
        assert any(word in " ".join(answer.paragraphs[:2]) for word in told) or number == "521"


@pytest.mark.parametrize(
    "reply", ["220 mx.example ESMTP", "220 ", "554 no", "521 no", "421 later", "450 later", "334 x"]
)
def test_every_greeting(reply: str) -> None:
    last(f"S: {reply}")


def test_a_whole_session_means_something() -> None:
    lines = read(FULL)
    for index in range(len(lines)):
        check(meaning_at(lines, index))
        check(meaning(lines[index]))


# the facts ----------------------------------------------------------------------------------------


def test_hello() -> None:
    says(
        "S: 220 mx.birch.example ESMTP",
        "The server speaks first",
        "`mx.birch.example`",
        "waits for this line",
        "`ESMTP` in the text only hints",
        ref="RFC 5321 §4.3.1",
    )
    says(
        "S: 554 no",
        "No SMTP service",
        "only `QUIT` makes sense",
        "still has the message",
        ref="RFC 5321 §3.1",
    )
    says("S: 521 no", "takes no mail at all", ref="RFC 7504 §3")
    says(HELLO + OFFERS, "EHLO says who", "`a.example`", "is a claim", "each other line", back=2)
    says("S: 220 x\nC: EHLO [192.0.2.1]", "EHLO says", "address literal", ref="RFC 5321 §4.1.3")
    says("S: 220 x\nC: EHLO me", "EHLO says", "`me` is not a full name")
    says("S: 220 x\nC: EHLO a_b.example", "EHLO says", "letters, digits, hyphens", ref="RFC 5321 §4.1.2")
    says("S: 220 x\nC: EHLO", "EHLO says", "no name", "`501`")
    says(
        MAIL + "C: EHLO a.example", "EHLO says", "A transaction is open. EHLO drops it", ref="RFC 5321 §4.1.4"
    )
    says("S: 220 x\nC: HELO a.example\nS: 250 x", "without extensions", "no STARTTLS, no AUTH", back=2)
    says("S: 220 x\nC: EHLO a\nS: 500 what", "does not do EHLO", "fall back to HELO", ref="RFC 5321 §3.2")


def test_each_extension_has_a_phrase_and_its_source() -> None:
    phrases = {
        "SIZE 10485760": ("`SIZE 10485760`: takes messages up to 10 MiB", "RFC 1870 §4"),
        "SIZE": ("`SIZE`: compares declared sizes", "RFC 1870 §4"),
        "SIZE 99999999999999999999": ("`SIZE 99999999999999999999`: compares", "RFC 1870 §4"),
        "8BITMIME": ("8-bit text", "RFC 6152 §3"),
        "SMTPUTF8": ("beyond ASCII", "RFC 6531 §3.2"),
        "STARTTLS": ("can go on under TLS", "RFC 3207 §3"),
        "AUTH PLAIN LOGIN": ("by `PLAIN` or `LOGIN`", "RFC 4954 §3"),
        "PIPELINING": ("several commands in one go", "RFC 2920 §3.1"),
        "CHUNKING": ("counted chunks", "RFC 3030 §2"),
        "BINARYMIME": ("binary content", "RFC 3030 §3"),
        "DSN": ("delivery reports", "RFC 3461 §3"),
        "ENHANCEDSTATUSCODES": ("such as 5.1.1", "RFC 2034 §4"),
        "HELP": ("answers HELP", "RFC 5321 §4.1.1.8"),
        "VRFY": ("answers VRFY", "RFC 5321 §3.5.2"),
        "EXPN": ("answers EXPN", "RFC 5321 §3.5.2"),
        "LIMITS RCPTMAX=100": ("`LIMITS RCPTMAX=100`: says what its limits are", "RFC 9422 §3"),
        "REQUIRETLS": ("promise TLS", "RFC 8689 §2"),
        "XFOO bar": ("`XFOO bar`: private", "RFC 5321 §4.1.5"),
        "NEVERHEARD": ("`NEVERHEARD`: not explained here", "RFC 5321 §4.1.1.1"),
    }
    for line, (phrase, ref) in phrases.items():
        says(
            f"S: 220 x\nC: EHLO a\nS: 250-x\nS: 250 {line}", "The server offers 1 extension", phrase, ref=ref
        )
    every = "".join(f"S: 250-{line}\n" for line in phrases)
    says(f"S: 220 x\nC: EHLO a\nS: 250-x\n{every}S: 250 ok", "The server offers 18 extensions")


def test_the_list_and_tls() -> None:
    clear = "S: 220 x\nC: EHLO a\nS: 250-x\n"
    says(clear + "S: 250 STARTTLS", "offers 1", "can take `STARTTLS` out", ref="RFC 3207 §6")
    says(clear + "S: 250 SIZE", "offers 1", "There is no `STARTTLS` on the list", ref="RFC 3207 §6")
    says("S: 220 x\nC: EHLO a\nS: 250 x", "no extensions", "plain SMTP")
    tls = clear + "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nTLS TLSv1.3\nC: EHLO a"
    says(tls, "EHLO says", "everything learnt in clear was forgotten", ref="RFC 3207 §4.2")
    says(tls + "\nS: 250-x\nS: 250 SIZE", "offers 1", "came under TLS")
    says(tls, "STARTTLS asks", "anyone on the path", back=4)
    says(tls, "ready for TLS", "back at its start", back=3)
    says(tls, "TLS begins here", "(TLSv1.3)", "Both ends forget", ref="RFC 3207 §4.2", back=2)
    says("TLS TLSv1.3\nS: 220 x", "TLS comes first", "implicit TLS", ref="RFC 8314 §3.3", back=2)
    says(
        clear + "S: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 no",
        "not to be had",
        "goes on in clear",
        ref="RFC 3207 §4",
    )
    says(
        clear + "S: 250 STARTTLS\nCLOSE S TLS failed: CERTIFICATE_UNKNOWN",
        "TLS could not be started",
        "`TLS failed: CERTIFICATE_UNKNOWN`",
    )


def test_injection_behind_starttls() -> None:
    text = HELLO + OFFERS + r"C: STARTTLS\r\nMAIL FROM:<m@mallory.example>" + "\nS: 220 go\nTLS x"
    says(text, "Sent in clear, behind STARTTLS", "forget it", "CVE-2011-0411", ref="RFC 3207 §4.2", back=3)


def test_login() -> None:
    auth = HELLO + OFFERS
    says(
        auth + "C: AUTH PLAIN AGEAYg==",
        "AUTH proves",
        "With `PLAIN`",
        "**This is said in clear.**",
        ref="RFC 4616 §2",
    )
    says("TLS x\nS: 220 x\nC: AUTH LOGIN", "AUTH proves", "no RFC defines it", "Base64 is no encryption")
    says(auth + "C: AUTH FROB", "AUTH proves", "With `FROB` the mechanism decides")
    says(auth + "C: AUTH", "AUTH proves", "mechanism is missing")
    says(auth + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6", "waits for the client's part", "base64 for `Username:`")
    says(auth + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=", "The answer", "base64 for `alice`")
    says(auth + "C: AUTH PLAIN\nS: 334 \nC: *", "cancels", "`501`")
    says(auth + "C: AUTH PLAIN\nS: 334 ", "waits for", "empty")
    says(auth + "C: AUTH PLAIN AGEAYg==\nS: 235 2.7.0 ok", "has logged in", "`503`", ref="RFC 4954 §4")
    says(auth + "C: AUTH PLAIN AGEAYg==\nS: 535 5.7.8 no", "login is refused", "does not say which")
    says(
        auth + "C: AUTH PLAIN AGEAYg==\nS: 538 5.7.11 no",
        "login is refused",
        "has crossed the network in clear",
    )
    says(auth + "C: AUTH LOGIN\nS: 538 no\nC: c2VjcmV0\nS: 500 what", "part of a login", "not shown", back=2)
    says(auth + "C: AUTH LOGIN\nS: 454 4.7.0 later", "could not be checked", "password is not at fault")


def test_no_meaning_tells_a_secret() -> None:
    secret = "d29uZGVybGFuZA=="
    for text in (
        f"C: AUTH PLAIN {secret}\nS: 535 no",
        f"C: AUTH PLAIN\nS: 334 \nC: {secret}\nS: 535 no",
        f"C: AUTH LOGIN\nS: 504 no\nC: {secret}\nS: 500 what: {secret}",
    ):
        lines = read(HELLO + OFFERS + text)
        everything = "".join(meaning_at(lines, index).text() for index in range(len(lines)))
        assert "d29u" not in everything and "wonderland" not in everything


def test_mail() -> None:
    says(
        MAIL, "MAIL FROM starts", "`a@a.example` is the reverse-path", "not the From that people see", back=2
    )
    says(MAIL, "transaction is open", "Noted is not checked", ref="RFC 5321 §3.3")
    says(
        NULL,
        "null reverse-path",
        "nobody is told",
        "SPF takes the name given in EHLO",
        back=2,
        ref="RFC 7208 §2.4",
    )
    bare = HELLO + OFFERS
    says(
        bare + "C: MAIL FROM: <a@a.example>",
        "MAIL FROM",
        "space after the colon is wrong",
        ref="RFC 5321 §3.3",
    )
    says(bare + "C: MAIL a@a.example", "MAIL FROM", "The syntax is `MAIL FROM:<reverse-path>`")
    says(bare + "C: MAIL FROM:<a b@a.example>", "MAIL FROM", "not well-formed")
    says(
        bare + "C: MAIL FROM:<a@a.example> SIZE=2048 RET=HDRS ENVID=x",
        "MAIL FROM",
        "have 2 KiB",
        "`RET=HDRS`",
        "its header section only",
        ref="RFC 3461 §4.3",
    )
    says(
        bare + "C: MAIL FROM:<a@a.example> BODY=BINARYMIME SMTPUTF8 X=1",
        "MAIL FROM",
        "so that only BDAT",
        "did not offer `BINARYMIME` and `SMTPUTF8`",
        "`X=1` is not explained",
        ref="RFC 3030 §3",
    )
    says(
        bare + "C: MAIL FROM:<a@a.example> AUTH=<>",
        "MAIL FROM",
        "does not know who submitted",
        ref="RFC 4954 §5",
    )
    says(
        bare + "C: MAIL FROM:<a@a.example>\nS: 550 5.7.1 no", "refused at MAIL", "owes the reverse-path a DSN"
    )
    says(
        bare + "C: MAIL FROM:<a@a.example>\nS: 530 5.7.0 Authentication required",
        "refused at MAIL",
        "AUTH has to come",
    )
    says(
        bare + "C: MAIL FROM:<a@a.example>\nS: 530 5.7.0 Must issue a STARTTLS command first",
        "refused at MAIL",
        "STARTTLS has to come first",
        ref="RFC 3207 §4",
    )


def test_rcpt() -> None:
    says(
        MAIL + RCPT,
        "RCPT TO names one recipient",
        "`b@b.example` is to get",
        "for this recipient alone",
        back=2,
    )
    says(MAIL + RCPT, "recipient is accepted", "1 recipient accepted so far", "Accepted is not delivered")
    says(
        MAIL + RCPT + "C: RCPT TO:<x@b.example>\nS: 550 5.1.1 no such user",
        "refused for good",
        "`550 5.1.1`: no such mailbox",
        "**client side** now owes the reverse-path a DSN",
        "The server sends none",
        "accepted before it stay accepted",
        ref="RFC 3463 §3.2",
    )
    says(
        NULL + "C: RCPT TO:<x@b.example>\nS: 550 5.1.1 no",
        "refused for good",
        "null",
        "no DSN may answer",
        ref="RFC 5321 §4.5.5",
    )
    says(
        MAIL + "C: RCPT TO:<x@c.example>\nS: 554 5.7.1 Relay access denied", "refused for good", "open relay"
    )
    says(
        MAIL + "C: RCPT TO:<b@b.example>\nS: 450 4.7.1 Greylisted",
        "has to wait",
        "greylisting",
        "30 minutes",
        ref="RFC 5321 §4.5.4.1",
    )
    says(
        MAIL + RCPT + "C: RCPT TO:<b@b.example>\nS: 452 4.5.3 Too many",
        "has to wait",
        "1 so far",
        "in another",
        ref="RFC 5321 §4.5.3.1.10",
    )
    says(MAIL + RCPT + "C: RCPT TO:<b@b.example>\nS: 552 5.5.3 Too many", "refused", "in another transaction")
    says(MAIL + "C: RCPT TO:<Postmaster>", "RCPT TO", "without a domain", ref="RFC 5321 §4.5.1")
    says(MAIL + "C: RCPT TO:<@x.example:b@b.example>", "RCPT TO", "source route", "`b@b.example`")
    says(
        MAIL + "C: RCPT TO:<b@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@b",
        "RCPT TO",
        "on success or on delay",
    )
    says(MAIL + "C: RCPT TO:<b@b.example>\nS: 251 will forward", "has moved", ref="RFC 5321 §3.4")
    says(MAIL + RCPT * 100 + "C: RCPT TO:<b@b.example>", "RCPT TO", "100 recipients are accepted")


def test_message() -> None:
    says(DATA, "DATA asks", "envelope is complete: 1 recipient accepted", back=2)
    says(MAIL + "C: DATA", "DATA asks", "No recipient is accepted, so")
    says(MAIL + "C: RCPT TO:<x@b.example>\nS: 550 no\nC: DATA", "DATA asks", "the only one was refused")
    says(DATA, "waits for the message", "`354` is a 3yz reply", "no commands")
    says(
        DATA + "C: .", "only a dot ends", "exactly CR LF, a dot, CR LF", "10 minutes", ref="RFC 5321 §4.1.1.4"
    )
    says(
        DATA + "C: .\nS: 250 2.0.0 queued",
        "takes responsibility",
        "**the message is the server's**",
        "owes the reverse-path a DSN",
        "does not mean delivered",
        "twice",
        ref="RFC 5321 §4.2.5",
    )
    says(
        NULL + RCPT + RCPT + "C: DATA\nS: 354 x\nC: .\nS: 250 ok",
        "responsibility",
        "nobody hears",
        "all of the",
    )
    says(
        DATA + "C: .\nS: 451 4.3.0 later",
        "stays with the client",
        "must not deliver it",
        ref="RFC 5321 §4.2.5",
    )
    says(DATA + "C: .\nS: 554 5.7.1 looks like spam", "refused for good", "takes this for spam", "sends none")
    says(DATA + "C: .\nS: 554 no", "refused for good", "what is in it or for who sends it")
    says(
        DATA + "C: .\nS: 550 5.5.2 Bare LF received",
        "refused for good",
        "SMTP smuggling",
        ref="RFC 5321 §2.3.8",
    )
    says(MAIL + "C: DATA\nS: 503 no recipient", "at the wrong time", "accepted someone to deliver it to")
    says(MAIL + RCPT + "C: DATA\nS: 554 5.5.1 none", "won't take", "no valid recipient")


def test_chunks() -> None:
    bdat = MAIL + RCPT + r"C+ BDAT 4\r\nhi\r\n"
    says(bdat, "BDAT sends 4 octets", "no `354` to wait for", "More chunks follow", ref="RFC 3030 §2", back=2)
    says(bdat + "\nS: 250 ok", "The chunk has arrived", "promised nothing yet")
    says(MAIL + RCPT + "C: BDAT 0 LAST", "BDAT sends 0 octets", "`LAST` says")
    says(MAIL + RCPT + "C: BDAT 0 LAST\nS: 250 ok", "takes responsibility")
    says(MAIL + RCPT + "C: BDAT x", "BDAT sends a number", "The syntax is")
    says(MAIL + RCPT + r"C+ BDAT 3\r\n..x", "No header field", "counts octets, not lines")


def test_content() -> None:
    says(DATA + "C: Subject: hi", "Subject: what it is about", ref="RFC 5322 §3.6.5")
    says(DATA + "C: BCC: x@y.example", "BCC: a blind copy that is not blind", ref="RFC 5322 §3.6.3")
    says(DATA + r"C: To: a\r\n b", "The field above goes on", ref="RFC 5322 §2.2.3")
    says(DATA + "C: nonsense", "No header field")
    says(DATA + "C: X-Spam-Score: 9", "X-Spam-Score: a field by private", ref="RFC 6648 §3")
    says(DATA + "C: ARC-Seal: x", "ARC-Seal", "being retired")
    says(DATA + "C: Frob: x", "Frob: a field that SMTP carries unread")
    says(DATA + r"C: A: b\r\n", "An empty line ends the header section", ref="RFC 5322 §2.1")
    body = DATA + r"C: A: b\r\n\r\n"
    says(body + "hi", "A line of the body")
    says(body + r"\r\n", "An empty line of the body")
    says(body + "--=_boundary", "A line of the body", "MIME boundary")
    says(body + "..dot", "body", "one more dot in front", ref="RFC 5321 §4.5.2")
    says(body + ".dot", "body", "nobody doubled", "`dot`")
    says(body + r"a\nb", "body", "bare CR or LF", ref="RFC 5321 §2.3.8")
    says(body + "x" * 999, "body", "999 octets", "at most 998", ref="RFC 5321 §4.5.3.1.6")
    says(body + "." + "x" * 998, "body", "nobody doubled")
    says(body + r"caf\xc3\xa9", "body", "`8BITMIME`, which the server did not offer", ref="RFC 6152 §3")
    says(MAIL + RCPT + r"C: DATA\r\nA: b", "A: a field", "before the server's `354`")


def test_every_header_field_is_explained() -> None:
    for name in FIELDS:
        says(DATA + f"C: {name}: x", f"{name}: ")


def test_other_verbs() -> None:
    says(MAIL + "C: RSET", "RSET drops the transaction", "are forgotten", ref="RFC 5321 §4.1.1.5")
    says(HELLO + OFFERS + "C: RSET", "RSET drops", "changes nothing here")
    says(HELLO + OFFERS + "C: NOOP x", "NOOP does nothing", "should ignore")
    says(HELLO + OFFERS + "C: VRFY bob\nS: 252 x", "does not say", "no yes and no no", ref="RFC 5321 §7.3")
    says(HELLO + OFFERS + "C: VRFY bob\nS: 250 bob", "checked and exists", ref="RFC 5321 §3.5.3")
    says(HELLO + OFFERS + "C: VRFY bob\nS: 550 5.1.1 no", "VRFY is refused", "No message depends on it")
    says(HELLO + OFFERS + "C: EXPN list", "EXPN asks", "`list`", ref="RFC 5321 §3.5.2")
    says(HELLO + OFFERS + "C: HELP\nS: 214 x", "Help for people")
    says(MAIL + "C: QUIT", "QUIT ends", "still open: it is dropped", ref="RFC 5321 §4.1.1.10")
    says(MAIL + "C: QUIT\nS: 221 x", "says goodbye", "`221`")
    says(
        MAIL + "C: NOOP\nS: 421 4.4.2 timeout",
        "ends the session",
        "too long",
        "tries again later",
        ref="RFC 5321 §3.8",
    )
    says(MAIL + "S: 421 4.3.2 bye", "ends the session", "busy")


def test_what_is_no_command() -> None:
    says(
        HELLO + OFFERS + "C: RCTP TO:<x@y>",
        "No command",
        "`RCTP`",
        "Perhaps `RCPT` was meant",
        ref="RFC 5321 §4.2.4",
    )
    says(HELLO + OFFERS + "C: GET / HTTP/1.1", "No command", "This is HTTP")
    says(HELLO + OFFERS + "C: Subject: x", "No command", "looks like a header field")
    says(HELLO + OFFERS + "C: LHLO x", "No command", "LMTP", ref="RFC 2033 §4.1")
    says(HELLO + OFFERS + "C: XYZZY", "No command", "private")
    says(HELLO + OFFERS + "C: ", "An empty line is no command", "`500`")
    says(r"C+ \x16\x03\x01\x02", "A TLS handshake, where SMTP was expected", "WRONG_VERSION_NUMBER")
    says(HELLO + OFFERS + "S: 250 surprise", "nobody asked for", "smuggled")
    says(HELLO + OFFERS + "C: NOOP\nS: hello", "This is no reply")
    says(HELLO + OFFERS + "C: NOOP\nS+ 250-x", "This is no reply", "has not ended")


def test_remarks() -> None:
    says("C: EHLO a.example\nS: 220 x", "EHLO", "spoke before the server's greeting", back=2)
    says(
        HELLO + OFFERS + r"C: MAIL FROM:<a@a>\r\nRCPT TO:<b@b>",
        "RCPT",
        "`PIPELINING` allows that",
        ref="RFC 2920 §3.1",
    )
    says("S: 220 x\n" + r"C: EHLO a.example\r\nMAIL FROM:<a@a>", "MAIL", "did not offer `PIPELINING`")
    says("S: 220 x\nC: MAIL FROM:<a@a.example>", "MAIL", "may not come now, in the state **start**")
    says(
        "S: 220 x\nC: MAIL FROM:<a@a.example>\nS: 503 no",
        "wrong time",
        "`503` is about order",
        "state **start**",
    )
    says("S: 220 x\n" + r"C+ NOOP\n", "NOOP", "must not take anything else", ref="RFC 5321 §2.3.8")
    says("S: 220 x\nC+ NOOP", "NOOP", "no end yet")
    says("S: 554 x\nC: EHLO a.example", "EHLO", "refused this session in its greeting", ref="RFC 5321 §3.1")
    says("S: 554 x\nC: EHLO a.example\nS: 503 no", "wrong time", "refused this session in its greeting")


def test_the_end_of_the_connection() -> None:
    says(MAIL + "C: QUIT\nS: 221 x\nCLOSE S", "The connection closes", "`221` announced it")
    says(
        MAIL + "CLOSE S reset the connection",
        "server closes without a goodbye",
        "reset the connection",
        "`451`",
        ref="RFC 5321 §3.8",
    )
    says(DATA + "C: .\nCLOSE C", "client closes without a goodbye", "no reply has come", "send it twice")
    says(HELLO + OFFERS + "CLOSE C", "without a goodbye", "nothing is lost")


def test_numbers_collide() -> None:
    says(
        MAIL + "C: RCPT TO:<x@b>\nS: 550 5.7.1 no",
        "refused",
        "read the words",
        "from Postfix",
        ref="RFC 5248 §2",
    )


# what may come next -------------------------------------------------------------------------------


def verbs(text: str, back: int = 1) -> str:
    return " ".join(last(text, back).may)


def would(text: str, verb: str) -> tuple[int, str]:
    return next((reply.code, why) for name, reply, why in last(text).would_refuse if name == verb)


def test_next_verbs_are_the_session_tables() -> None:
    lines = read(FULL)
    for index, line in enumerate(lines):
        may = meaning_at(lines, index).may
        if line.kind == "reply" and may:
            assert set(may) <= set(allowed(line.state))
            assert set(allowed(line.state)) - set(may) <= {"STARTTLS", "AUTH", "BDAT"}


def test_next_verbs_by_what_is_offered() -> None:
    assert verbs("S: 220 x") == "EHLO HELO RSET NOOP VRFY EXPN HELP QUIT"
    assert verbs(HELLO + OFFERS) == "EHLO HELO STARTTLS AUTH MAIL RSET NOOP VRFY EXPN HELP QUIT"
    assert verbs(HELLO + "S: 250 SIZE") == "EHLO HELO MAIL RSET NOOP VRFY EXPN HELP QUIT"
    assert would(HELLO + "S: 250 SIZE", "STARTTLS") == (503, "the server did not offer STARTTLS")
    assert would(HELLO + "S: 250 STARTTLS", "AUTH") == (
        503,
        "login is not offered in clear: STARTTLS comes first",
    )
    assert would(MAIL, "DATA")[0] == 503
    assert "BDAT" in verbs(MAIL + RCPT)
    assert (
        would(HELLO + OFFERS + "C: AUTH PLAIN AGEAYg==\nS: 235 ok", "AUTH")[1]
        == "the client has logged in already"
    )
    tls = HELLO + OFFERS + "C: STARTTLS\nS: 220 go\nTLS x"
    assert verbs(tls) == "EHLO HELO RSET NOOP VRFY EXPN HELP QUIT"
    assert would(tls + "\nC: EHLO a\nS: 250-x\nS: 250 STARTTLS", "STARTTLS") == (503, "TLS is on already")


def test_a_refused_recipient_leaves_what_may_come() -> None:
    """As in the drawing: the focus is on RCPT, refused, and the panel says what may come then."""
    found = last(MAIL + "C: RCPT TO:<bbo@b.example>\nS: 550 5.1.1 No such user here", 2)
    assert found.title == "RCPT TO names one recipient"
    assert {"RCPT", "RSET", "NOOP", "QUIT"} <= set(found.may)
    assert [reply.code for verb, reply, _ in found.would_refuse if verb == "DATA"] == [503]


def test_nothing_may_be_said_while_it_is_not_the_clients_turn() -> None:
    for text in (
        DATA,
        DATA + "C: x",
        DATA + "C: .",
        HELLO + OFFERS + "C: NOOP",
        "TLS x",
        MAIL + "C: QUIT\nS: 221 x",
        HELLO + OFFERS + "C: STARTTLS\nS: 220 go",
        HELLO + OFFERS + "C: AUTH PLAIN\nS: 334 ",
        MAIL + "CLOSE S",
        HELLO + OFFERS + "C: NOOP\nS: what",
    ):
        assert verbs(text) == "" and last(text).would_refuse == ()
    assert verbs("S: 554 no") == "QUIT"
    assert verbs("S: 421 no") == ""


# hostile text -------------------------------------------------------------------------------------

NASTY = r"<script>`**bold** ``x` **client side \x1b[31m \xe2\x80\xae"
NASTY_NOTE = "<script>`***bold** ``x` **client side \x1b[31m \u202e"
HOSTILE = st.text(st.sampled_from("`*<>@ab:=. \x1b\x00\u202e\udcff[]\"';&"), max_size=90)
SHAPES = (
    """
EHLO {}|HELO {}|MAIL FROM:<{}@a>|MAIL {}|RCPT TO:{}|MAIL FROM:<a@a> {}|AUTH {}|VRFY {}
EXPN {}|BDAT {}|NOOP {}|{}|{}: x|X-{}: x|.{}
""".strip()
    .replace("\n", "|")
    .split("|")
)


@settings(max_examples=200, deadline=None)
@given(
    HOSTILE,
    st.sampled_from(SHAPES),
    st.sampled_from(["", MAIL, DATA]),
    st.sampled_from([250, 334, 421, 451, 550]),
)
def test_hostile_text_stays_inside_code(hostile: str, shape: str, before: str, code: int) -> None:
    octets = shape.format(hostile).encode("utf-8", "surrogateescape").replace(b"\r", b"").replace(b"\n", b"")
    said = "".join(f"\\x{octet:02x}" for octet in octets)
    lines = read((before or HELLO + OFFERS) + f"C: {said}\nS: {code} {said}\nCLOSE S")
    for index in range(len(lines)):
        check(meaning_at(lines, index))


@pytest.mark.parametrize("place", ["S: 220 {}", "S: 250-{}\nS: 250 {}", "S: {}", "TLS {}", "CLOSE S {}"])
def test_hostile_text_from_the_server_and_in_notes(place: str) -> None:
    nasty = NASTY if place.startswith("S: ") else NASTY_NOTE
    lines = read(HELLO + OFFERS + "C: EHLO a\n" + place.replace("{}", nasty))
    for index in range(len(lines)):
        check(meaning_at(lines, index))


def test_a_title_is_no_markup() -> None:
    says(DATA + "C: `***`: x", "\\x60* * *\\x60: a field")
    says(HELLO + OFFERS + "C: `a**`\nS: 503 no", "\\x60A* *\\x60 came at the wrong time")


def test_long_text_is_cut() -> None:
    assert len(last(HELLO + OFFERS + f"C: EHLO {'a' * 100_000}").text()) < 1000
    assert len(last(HELLO + OFFERS + "C: " + "b" * 100_000).text()) < 1000


def test_marks() -> None:
    assert list(spans("a `b**` **c** d")) == [
        ("text", "a "),
        ("code", "b**"),
        ("text", " "),
        ("bold", "c"),
        ("text", " d"),
    ]
    assert list(spans("")) == []


def test_as_text() -> None:
    found = str(last(HELLO + OFFERS + "C: NOOP\nS: 250 ok"))
    assert found.startswith("The server is there\n\nThe server did what was asked")
    assert "May come next: EHLO HELO" in found and found.endswith("RFC 5321 §4.1.1.9")
    assert "`" not in found and max(map(len, found.splitlines())) <= 78
