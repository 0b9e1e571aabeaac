"""The command `smtplab`: open the lessons, look whether this machine is ready for them, judge a message.

JupyterLab runs as a process of its own, with smtplab's settings laid beside the user's (no news pop-up,
no look for updates); nothing of the user's is changed. No lab is started here: the lessons start theirs.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

HERE = Path(__file__).resolve().parent
FIRST = "notebooks/00-start-here.ipynb"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"smtplab {metadata.version('smtplab')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Learn SMTP by running it: a whole mail internet on loopback, inside a notebook."""
    for stream in (sys.stdout, sys.stderr):
        # A console whose character set lacks our signs shows "?" for them.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@app.command()
def doctor() -> None:
    """Check this machine, and say how to mend what is in the way."""
    from . import doctor as checks

    verdict = checks.examine()
    if sys.stdout.isatty():
        _print_table(checks.rows(verdict))
    else:
        typer.echo(checks.text(verdict))
    raise typer.Exit(1 if verdict.result == "fail" else 0)


@app.command()
def judge(
    message: Annotated[str, typer.Argument(help="A raw message, bounce, reply, log or report; - for paste.")],
    ip: Annotated[str | None, typer.Option(help="The client that handed it to your server.")] = None,
    mail_from: Annotated[str | None, typer.Option(help='The reverse-path; "" is the null one.')] = None,
    helo: Annotated[str | None, typer.Option(help="What the client called itself.")] = None,
    dns: Annotated[list[str] | None, typer.Option(help="DNS answers: a file, or - for paste.")] = None,
    trust: Annotated[list[str] | None, typer.Option(help="A host of yours; may be given again.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Every step of every check.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="Also what Gmail, Yahoo, Outlook.com want.")] = False,
    redact: Annotated[bool, typer.Option("--redact", help="Without local parts and IP addresses.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for other programs.")] = False,
    live_dns: Annotated[
        bool, typer.Option("--live-dns", help="Ask this system's resolver for what is not at hand.")
    ] = False,
    html: Annotated[str | None, typer.Option(help="Also write a page for the browser: a file.")] = None,
) -> None:
    """Judge a message by what is at hand: Received, SPF, DKIM, DMARC.

    It asks nothing of the network unless you give --live-dns: then the names in the message, which its sender
    chose, are looked up from this machine, and the sender's name servers may see that.

    For a bounce, --ip, --mail-from and --helo are about the message that came back in it.
    """
    from . import judging

    try:
        live = judging.ask_live(lambda said: typer.echo(said, err=True)) if live_dns else None
        found = judging.judge(
            message,
            dns or [],
            ip=ip,
            mail_from=mail_from,
            helo=helo,
            trusted=trust or [],
            live=live,
            with_rules=rules,
        )
        page = judging.Page(found, rules, redact, tuple(live.asked) if live else ())
        if html is not None:
            judging.write(html, page.html(), unlike=[message, *(dns or [])])
    except judging.BadInput as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(page.to_dict(), indent=2) if as_json else page.text(whole=whole))


def _print_table(rows: list[tuple[str, str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for state, what, finding in rows:
        colour = {"pass": "green", "fail": "red"}.get(state.split()[-1], "")
        table.add_row(Text(state, colour), Text(what, "bold"), Text(finding))
    Console().print(table)


@app.command()
def new_term(
    name: Annotated[str, typer.Argument(help="What the term is called, such as autumn-26.")],
    roster: Annotated[Path, typer.Option(help="CSV with a header line; the column id names the students.")],
    folder: Annotated[Path, typer.Option(help="Where terms are kept: in the course's folder.")] = Path(
        "terms"
    ),
) -> None:
    """Draw a secret world for every student of a class, and write the packs to hand out.

    Running it again with a longer roster adds students; the packs of the others stay as they are.
    """
    from .course.graded.terms import new_term as make
    from .mail.errors import LabError

    try:
        term = make(name, roster, folder)
    except (LabError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(
        f"{len(term.students())} students in {term.folder}\n"
        f"Hand out: packs/STUDENT/ to each student, beside or above the exercises.\n"
        f"Keep:     secret. Who has it can work out every answer, and without it nobody can grade.\n"
        f"Grade:    with SMTPLAB_TERM={term.folder}"
    )


@app.command()
def lab(
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    port: Annotated[int | None, typer.Option(help="The port, else the first free one from 8888.")] = None,
) -> None:
    """Open JupyterLab on the first lesson. Ctrl-C stops it."""
    root = lessons()
    if root is None:
        typer.echo(f"{FIRST} is neither here nor beside smtplab: run this in the smtplab folder.", err=True)
        raise typer.Exit(1)
    browser = not no_browser and has_browser()
    arguments = jupyter_arguments(root, browser=browser, port=port)
    raise typer.Exit(serve(arguments, jupyter_environment(), root))


def lessons() -> Path | None:
    """The folder that holds notebooks/: this one, or the checkout that smtplab is installed from."""
    return next((folder for folder in (Path.cwd(), HERE.parent) if (folder / FIRST).is_file()), None)


def has_browser() -> bool:
    """Whether opening a page would show it in a window."""
    import webbrowser

    windows = {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & os.environ.keys()
    if sys.platform not in ("darwin", "win32") and not windows:
        return False  # what is left are text browsers, and JupyterLab does not run in them
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def jupyter_arguments(root: Path, *, browser: bool, port: int | None) -> list[str]:
    """JupyterLab's command line for the first lesson in `root`."""
    arguments = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--Application.log_level=WARN",
        "--ServerApp.answer_yes=True",  # Ctrl-C stops it without asking back
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{FIRST}",
        f"--ServerApp.open_browser={browser}",
    ]
    if port is not None:
        arguments += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # in a container there is nobody else
    return arguments


def jupyter_environment() -> dict[str, str]:
    """The environment for JupyterLab: our settings before the user's, and a token that we know."""
    environment = dict(os.environ)
    earlier = environment.get("JUPYTER_CONFIG_PATH")
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        [str(HERE / "jupyter"), *([earlier] if earlier else [])]
    )
    environment.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    return environment


def serve(arguments: list[str], environment: dict[str, str], root: Path) -> int:
    """Run JupyterLab until it stops, print its address once it answers; returns its exit code."""
    from jupyter_core.paths import jupyter_runtime_dir

    runtime = Path(jupyter_runtime_dir())
    before = set(runtime.glob("jpserver-*.json"))
    server = subprocess.Popen(arguments, env=environment)
    # Ctrl-C reaches JupyterLab too, which ends then; ending this command ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while server.poll() is None:
        if address := find_address(set(runtime.glob("jpserver-*.json")) - before, root):
            typer.echo(f"JupyterLab is ready:\n\n    {address}\n\nCtrl-C stops it.")
            return server.wait()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.1)
    return server.returncode


def find_address(files: set[Path], root: Path) -> str:
    """The first lesson's address at the server that one of Jupyter's `files` describes, or ""."""
    for path in files:
        with contextlib.suppress(OSError, ValueError):  # gone again, or not written to its end yet
            server = json.loads(path.read_text(encoding="utf-8"))
            if Path(server["root_dir"]) == root:
                token = f"?token={server['token']}" if server["token"] else ""
                return f"{server['url']}lab/tree/{FIRST}{token}"
    return ""


if __name__ == "__main__":
    app()
