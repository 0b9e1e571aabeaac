"""The cells of a notebook in which everything that can be shown holds hostile text. Run by a kernel.

What a client can say is said to the lab's own servers. What only a server, a stranger's DNS or a message
can hold stands in records made by hand.
"""

from __future__ import annotations

SCRIPT = "<script>window.pwned=1</script>"
HANDLER = '"><img src=x onerror="window.pwned=1">'
OVERRIDE = "\u202egnp.exe"
ESCAPE = "\x1b[31mred\x1b]8;;elsewhere.example\x07"
EVIL = f"{SCRIPT}{HANDLER}{OVERRIDE}{ESCAPE}"
LONG = 100_000  # characters of a line

HEAD = f"""
import os, tempfile
from datetime import datetime, timezone
from IPython.display import display
from smtplab import Lab, content, glossary, hint, lesson, lines, predict, progress, question, quiz
from smtplab.course import journal
from smtplab.mail.errors import LabError
from smtplab.mail.reply import Reply
from smtplab.mail.timeline import Event as Happened
from smtplab.mail.topology import Link, Place, Port, Topology
from smtplab.mail.transcript import Endpoint, Event, Side, Transcript
from smtplab.mail.verdict import Step, Verdict
from smtplab.show.ladder import Ladder
from smtplab.show.logbook import Logbook
from smtplab.show.map import MailMap
from smtplab.show.stepper import Stepper

EVIL = {EVIL!r}
LONG = "x" * {LONG}
os.environ["SMTPLAB_PROGRESS"] = tempfile.mkdtemp()
lab = Lab()
lesson("made", EVIL, minutes=1, objectives=[EVIL])
"""

_STEPPER = """
head = f"From: {EVIL} <alice@acorn.example>\\nSubject: {EVIL}\\nX-{EVIL}: {EVIL}\\n"
message = f"{head}\\n{EVIL}\\n{LONG[:900]}\\n"
script = [
    f"EHLO {EVIL}", "EHLO me", f"MAIL FROM:<{EVIL}>", f"EHLO {LONG}", "MAIL FROM:<alice@acorn.example>",
    "RCPT TO:<bob@birch.example>", "DATA", content(message), f"VRFY {EVIL}",
]
stepper = lab.stepper("mx.birch.example", script)
for _ in script:
    stepper.next()
stepper
"""

TRANSCRIPT = """
C, S = Side.CLIENT, Side.SERVER
said = [
    (S, f"220-{EVIL}\\r\\n220 {EVIL}\\r\\n"),
    (C, f"EHLO {EVIL}\\r\\n"),
    (S, f"250-{EVIL}\\r\\n250-{EVIL} {EVIL}\\r\\n250 SIZE {EVIL}\\r\\n"),
    (C, f"MAIL FROM:<{EVIL}> {EVIL}={EVIL}\\r\\n"),
    (S, f"550 5.7.1 {EVIL}\\r\\n"),
    (C, f"{EVIL} {LONG}\\r\\n"),
    (S, f"500 {LONG}{EVIL}\\r\\n"),
    (C, "AUTH PLAIN AGFsaWNlADxzY3JpcHQ+d2luZG93LnB3bmVkPTE8L3NjcmlwdD4=\\r\\n"),
    (S, f"535 5.7.8 {EVIL}\\r\\n"),
    (C, "MAIL FROM:<a@b.example>\\r\\n"),
    (S, "250 ok\\r\\n"),
    (C, "RCPT TO:<a@b.example>\\r\\n"),
    (S, "250 ok\\r\\n"),
    (C, "DATA\\r\\n"),
    (S, f"354 {EVIL}\\r\\n"),
    (C, f"Subject: {EVIL}\\r\\n{EVIL}: x\\r\\n\\r\\n{EVIL}\\r\\n{LONG}\\r\\n.\\r\\n"),
    (S, f"451 {EVIL}\\r\\n"),
]
events = [Event(n / 10, side, text.encode()) for n, (side, text) in enumerate(said)]
events.insert(2, Event(0.15, C, kind="tls", note=EVIL))
events.append(Event(9, S, kind="close", note=EVIL))
ends = Endpoint(EVIL, EVIL, 1024), Endpoint(EVIL, EVIL, 25)
transcript = Transcript(7, *ends, datetime(2026, 3, 2, tzinfo=timezone.utc), events=events, closed=True)
"""

