"""Drives the lessons in JupyterLab, in a real browser: start it, open a notebook, run cells, look at outputs.

Everything that waits has a limit, and no step of a test relies on the time that another takes: `rest`,
`click`, `press` and `enter` come back once the widget has answered and shows it, `push` once the kernel has.
Cells are found by their id, never by their position. What goes wrong in the page (an exception, a line of
kind error in its console, a request to another machine) is kept, and `Page.faults` tells it together with
what JupyterLab's log console has.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Playwright,
    Request,
    TimeoutError,
    ViewportSize,
    expect,
)
from playwright.sync_api import Page as BrowserPage

ROOT = Path(__file__).resolve().parents[2]

START_LIMIT = 60  # seconds until JupyterLab answers
WIDGET = "application/vnd.jupyter.widget-view+json"

SIZE: ViewportSize = {"width": 1400, "height": 1000}
LIMIT = 30_000  # milliseconds that anything in the page may take

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",  # whatever a page asks for, it stays here
]

Theme = Literal["light", "dark"]
THEMES: dict[Theme, str] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


# JupyterLab


@dataclass(frozen=True)
class Server:
    """A JupyterLab that runs: its address, its token, and the folder that it serves."""

    address: str
    token: str
    folder: Path

    def page(self, notebook: str) -> str:
        """The address of a notebook, by its path in `folder`, with no other open beside it."""
        return f"{self.address}lab/tree/{notebook}?reset&token={self.token}"


@contextmanager
def jupyterlab(home: Path) -> Iterator[Server]:
    """The project's own command, in a folder with a copy of lessons and exercises and settings of its own."""
    folder = home / "lessons"
    for kind in ("notebooks", "exercises"):
        shutil.copytree(ROOT / kind, folder / kind)
    command = [sys.executable, "-m", "smtplab.cli", "lab", "--no-browser"]
    log = (home / "jupyterlab.log").open("w")
    process = subprocess.Popen(
        command, cwd=folder, env=_environment(home), stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        yield _started(process, folder)
    finally:
        process.terminate()  # the command stops JupyterLab, and that its kernels
        process.communicate(timeout=START_LIMIT)
        log.close()


def _started(process: subprocess.Popen[str], folder: Path) -> Server:
    assert process.stdout is not None
    for line in process.stdout:  # ends when the command does; pytest's own limit is above it
        if found := re.search(r"(http://localhost:\d+/)lab/tree/\S+\?token=(\w+)", line):
            return Server(found[1], found[2], folder)
    raise AssertionError("`smtplab lab` ended without printing an address: see jupyterlab.log")


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the user's, and the page's application within reach of the tests."""
    config = home / "config"
    config.mkdir()
    (config / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}')
    places = {
        "JUPYTER_CONFIG_DIR": config,
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "SMTPLAB_PROGRESS": home / "progress",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return kept | {name: str(place) for name, place in places.items()}


def launch(playwright: Playwright, program: str) -> Browser:
    """The browser at `program`, without a window."""
    return playwright.chromium.launch(executable_path=program, args=CHROMIUM, timeout=LIMIT)


# A page of it

# What a function in the page comes to is kept under a number, for `Page.ask` to find.
_ASK = """([number, argument]) => {
  const answers = (window.answers ??= {});
  const keep = (answer) => { answers[number] = answer; };
  const answer = Promise.resolve(argument).then(%s);
  answer.then((value) => keep({ value }), (error) => keep({ error: String(error) }));
}"""
_numbers = count(1)

_STATE = """() => {
  const { kernelDisplayStatus, session } = jupyterapp.shell.currentWidget.sessionContext;
  return [kernelDisplayStatus, session?.kernel?.status, session?.kernel?.connectionStatus];
}"""

_KERNEL = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"

_READY = """async () => {
  const { context, sessionContext } = jupyterapp.shell.currentWidget;
  await context.ready;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
}"""

_TURN = """async (path) => {
  const { commands, shell } = jupyterapp;
  const before = shell.currentWidget;
  await before.sessionContext.shutdown();
  await commands.execute("docmanager:open", { path });
  before.dispose();
}"""

_OPENED = "(path) => window.jupyterapp?.shell?.currentWidget?.context?.path === path"

# A cell that is far from what is in sight may not be in the page at all.
_REVEAL = """async (name) => {
  const { content } = jupyterapp.shell.currentWidget;
  const index = content.widgets.findIndex((cell) => cell.model.id === name);
  if (index < 0) throw new Error(`no cell ${name}`);
  const cell = content.widgets[index];
  await content.scrollToItem(index, "start");
  await cell.ready;
  cell.node.dataset.cell = name;
}"""

_RUN = """async (names) => {
  const { commands, shell } = jupyterapp;
  const { content } = shell.currentWidget;
  if (names === null) return void await commands.execute("notebook:run-all-cells");
  for (const name of names) {
    content.deselectAll();
    content.activeCellIndex = content.widgets.findIndex((cell) => cell.model.id === name);
    await commands.execute("notebook:run-cell");
  }
}"""

_EXECUTE = """async (code) => {
  const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
  const { content } = await kernel.requestExecute({ code, store_history: false }).done;
  return content.status === "ok" ? "ok" : `${content.ename}: ${content.evalue}`;
}"""

_OUTPUTS = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code")
  .flatMap((cell) => cell.model.outputs.toJSON().map((output) => [cell.model.id, output]))"""

# The log console's registry, by the name of its token. Kernel callbacks that fail leave their words there.
_LOGGED = """async () => {
  const registry = jupyterapp.pluginRegistry;
  const token = [...registry._services.keys()].find((one) => one.name.endsWith(":ILoggerRegistry"));
  const loggers = (await registry.resolveOptionalService(token)).getLoggers();
  return loggers.flatMap((logger) => Array.from({ length: logger.outputAreaModel.length }, (_, index) => {
    const output = logger.outputAreaModel.get(index);
    return [output.level, JSON.stringify(output.toJSON())];
  }));
}"""


# JupyterLab's body has no height and hides what overflows, so axe would take the whole page for hidden, and
# check no contrast at all. What is scrolled out of sight counts as hidden for the same reason.
_UNCLIPPED = """
html, body { height: 100vh }
body, .jp-LabShell, .lm-BoxPanel, .lm-SplitPanel, .lm-DockPanel, .jp-MainAreaWidget, .jp-NotebookPanel {
  overflow: visible !important;
}"""

_AXE = """([include, only]) => axe.run(
  { include }, { resultTypes: ["violations"], ...(only && { runOnly: only }) }
)"""

# The rules of axe that look at colours. All others look at the elements, which every theme has the same.
COLOURS = ["color-contrast", "link-in-text-block"]


@dataclass
class Page:
    """A notebook in a page of the browser, and what went wrong in it."""

    page: BrowserPage
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Keep what goes wrong from here on."""
        self.page.on("pageerror", self._raised)
        self.page.on("console", self._logged)
        self.page.on("request", self._requested)

    def _raised(self, error: Error) -> None:
        self.wrong.append(f"page error: {error}")

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")

    def _requested(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.hostname not in ("localhost", None):
            self.wrong.append(f"request to another machine: {request.url}")

    def faults(self) -> list[str]:
        """What went wrong in the page, and the lines of the log console that are no mere notes."""
        logged = self.ask(_LOGGED)
        return self.wrong + [
            f"log console, {level}: {what}"
            for level, what in logged
            if level in ("critical", "error", "warning")
        ]

    def hears(self, *parts: str) -> bool:
        """True once one fault has all of `parts`: the page may tell of it late. False at the limit."""
        for _ in range(LIMIT // 50):
            if any(all(part in fault for part in parts) for fault in self.faults()):
                return True
            self.page.wait_for_timeout(50)  # lets the page's events in
        return False

    def ask(self, script: str, argument: Any = None) -> Any:
        """Call the JavaScript function `script` in the page, and wait for what it returns or resolves to.

        Unlike `evaluate`, which waits for a promise as long as it takes, this has a limit.
        """
        number = next(_numbers)
        self.page.evaluate(_ASK % script, [number, argument])
        try:
            self.page.wait_for_function(f"window.answers[{number}]", timeout=LIMIT, polling=20)
        except TimeoutError:
            raise AssertionError(
                f"no answer in {LIMIT} ms from {script}; kernel: {self.page.evaluate(_STATE)}"
            ) from None
        answer = self.page.evaluate(f"window.answers[{number}]")
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def ready(self, notebook: str) -> Page:
        """This page, once it shows that notebook and the kernel answers."""
        self.page.wait_for_function(_OPENED, arg=notebook)
        self.ask(_READY)
        return self

    def turn_to(self, notebook: str) -> Page:
        """Open another notebook in this one's place, and end this one's kernel.

        That takes a third of the time in which JupyterLab is loaded anew. What is left of this notebook is
        the page's theme, so it is for pages that have `nothing_wrong`.
        """
        self.page.remove_listener("pageerror", self._raised)
        self.page.remove_listener("console", self._logged)
        self.page.remove_listener("request", self._requested)
        self.page.set_viewport_size(SIZE)
        self.ask(_TURN, notebook)
        turned = Page(self.page)
        turned.watch()
        return turned.ready(notebook)

    def nothing_wrong(self) -> bool:
        """Whether there are no faults, and nothing that JupyterLab asks."""
        return self.page.locator(".jp-Dialog").count() == 0 and self.faults() == []

    def close(self) -> None:
        """End the notebook's kernel, and close the page."""
        self.ask("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.close()

    # Cells

    def run_all(self) -> None:
        """Run every cell, and wait for the last."""
        self._run(None)

    def run(self, *cells: str) -> None:
        """Run these cells, one after the other, and wait for the last."""
        self._run(cells)

    def _run(self, cells: tuple[str, ...] | None) -> None:
        self.ask(_RUN, cells)
        self.page.wait_for_function(f"{_KERNEL}.status === 'idle'", timeout=LIMIT, polling=20)

    def outputs(self) -> list[tuple[str, Any]]:
        """All outputs, as (cell id, output), in order."""
        return [tuple(pair) for pair in self.page.evaluate(_OUTPUTS)]

    def with_widgets(self) -> list[str]:
        """The cells that show a widget."""
        return self._showing(lambda forms: WIDGET in forms)

    def with_pictures(self) -> list[str]:
        """The cells that show something of smtplab's making."""
        return self._showing(lambda forms: WIDGET in forms or 'class="smtplab' in forms.get("text/html", ""))

    def _showing(self, what: Callable[[Any], bool]) -> list[str]:
        shown = [cell for cell, output in self.outputs() if what(output.get("data", {}))]
        return list(dict.fromkeys(shown))

    def execute(self, code: str) -> None:
        """Run code in the kernel, outside of any cell."""
        status = self.ask(_EXECUTE, code)
        assert status == "ok", status

    def until(self, code: str) -> None:
        """Run code in the kernel again and again, until it raises nothing."""
        end = time.monotonic() + LIMIT / 1000
        while (status := self.ask(_EXECUTE, code)) != "ok":
            assert time.monotonic() < end, status

    def cell(self, name: str) -> Locator:
        """The cell with this id, scrolled into sight."""
        self.ask(_REVEAL, name)
        return self.page.locator(f'[data-cell="{name}"]')

    def output(self, name: str) -> Locator:
        """What the cell with this id shows."""
        return self.cell(name).locator(".jp-OutputArea-output")

    # Widgets

    def rest(self) -> None:
        """Wait until no widget here is at work: what was asked for is answered, and drawn.

        A widget says so from the click on (`asking.js`), and says that it rests with what it then shows.
        """
        expect(self.page.locator('.sl-widget[aria-busy="true"]')).to_have_count(0, timeout=LIMIT)

    def click(self, control: Locator) -> None:
        """Click on a control of a widget, and wait until what it asked for is drawn."""
        self.rest()
        control.click()
        self.rest()

    def press(self, control: Locator, key: str) -> None:
        """Press a key on a control of a widget, and wait until what it asked for is drawn."""
        self.rest()
        control.focus()
        self.page.keyboard.press(key)
        self.rest()

    def enter(self, field: Locator, text: str) -> None:
        """Write `text` into a field of a widget, press Enter, and wait until what comes of it is drawn."""
        self.rest()
        field.fill(text)
        field.press("Enter")
        self.rest()

    def push(self, button: Locator) -> None:
        """Click on a button of ipywidgets or of the map, and wait until the kernel has answered.

        They do not say that they are at work. What the kernel is told afterwards it hears afterwards.
        """
        button.click()
        self.execute("pass")

    # Looks

    def theme(self, theme: Theme) -> None:
        """Change JupyterLab's theme, and wait until its splash screen, which covers all, has faded."""
        self.ask("(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", THEMES[theme])
        light = str(theme == "light").lower()
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached", timeout=LIMIT)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=LIMIT)

    def violations(self, *selectors: str, themes: Iterable[Theme] = THEMES) -> list[str]:
        """What axe finds serious or critical inside the elements that match: in the first theme by all of
        its rules, in any other by those about colours."""
        found: list[str] = []
        for number, theme in enumerate(themes):
            self.theme(theme)
            results = self._axe(selectors, COLOURS if number else None)
            found += [
                f"{theme}: {rule['id']} ({rule['impact']}): {node['target'][-1]}: {node['failureSummary']}"
                for rule in results["violations"]
                if rule["impact"] in ("serious", "critical")
                for node in rule["nodes"]
            ]
        return found

    def _axe(self, selectors: tuple[str, ...], only: list[str] | None) -> Any:
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(Axe().axe_script)
            self.page.add_style_tag(content=_UNCLIPPED)
        return self.ask(_AXE, [[[one] for one in selectors], only])


def open_page(browser: Browser, server: Server, notebook: str) -> Page:
    """Open a notebook, by its path in the server's folder, and wait until its kernel answers."""
    page = browser.new_page(viewport=SIZE)
    page.set_default_timeout(LIMIT)
    opened = Page(page)
    opened.watch()
    page.goto(server.page(notebook))
    return opened.ready(notebook)
