"""How accurate scaling is: larger runs foretold from smaller ones, read from the report that prints every figure."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from solvers.accuracy.document import Accuracy, Figure, Group, Groups, Line, Worst
from tests.accuracy.parts import ROOT, WORST, peer, source, whole
from tests.solvers.scaling.report import Row, rows

NAME = "scaling"
LOSS = "loss of larger runs"
CUTS, FARSEER = "left-out families", "Farseer runs, 10x the compute"
CUT = re.compile(r"^- (?P<family>\w+), (?P<fitted>\d+) runs -> (?P<asked>\d+)$")
SHARE = re.compile(r"(?P<share>[\d.]+) %")
COUNTS = re.compile(r"\((?P<fitted>\d+) -> (?P<asked>\d+)\)")
FAMILIES = (
    "chinchilla_epoch_svg.csv", "farseer_lt_1e21.csv", "gadre_c4.csv", "isoflops_chinchilla_comma_misfitting.csv",
    "datablations_runs_with_seeds.csv", "takano_llm_df.csv", "misfitting_scaling_results_last_ckpt_only.csv",
)  # fmt: skip
LEARNED = ("families.json", "doubt.json")
# Rows of the report that stand in the table, say how fast, or how good designs are (docs/scaling.md).
APART = ("- ", CUTS, FARSEER, "median", "its 90 %", "seconds from", "1,000 boot", "forecast with", "400 cand",
         "design, ")  # fmt: skip
TIGHT = re.compile(r"(?<=\d)%")


def read(text: str) -> list[Row]:
    """The rows of a report that was printed before."""
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in cells)) for cells in lines if cells[0].strip() != "figure"]


def document(data: Path, *, at: date, command: str, found: Sequence[Row] = ()) -> Accuracy:
    """The document."""
    told = list(found) or list(rows())
    cuts = [(match, row) for row in told if (match := CUT.match(row.what))]
    return whole({
        "kind": NAME,
        "date": at,
        "command": command,
        "calibration": "published",
        "headline": _headline(told),
        "errors_of": "Errors of the loss foretold for runs of at least 3 times the compute, as shares of the measured "
        "loss, with the runs' family left out of all that was learned.",
        "baseline": "Chinchilla's law, fitted alone to the same small runs",
        "interval_level": 0.9,
        "lines": [_families(told, cuts), _farseer(told)],
        "main": 0,
        "groups": [_groups(cuts)],
        "figures": [
            Figure(what=row.what.replace("_", " "), found=_spaced(row.found), goal=row.bar, beside=_spaced(row.beside))
            for row in told
            if not row.what.startswith(APART)
        ],
        "worst": _worst(cuts),
        "data": [
            *(source(ROOT / "solvers/laws/data" / name, "learned from all families") for name in LEARNED),
            *(source(data / NAME / name, "published runs") for name in FAMILIES),
        ],
    })  # fmt: skip


def _headline(told: Sequence[Row]) -> str:
    row = _row(told, CUTS)
    return _spaced(
        f"The loss of runs of 3 to 1,000 times the compute errs by {_share(row.found):.2%} in the mean over families"
        f" that nothing was learned from, where Chinchilla's law alone errs by {_of(row.beside, 'Chinchilla'):.2%};"
        f" 90 % intervals hold {_share(_row(told, '90 % interval').found):.0%} of the runs."
    )


def _families(told: Sequence[Row], cuts: Sequence[tuple[re.Match[str], Row]]) -> Line:
    row = _row(told, CUTS)
    families = {match["family"] for match, _ in cuts}
    return Line(
        held_out=f"the family: {len(families)} families, {len(cuts)} cuts",
        quantity=LOSS,
        rows=sum(int(match["asked"]) for match, _ in cuts),
        mean=_share(row.found),
        median=_share(_row(told, "median").found),
        worst=max(_share(one.found) for _, one in cuts),
        baseline=_of(row.beside, "Chinchilla"),
        peer=peer(NAME, "Skaling", error=_of(row.beside, "Skaling")),
        coverage=_share(_row(told, "90 % interval").found),
        goal="1.0 %; 90 % hold 85 to 95 %",
    )


def _farseer(told: Sequence[Row]) -> Line:
    row = _row(told, FARSEER)
    counts = COUNTS.search(row.what)
    return Line(
        held_out="the family: Farseer's runs, 10 times the compute",
        quantity=LOSS,
        rows=int(counts["asked"]) if counts else 0,
        mean=_share(row.found),
        baseline=_of(row.beside, "Chinchilla"),
        peer=peer(NAME, "Skaling", error=_of(row.beside, "Skaling")),
        coverage=_share(_row(told, "its 90 % interval").found),
        goal="1.0 %",
    )


def _groups(cuts: Sequence[tuple[re.Match[str], Row]]) -> Groups:
    """Every family: the mean over its cuts."""
    families: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for match, row in cuts:
        families[match["family"]].append((int(match["asked"]), _share(row.found), _of(row.beside, "Chinchilla")))
    found = [
        Group(
            name=name,
            rows=sum(asked for asked, _, _ in parts),
            error=sum(error for _, error, _ in parts) / len(parts),
            baseline=sum(guess for _, _, guess in parts) / len(parts),
        )
        for name, parts in families.items()
    ]
    return Groups(held_out="whole families", axis="Mean error of the loss", groups=tuple(found))


def _worst(cuts: Sequence[tuple[re.Match[str], Row]]) -> list[Worst]:
    found = [
        Worst(
            name=f"{match['family']}, from {match['fitted']} runs",
            held_out="whole families",
            error=_share(row.found),
            rows=int(match["asked"]),
        )
        for match, row in cuts
    ]
    return sorted(found, key=lambda one: -one.error)[:WORST]


def _row(told: Sequence[Row], begins: str) -> Row:
    return next(row for row in told if row.what.startswith(begins))


def _share(text: str) -> float:
    match = SHARE.search(text)
    if match is None:
        raise ValueError(f"no share in '{text}'")
    return float(match["share"]) / 100.0


def _spaced(text: str) -> str:
    return TIGHT.sub(" %", text)


def _of(text: str, law: str) -> float:
    """What a law alone errs by: `Skaling 1.74 %, Chinchilla 2.12 %`."""
    return _share(text.partition(f"{law} ")[2])
