"""smtplab doctor: is this machine ready for the lab, and if not, what mends it?

Looks at what most often stops a lesson from running: the Python, the installed versions, loopback,
JupyterLab's widgets, the kernel that notebooks start, the folder for progress, and the learner's lessons.
Each check is one `Step` of a `Verdict`; a step that failed holds one more, "mend", with the sentence that
says how.

It changes nothing, asks nothing of the network beyond loopback, and starts neither JupyterLab nor a
lab. It imports only the standard library at the top, so that it can still report what is missing:
`python -m smtplab.doctor` works where `smtplab doctor` does not start.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from .mail.verdict import SIGNS, Step, Verdict, tone

OLDEST = (3, 11)

# What draws the widgets in the browser: the extension's folder, and the project that brings it.
LAB_EXTENSIONS = {
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
    "anywidget": "anywidget",
}

# With the whole path: `smtplab` and `pip` may be another Python's.
CHECKOUT = (Path(__file__).resolve().parents[1] / "Makefile").is_file()
REINSTALL = (
    "Remove .venv and run `make lab`, or install again as README.md says for your system."
    if CHECKOUT
    else f"Run `{sys.executable} -m pip install --force-reinstall WHEEL`, with the wheel that you installed."
)


def examine() -> Verdict:
    """Every check, in order. The result is "fail" when something must be mended, else "pass"."""
    steps = tuple(step for check in CHECKS for step in check())
    result = "fail" if any(step.result == "fail" for step in steps) else "pass"
    return Verdict(result, "doctor", "is this machine ready for the lab?", steps)


def text(verdict: Verdict) -> str:
    """The verdict as plain lines: sign, word, what was looked at, what was found, how to mend it."""
    return "\n".join(" ".join(part for part in row if part) for row in rows(verdict))


def rows(verdict: Verdict) -> list[tuple[str, str, str]]:
    """(sign and word, what was looked at, the finding and the mending) for each line of the report."""
    return [
        (f"{SIGNS[tone(step.result)]} {step.result}", f"{step.what}:", " ".join([step.why, *_mending(step)]))
        for step in verdict.steps
    ] + [(f"{SIGNS[tone(verdict.result)]} {verdict.result}", "", _summary(verdict))]


def _mending(step: Step) -> list[str]:
    return [inner.why for inner in step.steps if inner.what == "mend"]


def _summary(verdict: Verdict) -> str:
    broken = sum(step.result == "fail" for step in verdict.steps)
    if not broken:
        return "This machine is ready for the lab."
    return f"{broken} {'thing' if broken == 1 else 'things'} to mend."


def _pass(what: str, why: str) -> Step:
    return Step(what, why, "pass")


def _fail(what: str, why: str, mend: str) -> Step:
    return Step(what, why, "fail", steps=(Step("mend", mend),))


def python() -> list[Step]:
    """The interpreter's version."""
    version = sys.version_info
    found = f"{version[0]}.{version[1]}.{version[2]} at {sys.executable}"
    if version[:2] >= OLDEST:
        return [_pass("Python", found)]
    wanted = ".".join(map(str, OLDEST))
    then = (
        "remove .venv and run `make lab`" if CHECKOUT else "make a new environment and install smtplab there"
    )
    return [_fail("Python", found, f"Install Python {wanted} or newer, {then}.")]


