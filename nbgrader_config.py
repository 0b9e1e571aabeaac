"""This folder as an nbgrader course: `nbgrader autograde 09-spf` works as it is. See docs/teaching.md."""

import os
from pathlib import Path

c = get_config()  # noqa: F821 - nbgrader gives it
root = Path(__file__).resolve().parent if "__file__" in globals() else Path.cwd()

c.CourseDirectory.course_id = "smtplab"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# teacher.py holds the hidden tests: it stays with the teacher, and nothing of it goes into a release.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "teacher.py", "smtplab-pack.json"]

# An unanswered cell raises nothing, so that the cells after it run.
c.ClearSolutions.code_stub = {"python": "...  # your answer goes here"}
c.Execute.timeout = 60  # seconds a cell; the slowest check takes about one
c.Execute.interrupt_on_timeout = True  # the next cells are still graded

# Where the checks find the hidden tests, and the secret of the class that is graded.
os.environ.setdefault("SMTPLAB_COURSE", str(root))
terms = sorted(secret.parent for secret in root.glob("terms/*/secret"))
if len(terms) > 1 and "SMTPLAB_TERM" not in os.environ:
    names = ", ".join(term.name for term in terms)
    raise SystemExit(f"There are several terms ({names}): set SMTPLAB_TERM=terms/NAME for the one you mean.")
if terms:
    os.environ.setdefault("SMTPLAB_TERM", str(terms[0]))
