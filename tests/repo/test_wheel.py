"""The wheel: what is in it, and what a learner has who installs it outside of this repository."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repo import hatchling_build

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60  # seconds for any one command
LESSON = "notebooks/09-spf.ipynb"
EXERCISE = "exercises/09-spf/09-spf.ipynb"
ADDRESS = re.compile(r"(http://localhost:\d+/)lab/tree/notebooks/00-start-here\.ipynb\?token=(\w+)")

# What the exercise's first cells do: they need the package's widgets, texts and worlds.
SCRIPT = """
import smtplab
from smtplab import Lab, exercise
world = exercise("09-spf")
world._repr_html_()
with Lab() as lab:
    world.set_up(lab).spf_builder(world.firm["domain"])
print(smtplab.__file__)
with Lab() as lab:
    letter = "From: alice@acorn.example\\nTo: bob@birch.example\\nSubject: hello\\n\\nhello\\n"
    print(lab.submit(letter).verdict().result)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout.

    Where pip cannot get hatchling the tests are skipped, with the reason; under CI=true they fail.
    """
    try:
        hatchling_build.installed()
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        reason = f"pip cannot get hatchling: {said.decode('utf-8', 'replace') or error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return hatchling_build.build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_holds_the_package_the_lessons_and_the_exercises(names: set[str]) -> None:
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "smtplab").rglob("*")
        if path.suffix in {".py", ".js", ".css", ".toml", ".json"}
    }
    assert package - names == set()
    lessons = {path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert lessons - {Path(name).name for name in names if "/share/notebooks/" in name} == set()
    exercises = {path.name for path in (ROOT / "exercises").glob("*/[0-9]*.ipynb")}
    assert exercises - {Path(name).name for name in names if "/share/exercises/" in name} == set()


def forbidden(name: str) -> bool:
    """Whether a file of the wheel is none of a learner's business, or no part of smtplab."""
    top, *_, last = name.split("/")
    shared = name.startswith("smtplab/share/")
    return (
        not re.fullmatch(r"smtplab|smtplab-[\d.]+\.dist-info", top)
        or bool(re.search(r"(^|/)(solutions|tests|terms|submitted|\.[^/]+|__pycache__)(/|$)", name))
        or bool(re.match(r"teacher|teaching-answers|test_|conftest|smtplab-pack", last))
        or (shared and not last.endswith(".ipynb"))
    )


def test_it_holds_nothing_that_only_teachers_and_tests_have(names: set[str], wheel: Path) -> None:
    assert [name for name in sorted(names) if forbidden(name)] == []
    with zipfile.ZipFile(wheel) as archive:
        shared = [archive.read(name).decode() for name in names if "/share/exercises/" in name]
    assert shared
    assert not [text for text in shared if "BEGIN SOLUTION" in text or "BEGIN HIDDEN" in text]


@pytest.mark.parametrize(
    "name",
    [
        "solutions/09-spf/09-spf.ipynb",
        "smtplab/share/solutions/09-spf.ipynb",
        "smtplab/share/exercises/09-spf/teacher.py",
        "smtplab/share/teaching-answers.md",
        "smtplab/share/exercises/09-spf/smtplab-pack.json",
        "smtplab/share/notebooks/.ipynb_checkpoints/09-spf-checkpoint.ipynb",
        "smtplab/tests/test_spf.py",
        "tests/conftest.py",
    ],
)
def test_what_does_not_belong_there_is_seen(name: str) -> None:
    assert forbidden(name)


def test_what_lies_about_in_a_checkout_stays_out(wheel: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    litter = [
        "notebooks/.ipynb_checkpoints/09-spf-checkpoint.ipynb",
        "notebooks/09-spf-Copy1.ipynb",
        "notebooks/Untitled.ipynb",
        "exercises/09-spf/smtplab-pack.json",
        "exercises/smtplab-pack.json",
        "solutions/09-spf/teacher.py",
    ]
    wanted = [LESSON, EXERCISE, "smtplab/__init__.py"]
    for name in [*litter, *wanted]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("{}")
    for name in ("pyproject.toml", "README.md", ".gitignore"):
        (project / name).write_bytes((ROOT / name).read_bytes())
    with zipfile.ZipFile(hatchling_build.build(project, tmp_path)) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {f"smtplab/share/{LESSON}", f"smtplab/share/{EXERCISE}", "smtplab/__init__.py"}


def test_an_editable_install_links_to_the_checkout_and_copies_nothing(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(hatchling_build.build(ROOT, tmp_path, "build_editable")) as archive:
        assert [name for name in archive.namelist() if ".dist-info/" not in name] == ["_smtplab.pth"]
        assert archive.read("_smtplab.pth").decode().split() == [str(ROOT)]


@dataclass(frozen=True)
class Learner:
    """Somebody who has installed smtplab: their Python, their home folder, their course."""

    home: Path
    bin: Path
    environment: dict[str, str]

    @property
    def course(self) -> Path:
        return self.home / "smtplab-course"

    @property
    def share(self) -> Path:
        """The lessons and exercises in the installed package."""
        [folder] = self.bin.parent.rglob("smtplab/share")
        return folder

    def run(self, program: str, *arguments: str, expected: int = 0) -> str:
        done = subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == expected, done.stdout
        return done.stdout

    @contextlib.contextmanager
    def jupyterlab(self, *arguments: str) -> Iterator[tuple[str, str, str]]:
        """`smtplab lab --no-browser`: what it said, and the server's URL and token; stopped at the end."""
        process = subprocess.Popen(
            [self.bin / "smtplab", "lab", "--no-browser", *arguments],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        assert process.stdout is not None
        said = ""
        try:
            while not (address := ADDRESS.search(said)):
                line = process.stdout.readline()  # pytest's own limit ends a wait without end
                assert line, f"it ended: {said}"
                said += line
            yield said, address[1], address[2]
            process.terminate()
            assert process.wait(timeout=LIMIT) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):  # it has ended, as it should
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=LIMIT)
            process.stdout.close()


@pytest.fixture(scope="module")
def learner(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Learner:
    """A new environment with the wheel in it; what it requires is lent by the tests' environment.

    A .pth file in it names that environment's folder. The .pth files there, and so the link of an editable
    install, are not followed from here.
    """
    folder = tmp_path_factory.mktemp("learner").resolve()
    venv.create(folder / "venv", with_pip=False, symlinks=os.name != "nt")
    programs = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder / "venv")}))
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder / "venv")}))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    home = folder / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON"))}
    shared = Path(sys.prefix) / "share" / "jupyter"
    environment = {
        **kept,
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONUTF8": "1",
        "JUPYTER_PATH": str(shared),
        "JUPYTERLAB_DIR": str(shared / "lab"),
        "SMTPLAB_PROGRESS": str(home / "progress"),
        **{f"JUPYTER_{name}_DIR": str(home / f"jupyter-{name}") for name in ("CONFIG", "DATA", "RUNTIME")},
    }
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "--disable-pip-version-check"]
    options = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    subprocess.run([*pip, *options], check=True, timeout=LIMIT, env=environment)
    return Learner(home, programs, environment)


