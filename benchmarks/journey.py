"""The map of a journey over twenty hosts: from a click to the new picture, in the kernel and in a browser."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from itertools import pairwise

from smtplab.mail.route import Answer, Question
from smtplab.mail.timeline import Event
from smtplab.mail.topology import Link, Place, Topology
from smtplab.mail.transcript import Endpoint, Side, Transcript
from smtplab.mail.transcript import Event as Said
from smtplab.show import map as mail_map

from .measure import median_of

Row = tuple[str, str, str, str]
HOSTS, HOPS = 20, 50
WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# The widget's script with a model that stands in for the kernel's: what is timed is the page's own work.
PAGE = """<!DOCTYPE html><style>%s</style><body><div id="at"></div><script type="module">%s
const state = %s;
const model = { get: (name) => state[name], on: () => {}, off: () => {}, send: () => {} };
widget.render({ model, el: document.querySelector("#at") });
</script>"""

# Each step of the way by the time line, until the page is laid out; what the screen adds is at most a frame.
STEPS = """async () => {
  const line = document.querySelector(".sm-range"), taken = [];
  const frame = () => new Promise(requestAnimationFrame);
  for (let n = 1; n <= Number(line.max); n += 1) {
    await frame();
    const begun = performance.now();
    line.value = String(n);
    line.dispatchEvent(new Event("input"));
    document.querySelector(".sm-picture").getBoundingClientRect();
    taken.push(performance.now() - begun);
  }
  taken.sort((a, b) => a - b);
  return taken[Math.floor(taken.length / 2)];
}"""


def rows() -> list[Row]:
    """Kernel and page apart: what lies between them is JupyterLab's."""
    topology, events = crowd(), journey()
    made = mail_map.MailMap(topology, events=lambda: events)
    fresh = median_of(made.refresh, 15)
    opened = median_of(lambda: made.journey.detail(60), 30)
    what = f"the map, {HOSTS} hosts, {HOPS} hops"
    found = [
        (f"{what}: drawn anew in the kernel", _ms(fresh), "none", "aim: 50 ms"),
        (f"{what}: a click opens a hop, in the kernel", _ms(opened), "none", "aim: 50 ms"),
    ]
    step = in_a_browser(made)
    if step is not None:
        found.append((f"{what}: a step, click to drawn in the page", _ms(step), "none", "aim: 50 ms"))
    return found


def crowd() -> Topology:
    """Hosts in a chain, each in a domain of its own."""
    names = [f"mx{n}.site{n}.example" for n in range(HOSTS)]
    places = tuple(Place(name, ("192.0.2.1",), ("MTA", "MDA"), name.partition(".")[2]) for name in names)
    return Topology(places, tuple(Link(a, b) for a, b in pairwise(names)))


def journey() -> list[Event]:
    """A message that is handed on from one to the next, round and round."""
    names = [place.name for place in crowd().places]
    found: list[Event] = []
    for n in range(HOPS):
        a, b = names[n % HOSTS], names[(n + 1) % HOSTS]
        query = (Question(b, "A"), Answer("found", ("192.0.2.2",)))
        found.append(Event(WHEN, len(found), "dns", a, text=f"{b} A: 192.0.2.2", query=query))
        talk = Transcript(n, Endpoint(a, "192.0.2.1", 4000), Endpoint(b, "192.0.2.2", 25), WHEN, closed=True)
        talk.events += [Said(0, Side.SERVER, b"220 hello\r\n"), Said(0.1, Side.CLIENT, b"QUIT\r\n")]
        found.append(Event(WHEN, len(found), "smtp", a, b, f"#{n}", transcript=talk))
        fields = b"".join(b"Received: from host %d\r\n" % hop for hop in range(n, -1, -1))
        more = {"message": f"Q{n}", "transcript": talk, "before": fields.partition(b"\n")[2], "after": fields}
        found.append(Event(WHEN, len(found), "queue", b, a, "takes it", "queued", **more))  # type: ignore[arg-type]
    return found


def in_a_browser(made: mail_map.MailMap) -> float | None:
    """Seconds that a step takes in the page, the median of all; None where there is no browser."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        return None
    from playwright.sync_api import sync_playwright

    names = ("svg", "hosts", "talks", "legend", "how_to", "disabled", "steps", "code")
    state = json.dumps({name: getattr(made._view, name) for name in names}).replace("<", "\\u003c")
    script = mail_map.SCRIPT.replace("export default", "const widget =")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 1000}, reduced_motion="reduce")
        page.set_content(PAGE % (made._view._css, script, state))
        page.wait_for_selector("#at svg")
        taken = float(page.evaluate(STEPS))
        browser.close()
    return taken / 1000


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
