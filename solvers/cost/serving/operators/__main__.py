"""`python -m solvers.cost.serving.operators WHEEL FOLDER`: fits the curves of aiconfigurator-core's operator tables.

Writes curves.csv and what says where they are from, curves.yaml. Needs pyarrow.
"""

import csv
import sys
from pathlib import Path

import yaml

from solvers.cost.serving.operators.fit import Fitted, LeftOut, fit_all
from solvers.cost.serving.operators.forms import FORMS
from solvers.cost.serving.operators.tables import ROOT, fingerprint, tables

COLUMNS = (
    "operator", "gpu", "engine", "version", "numerics", "rows", "held_out", "median_error", "mean_error", "curve",
)  # fmt: skip


def main(wheel: Path, folder: Path) -> None:
    """The two files; progress on stderr."""
    left_out: list[str] = []
    with (folder / "curves.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for operator in FORMS:
            for found in fit_all(tables(wheel, operator), operator):
                sys.stderr.write(
                    f"{found.table if isinstance(found, LeftOut) else found.table.name} {found.numerics}\n"
                )
                if isinstance(found, LeftOut):
                    left_out.append(f"{found.table} {found.numerics}: {found.reason}")
                else:
                    writer.writerow(_row(operator, found))
    (folder / "curves.yaml").write_text(yaml.safe_dump(_provenance(wheel, left_out), sort_keys=False, width=120))


def _row(operator: str, found: Fitted) -> list[str]:
    table, values = found.table, " ".join(f"{value:.4g}" for value in found.curve)
    errors = [f"{error:.3f}" for error in (found.median_error, found.mean_error)]
    return [
        operator, table.gpu, table.engine, table.version, found.numerics, str(found.rows), str(found.held_out),
        *errors, values,
    ]  # fmt: skip


def _provenance(wheel: Path, left_out: list[str]) -> dict[str, object]:
    name, version = wheel.name.split("-")[:2]
    return {
        "title": "Curves of kernels, fitted to operator tables",
        "source": f"{name.replace('_', '-')} {version} (PyPI), {ROOT}/**.parquet of operators",
        "address": "https://github.com/ai-dynamo/aiconfigurator",
        "licence": "Apache-2.0",
        "sha256": fingerprint(wheel),
        "fitted": "python -m solvers.cost.serving.operators WHEEL FOLDER",
        "errors": "median and mean relative error of seconds on shapes that were held out",
        "left_out": left_out,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
