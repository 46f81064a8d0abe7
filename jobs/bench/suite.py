"""The whole suite on this machine: `python -m jobs.bench.suite --out DIR [--device cuda] [--scale full]`.

Writes DIR/measurements.json, anew after each measurement, so that a suite that is cut short leaves what it has. The
file says how it was made; what could not be measured stands in it with its reason. `--budget` stops before a
measurement that is expected to end after so many seconds.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from jobs.bench.run import measure
from jobs.bench.suite_plan import FULL, TINY, Entry, entries
from solvers import __version__, recipes
from solvers.documents import Document
from solvers.errors import IsoflopError, Problem

SCALES = {"full": FULL, "tiny": TINY}
NAME = "measurements.json"
SAID = 300


def main(arguments: list[str] | None = None) -> int:
    """Measure all; 1 where something could not be."""
    asked = _asked(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    every = entries(SCALES[asked.scale], device=asked.device)
    chosen = [entry for entry in every if not asked.only or entry.name.startswith(tuple(asked.only))]
    document: Document = {"format": "isoflop-suite", "version": 1, "provenance": provenance()}
    document |= {"measurements": [], "problems": []}
    started = time.monotonic()
    for entry in chosen:
        outcome = measured(entry, left_s=asked.budget - (time.monotonic() - started), say=_told)
        document["measurements" if "rows" in outcome else "problems"].append({"name": entry.name, **outcome})
        _write(document, asked.out / NAME)
        _told(f"{entry.name}: {outcome.get('message', 'measured')}")
    return 1 if document["problems"] else 0


def measured(entry: Entry, *, left_s: float, say: Callable[[str], None]) -> Document:
    """The measurement's document, or the problem that stood in its way."""
    recipe = recipes.get(entry.recipe)
    try:
        params = recipe.parse(entry.params)
        if recipe.seconds(params) > left_s:
            return Problem("budget", f"It may take {recipe.seconds(params):.0f} s; {left_s:.0f} s are left.").document()
        document = measure(recipe, params, lambda stage, share: say(f"{entry.name} {share:.0%} {stage}"))
        recipe.check_result(document)
    except IsoflopError as error:
        return error.problems[0].document()
    except RuntimeError as error:  # torch's own: no memory, or a kernel that does not take these operands
        return Problem("torch", str(error)[:SAID]).document()
    return document


def provenance() -> Document:
    """How the file was made."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": "python -m jobs.bench.suite " + " ".join(sys.argv[1:]),
        "isoflop": __version__,
        "source": digest(),
        "gpu": _output("nvidia-smi", "--query-gpu=name,driver_version,memory.total,power.limit", "--format=csv"),
        "licence": "Measured by this project with its own code; free to use.",
    }


def digest() -> str:
    """SHA-256 over the code that measured."""
    folders = (Path(__file__).parent, Path(recipes.__file__).parent)
    found = sorted((path for folder in folders for path in folder.rglob("*.py")), key=lambda path: path.as_posix())
    return hashlib.sha256(b"".join(path.read_bytes() for path in found)).hexdigest()


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m jobs.bench.suite", description="Measure this machine.")
    parser.add_argument("--out", type=Path, required=True, help="folder for measurements.json")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--scale", choices=tuple(SCALES), default="full")
    parser.add_argument("--budget", type=float, default=float("inf"), help="seconds")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="measurements that begin so")
    return parser.parse_args(arguments)


def _write(document: Document, path: Path) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", "utf-8")
    part.rename(path)


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _told(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