def packages() -> list[Step]:
    """The installed versions against those that smtplab requires."""
    try:
        from packaging.requirements import Requirement

        needs = [Requirement(line) for line in metadata.requires("smtplab") or ()]
    except (ImportError, metadata.PackageNotFoundError) as error:
        return [_fail("packages", f"smtplab is not installed whole ({error}).", REINSTALL)]
    # Requirements of an extra ("test") have a marker that is false without it.
    needs = [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    wrong = []
    for need in needs:
        try:
            version = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{need.name} is missing")
            continue
        if not need.specifier.contains(version, prereleases=True):
            wrong.append(f"{need.name} is {version}, needed is {need.specifier}")
    if wrong:
        return [_fail("packages", "; ".join(wrong) + ".", REINSTALL)]
    if lost := _lost():
        return [
            _fail(
                "packages", f"{len(lost)} of smtplab's own files are not whole, {lost[0]} first.", REINSTALL
            )
        ]
    return [_pass("packages", f"all {len(needs)} that smtplab {metadata.version('smtplab')} needs")]


def _lost() -> list[str]:
    """The files of an installed wheel that are missing, or not as long as they were."""
    lost = []
    for file in metadata.files("smtplab") or ():
        path = Path(str(file.locate()))
        if file.size is not None and not (path.is_file() and path.stat().st_size == file.size):
            lost.append(str(file))
    return lost


def _talk(family: socket.AddressFamily, host: str) -> None:
    """One octet from a client to a server at `host`. Raises OSError where that does not work."""
    with socket.socket(family) as server:
        server.settimeout(2)
        server.bind((host, 0))
        server.listen()
        with socket.create_connection(server.getsockname()[:2], timeout=2) as client:
            connection, _ = server.accept()
            with connection:
                client.sendall(b".")
                connection.settimeout(2)
                if connection.recv(1) != b".":
                    raise ConnectionError("the connection closed before anything arrived")


def loopback() -> list[Step]:
    """The lab's servers are all on 127.0.0.1; ::1 is only told, for nothing depends on it."""
    try:
        _talk(socket.AF_INET, "127.0.0.1")
        steps = [_pass("loopback", "a server on 127.0.0.1 answers")]
    except OSError as error:
        mend = "Allow Python to listen on 127.0.0.1 in your firewall or security software, or bring up `lo`."
        steps = [_fail("loopback", f"127.0.0.1 does not work ({error}).", mend)]
    try:
        _talk(socket.AF_INET6, "::1")
        found = "a server on ::1 answers"
    except OSError as error:
        found = f"::1 does not work here ({error}); the lab does not need it"
    return [*steps, Step("loopback IPv6", found, "none")]


def private_labs() -> list[Step]:
    """Whether other users of this machine are kept out. Where nothing can, there is nothing to mend."""
    from .lab.strangers import privacy

    private, found = privacy()
    return [Step("privacy", found, "pass" if private else "none")]


def socket_pair() -> list[Step]:
    """The tap hands every octet to its server through a pair of sockets."""
    try:
        here, there = socket.socketpair()
        with here, there:
            here.settimeout(2)
            there.sendall(b".")
            here.recv(1)
    except OSError as error:
        mend = "Allow Python to connect to itself in your firewall or security software."
        return [_fail("socket pair", f"it does not work ({error}).", mend)]
    return [_pass("socket pair", "octets go through")]


def lab_extensions() -> list[Step]:
    """JupyterLab finds the extensions that draw widgets in its data folders."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError as error:
        return [_fail("widgets", f"Jupyter is not installed ({error}).", REINSTALL)]
    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    steps = []
    for extension, project in LAB_EXTENSIONS.items():
        home = next((folder for folder in folders if (folder / extension / "package.json").is_file()), None)
        if home:
            steps.append(_pass("widgets", f"{extension} in {home}"))
        else:
            mend = f"Run `{sys.executable} -m pip install --force-reinstall --no-deps {project}`."
            steps.append(_fail("widgets", f"JupyterLab does not find {extension}.", mend))
    return steps


def kernel() -> list[Step]:
    """A notebook starts the kernel "python3": that must be this environment, where smtplab is."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError as error:
        return [_fail("kernel", f"Jupyter is not installed ({error}).", REINSTALL)]
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        mend = f"Run `{sys.executable} -m ipykernel install --sys-prefix`."
        return [_fail("kernel", "there is no kernel python3.", mend)]
    program = spec.argv[0] if spec.argv else ""
    # Jupyter starts its own Python where the spec only says "python".
    here = program in ("python", "python3", Path(sys.executable).name) or _same(program, sys.executable)
    if here:
        return [_pass("kernel", f"python3 starts {sys.executable}")]
    mend = f"Run `{sys.executable} -m jupyter kernelspec remove python3`, then the doctor again."
    return [_fail("kernel", f"python3 starts {program}, another environment ({spec.resource_dir}).", mend)]


def _same(program: str, other: str) -> bool:
    # Not resolved: a virtual environment's python is a link, and where it leads they are all alike.
    return Path(program).absolute() == Path(other).absolute()


def data_folder() -> list[Step]:
    """Progress is kept here."""
    try:
        from .course.journal import folder as progress_folder
    except ImportError as error:
        return [_fail("data folder", f"it cannot be looked up ({error}).", REINSTALL)]
    folder = progress_folder()
    # It is made when there is progress to keep; until then what counts is the folder to make it in.
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.exists(place))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        mend = f"Make {there} a folder that you may write to, or set SMTPLAB_PROGRESS to one."
        return [_fail("data folder", f"nothing can be written to {there} ({error.strerror}).", mend)]
    return [_pass("data folder", str(folder))]


def lessons() -> list[Step]:
    """The lessons that the package holds, and the course's folder with what the learner has of them."""
    from . import course_folder
    from .mail.errors import LabError

    if course_folder.source() is None:
        return [
            _fail("lessons", f"smtplab has none: {course_folder.FIRST} is not in its package.", REINSTALL)
        ]
    try:
        place = course_folder.locate()
    except LabError as error:
        return [_fail("lessons", str(error), "Go to a folder that is there, and run the doctor again.")]
    if place.kept and not place.root.exists():
        return [Step("lessons", f"not copied yet: `smtplab lab` makes {place.root}", "none")]
    if faults := course_folder.faults(place):
        return [_fail("lessons", found, mend) for found, mend in faults]
    newer = course_folder.newer(place)
    told = f"; {newer} have a newer version, which `smtplab lab` brings" if newer else ""
    return [_pass("lessons", f"in {place.root}{told}")]


CHECKS: tuple[Callable[[], list[Step]], ...] = (
    python,
    packages,
    loopback,
    socket_pair,
    private_labs,
    lab_extensions,
    kernel,
    data_folder,
    lessons,
)


if __name__ == "__main__":
    found = examine()
    print(text(found))
    sys.exit(1 if found.result == "fail" else 0)
