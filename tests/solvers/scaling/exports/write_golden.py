"""Writes the golden files anew (`python -m tests.solvers.scaling.exports.write_golden`); look at the difference."""

import shutil
from pathlib import Path

from solvers.scaling.exports import EXPORTS
from tests.solvers.scaling.exports import cases


def main(golden: Path) -> None:
    exports = {export.name: export for export in EXPORTS}
    for case, name in cases.GOLDEN:
        folder = golden / f"{case}-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        for file, text in exports[name].write(cases.result(case)).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, newline="")


if __name__ == "__main__":
    main(Path(__file__).parent / "golden")
