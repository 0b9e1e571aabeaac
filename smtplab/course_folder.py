"""A learner's own folder of lessons and exercises: which one, how it is filled, kept up to date, and mended.

The wheel holds lessons and exercises (`smtplab/share/`). They are copied into a folder of the learner's, and
a small file there, `.smtplab-course.json`, keeps the digests of what was copied: so that what the learner
has changed can be told from what they have not. Nothing that a learner wrote is ever written over or
deleted: a file that must make room gets another name.

In a checkout the lessons are worked on where they are, nothing is copied, and git brings them back.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .course_record import MARK, Record, cells_digest, digest, free_name, keep, read_record, write_whole
from .mail.errors import LabError

HERE = Path(__file__).resolve().parent
FIRST = "notebooks/00-start-here.ipynb"
HOME = "smtplab-course"  # in the home folder: found again from wherever the command is run

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Place:
    """The folder `root` that holds, or will hold, the course. If `kept`, smtplab fills it."""

    root: Path
    kept: bool


def source() -> Path | None:
    """Where lessons and exercises come from: the wheel's, else the checkout's; None if there are none."""
    return next((folder for folder in (HERE / "share", HERE.parent) if (folder / FIRST).is_file()), None)


def files(folder: Path) -> list[str]:
    """The lessons and exercises in `folder`: names such as "notebooks/09-spf.ipynb", in order."""
    found = [*folder.glob("notebooks/*.ipynb"), *folder.glob("exercises/*/*.ipynb")]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def locate(named: Path | None = None) -> Place:
    """The folder that was named; else the one we are in; else the checkout; else the one in the home folder.

    Raises LabError where there is no such folder, or nothing to fill it from.
    """
    try:
        here = Path.cwd()
        if named is not None:
            root = named.expanduser().resolve()
            return Place(root, not _is_checkout(root))
    except (OSError, RuntimeError) as error:  # a working folder that is gone, a ~ without a home
        raise LabError(f"That folder cannot be found ({error}): name another one.") from error
    for folder in (here, *here.parents):
        if (folder / MARK).is_file():
            return Place(folder, True)
    for folder in (here, HERE.parent):
        if (folder / FIRST).is_file():
            return Place(folder, False)
    if source() is None:
        raise LabError(f"smtplab has no lessons: {FIRST} is not in its package. Install smtplab again.")
    try:
        return Place(Path.home().resolve() / HOME, True)
    except (OSError, RuntimeError) as error:
        raise LabError("There is no home folder: name a folder, as in `smtplab lab FOLDER`.") from error


def _is_checkout(folder: Path) -> bool:
    return (folder / FIRST).is_file() and (folder / "smtplab" / "cli.py").is_file()


def prepare(named: Path | None, say: Say) -> Path:
    """The course's folder, filled or brought up to date where it is the learner's. Says what it did.

    Raises LabError where it cannot be written to or there is nothing to open.
    """
    place = locate(named)
    share = source()
    if place.kept and share is not None:
        _writing(place.root, lambda: update(place.root, share, say))
    if not (place.root / FIRST).is_file():
        raise LabError(f"{place.root / FIRST} is not there, and smtplab has none to copy: install it again.")
    return place.root


def _writing(root: Path, work: Callable[[], None]) -> None:
    try:
        work()
    except OSError as error:
        where = error.filename or root
        raise LabError(
            f"{where} cannot be read or written ({error.strerror}). Free it, or name another folder: "
            f"`smtplab lab FOLDER`."
        ) from error


def update(root: Path, share: Path, say: Say) -> None:
    """Bring new and renewed lessons from `share` to `root`; says each thing that a learner should know.

    A file that the learner has changed stays, and a new version is laid beside it, once. One that was only
    run (its cells are as they came) is kept under another name, and the new version takes its place.
    A file that cannot be read is only told of. Raises OSError where something cannot be written.
    """
    record = read_record(root)
    if record.fault:
        say(f"{root / MARK} {record.fault}: it is written anew, and your files stay as they are.")
    done: dict[str, list[str]] = {"copied": [], "renewed": []}
    try:
        for name in files(share):
            how = _bring(root / name, name, (share / name).read_bytes(), record, say)
            done.get(how, []).append(name)
    finally:
        record.write(root)
    for names, what in ((done["copied"], "copied to"), (done["renewed"], "brought up to date in")):
        if names:
            many = f"{len(names)} lessons and exercises" if len(names) > 3 else ", ".join(names)
            say(f"{many} {what} {root}")


def _bring(target: Path, name: str, new: bytes, record: Record, say: Say) -> str:
    """Bring one file; returns what was done: "copied", "renewed", "kept", "beside", or "" for nothing."""
    if not target.exists():
        write_whole(target, new)
        record.note(name, new)
        return "copied"
    try:
        mine = target.read_bytes()
    except OSError as error:  # the other lessons are all right
        say(f"{name} cannot be read ({error.strerror}). `smtplab reset {target.stem}` brings it back.")
        return ""
    if record.settled(name, mine, new):
        return ""
    if record.is_as_it_came(name, mine):
        write_whole(target, new)
        record.note(name, new)
        return "renewed"
    if record.was_only_run(name, mine):
        kept = keep(target)
        write_whole(target, new)
        record.note(name, new)
        say(f"{name}: there is a new version. Yours, with its outputs, is {kept.name}.")
        return "kept"
    beside = free_name(target, "new")
    write_whole(beside, new)
    record.offer(name, new)
    say(f"{name}: you have changed it, and it stays. The new version is beside it: {beside.name}.")
    return "beside"


def reset(named: Path | None, lesson: str, say: Say) -> None:
    """Bring a lesson and its exercise back as they came; what was there is kept under another name.

    `lesson` is a number ("09", "9") or a name ("09-spf", "spf", "judge"). Raises LabError for a lesson that
    there is not, in a checkout, and where the folder cannot be written to.
    """
    place, share = locate(named), source()
    names = _of_lesson(lesson, share)
    if share is None or place.root == share or _is_checkout(place.root):
        raise LabError(
            f"{place.root} is a checkout, and git brings a file back: `git restore {' '.join(names)}`. "
            f"What you wrote is lost then; copy it first."
        )
    _writing(place.root, lambda: _reset(place.root, share, names, say))


def _reset(root: Path, share: Path, names: list[str], say: Say) -> None:
    record = read_record(root)
    for name in names:
        target, new = root / name, (share / name).read_bytes()
        if _holds(target, new):
            say(f"{name} is as it came.")
        elif target.exists() or target.is_symlink():
            kept = keep(target)
            write_whole(target, new)
            say(f"{name} is back as it came. Yours is {kept.name}.")
        else:
            write_whole(target, new)
            say(f"{name} is back as it came.")
        record.note(name, new)
    record.write(root)
    say("If it is open in JupyterLab: File > Reload Notebook from Disk.")


def _holds(target: Path, data: bytes) -> bool:
    try:
        return target.read_bytes() == data
    except OSError:
        return False


def _of_lesson(lesson: str, share: Path | None) -> list[str]:
    asked = lesson.strip().lower().removesuffix(".ipynb")
    asked = asked.zfill(2) if asked.isdecimal() else asked
    names = files(share) if share else []
    found = [name for name in names if asked in _names_of(Path(name).stem)]
    if not found:
        there = ", ".join(sorted({Path(name).stem for name in names}))
        raise LabError(f'There is no lesson "{lesson}". There are: {there or "none"}.')
    return found


def _names_of(stem: str) -> set[str]:
    numbered = re.fullmatch(r"(\d\d)-(.+)", stem)
    return {stem, *(numbered.groups() if numbered else ())}


def faults(place: Place) -> list[tuple[str, str]]:
    """What is wrong with a course folder: (what was found, how to mend it) for each thing. Writes nothing."""
    share, root = source(), place.root
    if share is None:
        return []
    again = f'Run `smtplab lab "{root}"`'
    found = []
    fault = read_record(root).fault if place.kept else ""
    if fault:
        found.append((f"{root / MARK} {fault}.", f"{again}: it is written anew, and your files stay."))
    missing = [name for name in files(share) if not (root / name).exists()]
    if missing:
        found.append(
            (f"{len(missing)} of its files are missing, {missing[0]} first.", f"{again}: they come back.")
        )
    for name in files(share):
        if name not in missing and (broken := _broken(root / name)):
            back = f"Run `smtplab reset {Path(name).stem}` in {root}: yours is kept under another name."
            if not place.kept:
                back = f"Run `git restore {name}` in {root}, or put a copy of your own there."
            found.append((f"{name} {broken}.", back))
    try:
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        mend = f"Make {root} a folder that you may write to, or name another: `smtplab lab FOLDER`."
        found.append((f"nothing can be saved in {root} ({error.strerror}).", mend))
    return found


def _broken(path: Path) -> str:
    try:
        return "" if cells_digest(path.read_bytes()) else "is not a notebook, or only a part of one"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def newer(place: Place) -> int:
    """How many files the package has in another version than the one that was copied."""
    share = source()
    if share is None or not place.kept:
        return 0
    known = read_record(place.root).files
    return sum(
        name in known and digest((share / name).read_bytes()) not in known[name].values()
        for name in files(share)
    )
