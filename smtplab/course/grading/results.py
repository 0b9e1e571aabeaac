"""The result of a submission, plain JSON types: its parts, and the one where the grader could not.

A task's row has points from its check, or None and a sentence why. What a person reads has its text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...mail.errors import LabError
from ..graded.exercise import Task, load
from ..graded.mark import whole

FORM = 1
WORDS = 20_000  # characters of a text that a person reads
BLANK = "No answer yet"

Result = dict[str, Any]


def failed(job: Mapping[str, Any], says: str, outcome: str = "not graded") -> Result:
    """The result of a submission that the grader could not grade."""
    try:
        tasks = list(load(job["exercise"]).tasks.values())
    except LabError:
        tasks = []
    rows = [without(task, says) for task in tasks]
    return {**head(job), **total(rows), "status": "failed", "outcome": outcome, "says": says,
            "isolation": "", "cells": [], "remarks": [], "seconds": 0.0}  # fmt: skip


def head(job: Mapping[str, Any]) -> Result:
    """Who, what and when."""
    return {
        "form": FORM,
        "student": job["student"],
        "exercise": job["exercise"],
        "term": Path(job["term"]).name if job.get("term") else "",
        "file": job["path"],
        "digest": job.get("digest", ""),
        "graded": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def row(task: Task) -> Result:
    """A task's row, all of it, without points yet."""
    return {
        "id": task.id, "title": task.title, "kind": task.kind, "of": task.points, "hidden": task.hidden,
        "points": None, "state": "none", "says": "", "verdict": None, "text": None, "answer": "",
    }  # fmt: skip


def without(task: Task, says: object) -> Result:
    """The row of a task that got no points, and why."""
    return {**row(task), "says": str(says)}


def reading(task: Task, text: str) -> Result:
    """The row of a task that a person reads."""
    words = " ".join(text.casefold().split())
    return {
        **row(task),
        "state": "reading" if words else "blank",
        "says": "" if words else f"{BLANK}.",
        "text": text[:WORDS],
        "answer": hashed(words) if words else "",
    }


def total(rows: list[Result]) -> Result:
    """The rows, and what they add up to."""
    judged = [row for row in rows if row["kind"] != "explain"]
    return {
        "points": whole(sum(row["points"] or 0 for row in judged)),
        "of": sum(row["of"] for row in judged),
        "reading": sum(row["of"] for row in rows if row["kind"] == "explain"),
        "tasks": rows,
    }


def hashed(text: str) -> str:
    """A fingerprint of an answer: to see which are the same."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
