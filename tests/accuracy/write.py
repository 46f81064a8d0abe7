"""Every kind's accuracy document and the tables of README.md, from the measurements:

    python -m tests.accuracy.write --data ../shared/data --date 2026-11-22 [KIND ...] [--from FILE ...]

computes the documents of these kinds (of all without any; none with `readme`), and writes the README's tables from what
then stands in all documents. Training takes a minute of one core, serving five, scaling ten, fleets an hour: what the
commands of scaling and of fleets printed before (`python -m tests.solvers.scaling.report`, `python -m
solvers.fleet.scenarios`, `python -m tests.papers.report melange`) may be given in files instead.
"""

import argparse
import json
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

from solvers import kinds
from solvers.accuracy.document import Accuracy
from solvers.accuracy.shipped import FILE, document
from tests.accuracy import fleet, readme, scaling, serving, training
from tests.accuracy.parts import ROOT

COMMAND = "python -m tests.accuracy.write --data {data} --date {at} {kind}"
README = ROOT / "README.md"


def computed(kind: str, data: Path, *, at: date, printed: str) -> Accuracy:
    """One kind's document, by the commands' printed output where there is some."""
    command = COMMAND.format(data="../shared/data", at=at, kind=kind)
    makers: dict[str, Callable[[], Accuracy]] = {
        "training": lambda: training.document(data, at=at, command=command),
        "serving": lambda: serving.document(data, at=at, command=command),
        "fleet": lambda: fleet.document(at=at, command=command, printed=printed),
        "scaling": lambda: scaling.document(data, at=at, command=command, found=scaling.read(printed)),
    }
    return makers[kind]()


def write(found: Accuracy) -> None:
    """The document into the kind's folder."""
    path = Path(str(files(kinds.MODULES[found.kind]))) / "data" / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Compute what was asked for, then rewrite the README's tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.write", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--date", type=date.fromisoformat, required=True)
    parser.add_argument("--from", dest="printed", type=Path, nargs="*", default=[])
    parser.add_argument("kinds", nargs="*", choices=[*kinds.names(), "readme"], default=[])
    asked = parser.parse_args()
    printed = "\n".join(path.read_text("utf-8") for path in asked.printed)
    for kind in asked.kinds or kinds.names():
        if kind != "readme":
            write(computed(kind, asked.data, at=asked.date, printed=printed))
    document.cache_clear()
    README.write_text(readme.with_tables(README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
