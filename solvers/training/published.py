"""Make the shipped calibration: openly licensed measurements, and what they teach.

    python -m solvers.training.published rows MEASUREMENTS.csv   writes data/published.csv and data/published.yaml
    python -m solvers.training.published posterior               writes data/posterior.json from data/published.csv

Rows are copied as they are, from sources whose licence lets us carry their figures; `published.yaml` names source,
files, commits and licence. The posterior is made by procedure from all rows that state a time, at most MOST of them,
spread evenly over models, software and GPUs.
"""

import csv
import hashlib
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from solvers.calibration.covariance import Ints
from solvers.calibration.spread import spread_evenly
from solvers.documents import dump_yaml
from solvers.training.evidence.columns import Row
from solvers.training.evidence.posterior import learned, strata_of
from solvers.training.evidence.protocols import fingerprint
from solvers.training.evidence.store import document_of, learned_coefficients
from solvers.training.evidence.table import Table, table_of

DATA = Path(__file__).parent / "data"
LICENCES = {
    "vTrain (KAIST/Samsung, MICRO-57)": "MIT",
    "MosaicML llm-foundry": "Apache-2.0",
    "torchtitan": "BSD-3-Clause",
    "NVIDIA Megatron-Bridge docs": "Apache-2.0",
    "NVIDIA NeMo docs": "Apache-2.0",
    "NVIDIA NeMo-Framework-Launcher": "Apache-2.0",
}
# Predictions factor a matrix of so many rows each time the planner starts.
MOST = 900


def open_rows(rows: Sequence[Row]) -> list[Row]:
    """Those whose figures we may carry."""
    return [row for row in rows if row.get("source") in LICENCES]


def rows_text(rows: Sequence[Row]) -> str:
    """The rows as CSV."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def provenance_document(rows: Sequence[Row]) -> dict[str, Any]:
    """Where the rows come from."""
    return {"rows": len(rows), "sources": list(_sources(rows))}


def _sources(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    for name, licence in LICENCES.items():
        own = [row for row in rows if row["source"] == name]
        files = sorted({f"{row['src_file']} @ {row['src_commit']}" for row in own})
        if own:
            yield {"name": name, "licence": licence, "rows": len(own), "files": files}


def chosen_runs(table: Table) -> Ints:
    """The runs that teach: all that state a time, or MOST of them."""
    timed = table.timed()
    return timed[spread_evenly(strata_of(table, timed), most=MOST)]


def posterior_document(text: str) -> dict[str, Any]:
    """The posterior file from the text of `published.csv`."""
    table = table_of(list(csv.DictReader(io.StringIO(text))))
    index = chosen_runs(table)
    posterior = learned(table, index)
    return {
        "how": "python -m solvers.training.published posterior",
        "measurements": hashlib.sha256(text.encode()).hexdigest(),
        "learned": learned_coefficients(posterior),
        "seen": sorted(fingerprint(table.runs[place].row) for place in index),
        **document_of(posterior),
    }


def posterior_text(document: dict[str, Any]) -> str:
    """The file: one line for each run, so that a change shows where it is."""
    rows = document["rows"]
    head = json.dumps({**document, "rows": []}, indent=1)
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    return head.replace('"rows": []', f'"rows": [\n{lines}\n]') + "\n"


def main(arguments: Sequence[str]) -> None:
    """Write the files."""
    match arguments:
        case ["rows", path]:
            with Path(path).open(encoding="utf-8-sig", newline="") as file:
                rows = open_rows(list(csv.DictReader(file)))
            (DATA / "published.csv").write_text(rows_text(rows), "utf-8")
            (DATA / "published.yaml").write_text(dump_yaml(provenance_document(rows)), "utf-8")
        case ["posterior"]:
            document = posterior_document((DATA / "published.csv").read_text("utf-8"))
            (DATA / "posterior.json").write_text(posterior_text(document), "utf-8")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