_RECORDS = """
step = Step(EVIL, EVIL, EVIL, EVIL, (Step(LONG, LONG, "fail", "RFC 7208 §4"),))
display(Verdict(EVIL, EVIL, EVIL, (step,), {EVIL: (3, 2)}))
display(Reply(550, EVIL, (EVIL, LONG)))
display(*lines(transcript)[:6])
"""

_MAP = """
places = [
    Place(name, (EVIL, LONG[:2000]), roles, EVIL, (Port(25, EVIL, real=(EVIL, 1)),), EVIL)
    for name, roles in ((EVIL, ("MTA",)), (f"{EVIL}.example", ("attacker",)))
]
links = (Link(places[0].name, places[1].name, EVIL),)
now, evil = transcript.opened, EVIL.encode()
step = Verdict(EVIL, EVIL, EVIL, (Step(EVIL, EVIL),))
events = [
    Happened(now, 0, "dns", EVIL, text=f"{EVIL}: {EVIL}"),
    Happened(now, 1, "smtp", EVIL, f"{EVIL}.example", EVIL, transcript=transcript),
    Happened(now, 2, "verdict", EVIL, EVIL, EVIL, EVIL, transcript=transcript, verdict=step),
    Happened(now, 3, "queue", EVIL, EVIL, EVIL, "queued", EVIL, transcript=transcript, after=evil),
    Happened(now, 4, "delivered", EVIL, EVIL, EVIL, "delivered", EVIL, before=evil, after=evil),
]
MailMap(Topology(tuple(places), links), transcripts=[transcript], events=events)
"""

_QUESTION = """
options = {"right": EVIL, "wrong": f"not {EVIL}", "code": f"`{EVIL}` and **{EVIL}**"}
predict("evil", EVIL, options, answer="right", reasons={"wrong": EVIL, "code": f"`{EVIL}`"})
"""

_QUIZ = """
reasons = {"wrong": EVIL, "code": LONG}
quiz("end", question(EVIL, options, answer="right", reasons=reasons, explain=EVIL, read=EVIL), title=EVIL)
"""

_MAIL = """
wire = lab.connect("mx.birch.example")
wire.say("EHLO me", "MAIL FROM:<alice@acorn.example>", "RCPT TO:<bob@birch.example>")
wire.say("DATA", message.encode())
mail = lab.mailbox("bob@birch.example")[-1]
print(mail)
"""

_DELIVERY = f"""
to = '"{SCRIPT}"@birch.example'
lab.submit(f"From: alice@acorn.example\\nTo: {{to}}\\nSubject: {{EVIL}}\\n\\n{{EVIL}}\\n")
"""

_FAILS = """
def hang_up():
    raise LabError(EVIL)

fails = lab.stepper("mx.birch.example", ["EHLO me"])
fails._connect = hang_up
fails
"""

_PROGRESS = """
journal.record(journal.Entry(EVIL, "quiz", EVIL, count=1, of=2))
progress()
"""

CELLS = {
    "lesson": HEAD,
    "stepper": _STEPPER,
    "console": 'lab.console("mx.birch.example")',
    "ladder": TRANSCRIPT + "Ladder(transcript)",
    "still": "transcript",
    "records": _RECORDS,
    "map": _MAP,
    "logbook": "Logbook(events)",
    "question": _QUESTION,
    "explanation": 'predict("evil", explain=lambda: f"{EVIL}\\n\\n**{EVIL}** `{EVIL}` {LONG}")',
    "hint": 'hint("evil", EVIL, f"**{EVIL}** `{EVIL}`", LONG)',
    "quiz": _QUIZ,
    "glossary": "glossary({EVIL: EVIL})",
    "mail": _MAIL,
    "delivery": _DELIVERY,
    "fails": _FAILS,
    "progress": _PROGRESS,
}