def test_a_learner_who_installs_it_has_a_course(learner: Learner) -> None:
    said = learner.run("smtplab", "doctor")
    assert f"not copied yet: `smtplab lab` makes {learner.course}" in said
    with learner.jupyterlab() as (said, url, token):
        assert f"lessons and exercises copied to {learner.course}" in said
        for name in (LESSON, EXERCISE):
            with urllib.request.urlopen(f"{url}files/{name}?token={token}", timeout=LIMIT) as answer:
                assert answer.read() == (learner.course / name).read_bytes() == (ROOT / name).read_bytes()
    assert not (learner.course / "solutions").exists()
    said = learner.run("smtplab", "doctor")
    assert f"✓ pass lessons: in {learner.course}\n" in said
    assert said.endswith("✓ pass This machine is ready for the lab.\n")


def test_it_is_the_wheel_that_runs_and_not_the_checkout(learner: Learner) -> None:
    file, result = learner.run("python", "-c", SCRIPT).split()
    assert Path(file).is_relative_to(learner.bin.parent)
    assert result == "delivered"


def test_what_the_learner_changed_survives_an_update_and_a_reset(learner: Learner) -> None:
    own = learner.home / "elsewhere"
    prepare = "import sys; from pathlib import Path; from smtplab.course_folder import prepare;"
    prepare += "prepare(Path(sys.argv[1]), print)"
    learner.run("python", "-c", prepare, str(own))
    for name in (LESSON, EXERCISE):
        (own / name).write_text(changed((own / name).read_text()))
    mine = (own / EXERCISE).read_bytes()
    share = learner.share
    renewed = [LESSON, EXERCISE, "notebooks/10-dkim.ipynb"]
    as_released = {name: (share / name).read_bytes() for name in renewed}
    try:
        for name in renewed:  # as another version of the package would
            (share / name).write_text(changed((share / name).read_text(), "a new version"))
        with learner.jupyterlab(str(own)) as (said, _, _):
            assert f"{EXERCISE}: you have changed it, and it stays." in said
        assert (own / EXERCISE).read_bytes() == mine
        newest = (share / EXERCISE).read_bytes()
        assert (own / "exercises/09-spf/09-spf-new.ipynb").read_bytes() == newest
        assert "a new version" in (own / "notebooks/10-dkim.ipynb").read_text()
        assert "09-spf-mine.ipynb" in learner.run("smtplab", "reset", "09", "--folder", str(own))
        assert (own / EXERCISE).read_bytes() == newest
        assert (own / "exercises/09-spf/09-spf-mine.ipynb").read_bytes() == mine
    finally:
        for name, data in as_released.items():
            (share / name).write_bytes(data)


def changed(notebook: str, text: str = "my own words") -> str:
    """The notebook with something written into its last cell."""
    book = json.loads(notebook)
    book["cells"][-1]["source"] = [text]
    return json.dumps(book)


@pytest.fixture
def broken(learner: Learner) -> Iterator[Callable[[Path], None]]:
    """`broken(path)` takes a file away, for this test."""
    gone: list[Path] = []

    def take(path: Path) -> None:
        path.rename(path.with_name(f"{path.name}.gone"))
        gone.append(path)

    yield take
    for path in gone:
        path.with_name(f"{path.name}.gone").rename(path)


def test_the_doctor_says_what_is_wrong(learner: Learner, broken: Callable[[Path], None]) -> None:
    share = learner.share
    broken(share / EXERCISE)
    said = learner.run("smtplab", "doctor", expected=1)
    assert (
        "1 of smtplab's own files are not whole, smtplab/share/exercises/09-spf/09-spf.ipynb first." in said
    )
    broken(share / "notebooks")
    said = learner.run("smtplab", "doctor", expected=1)
    [line] = [line for line in said.splitlines() if line.startswith("✕ fail lessons: ")]
    assert "smtplab has none: notebooks/00-start-here.ipynb is not in its package." in line
    assert f"Run `{learner.bin / 'python'} -m pip install --force-reinstall WHEEL`" in line
