"""The command `smtplab`: open the lessons, look whether this machine is ready for them, judge a message.

Each command's work is done elsewhere and imported when it is asked for, so that the command starts at once.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from .grade_command import grade

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
    folder: Annotated[Path | None, typer.Argument(help="Where your lessons are or will be.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    port: Annotated[int | None, typer.Option(help="The port, else the first free one from 8888.")] = None,
) -> None:
    """Open JupyterLab on the first lesson. Ctrl-C stops it.

    Lessons and exercises are copied into smtplab-course in your home folder, or into the FOLDER that you
    name, and kept up to date there; what you have changed stays. In a checkout they are opened in place.
    """
    from . import course_folder, serving

    with _one_sentence(1):
        root = course_folder.prepare(folder, typer.echo)
    browser = not no_browser and serving.has_browser()
    arguments = serving.jupyter_arguments(root, browser=browser, port=port)
    raise typer.Exit(serving.serve(arguments, serving.jupyter_environment(), root))


@app.command()
def reset(
    lesson: Annotated[str, typer.Argument(help="Its number or name: 09, 09-spf, judge.")],
    folder: Annotated[Path | None, typer.Option(help="Where your lessons are, if not found.")] = None,
) -> None:
    """Bring a lesson and its exercise back as they came. Yours are kept under another name."""
    from . import course_folder

    with _one_sentence(2):
        course_folder.reset(folder, lesson, typer.echo)


app.command()(grade)


@contextlib.contextmanager
def _one_sentence(code: int) -> Iterator[None]:
    """What a learner can mend is said in one sentence, and ends the command with `code`."""
    from .mail.errors import LabError

    try:
        yield
    except LabError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code) from None


if __name__ == "__main__":
    app()
