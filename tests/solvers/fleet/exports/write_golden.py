"""Writes the golden files anew (`python -m tests.solvers.fleet.exports.write_golden`); look at the difference."""

from pathlib import Path

from solvers.fleet.exports import EXPORTS
from tests.solvers.fleet.exports import cases
from tests.solvers.serving.exports import reading

if __name__ == "__main__":
    exports = {export.name: export for export in EXPORTS}
    for case, name in cases.GOLDEN:
        folder = Path(__file__).parent / "golden" / f"{case}-{name}"
        for old in folder.glob("*"):
            old.unlink()
        reading.written(exports[name].write(cases.result(case)), folder)
