"""An answer page as data: everything that its template says, made from the result document alone."""

from dataclasses import dataclass, replace
from html import escape

from frontend.figures import view
from frontend.figures.base import Choice, Head, LegendEntry, Panel, Point, Table, chance
from solvers import units
from solvers.documents import Document

VERDICTS = {"used": "used", "does_not_pay": "does not pay here", "cannot_tell": "cannot tell"}
CALIBRATIONS = {
    "prior": "none yet: data sheets and published coefficients",
    "families": "intervals learned on families of runs that were left out",
}


@dataclass(frozen=True)
class Drawn:
    """A chart with its finding, its numbers and its colours in words."""

    name: str
    title: str
    table: Table
    legend: tuple[LegendEntry, ...]
    height: int
    wide: bool


@dataclass(frozen=True)
class Fact:
    """A line of a list: what, and what of it."""

    what: str
    of_it: str


@dataclass(frozen=True)
class Option:
    """A technique, and what became of it."""

    title: str
    verdict: str
    told: str
    used: bool


@dataclass(frozen=True)
class Answer:
    """The parts of a solved run's page in their order."""

    headline: str
    bold: str
    binding: tuple[str, ...]
    heads: tuple[Head, ...]
    first: tuple[Panel, ...]
    charts: tuple[Drawn, ...]
    sheets: tuple[tuple[str, tuple[Fact, ...]], ...]
    lone_sheet: bool
    panels: tuple[Panel, ...]
    frontier_title: str
    columns: tuple[str, ...]
    points: tuple[Point, ...]
    beaten: int
    further: int
    order: str
    plan_is: str
    choices: tuple[Choice, ...]
    sensitivity: tuple[Fact, ...]
    options: tuple[Option, ...]
    sure: tuple[Fact, ...]
    search: str
    rejected: tuple[Fact, ...]

    @property
    def rows(self) -> tuple[tuple[Point, tuple[tuple[str, str], ...]], ...]:
        """The points of the frontier, each cell with the name of its column."""
        return tuple((point, tuple(zip(self.columns, point.cells, strict=True))) for point in self.points)


def answer(result: Document) -> Answer:
    """What the page of a solved run says."""
    shown = view(result["kind"])
    explanation = result["explanation"]
    charts = (
        Drawn(
            chart.name, chart.title(result), chart.table(result), chart.legend(result), chart.height(result), chart.wide
        )
        for chart in shown.charts
        if chart.shown(result)
    )
    panels = shown.panels(result)
    told = ((sheet.title, tuple(Fact(*pair) for pair in sheet.facts(result))) for sheet in shown.sheets)
    sheets = tuple((name, facts) for name, facts in told if facts)
    drawn = _rows(tuple(charts), before_whole_rows=bool(panels) or len(sheets) % 2 == 0)
    return Answer(
        headline=explanation.get("headline", ""),
        bold=result["plan"].get("label", ""),
        binding=tuple(explanation.get("binding", ())),
        heads=shown.heads.heads(result),
        first=shown.first(result),
        charts=drawn,
        sheets=sheets,
        lone_sheet=len(sheets) % 2 == 1 and not _half_row(drawn),
        panels=panels,
        frontier_title=shown.frontier.title(result),
        columns=shown.frontier.columns,
        points=shown.frontier.points(result),
        further=shown.frontier.further(result),
        order=shown.frontier.order,
        plan_is=shown.plan_is,
        beaten=len(result.get("dominated", ())),
        choices=shown.choices(result),
        sensitivity=tuple(Fact(entry["change"], entry["outcome"]) for entry in explanation.get("sensitivity", ())),
        options=tuple(_option(entry) for entry in explanation.get("options", ())),
        sure=sure(result),
        search=searched(result),
        rejected=rejected(result),
    )


def _half_row(charts: tuple[Drawn, ...]) -> bool:
    """Whether the last chart leaves half of its row to what follows."""
    alone = False
    for chart in charts:
        alone = not chart.wide and not alone
    return alone


def _rows(charts: tuple[Drawn, ...], *, before_whole_rows: bool) -> tuple[Drawn, ...]:
    """The charts in rows of two: one that would stand alone before a wide one, or whole rows, is wide itself."""
    rows: list[Drawn] = []
    alone = False
    for chart in charts:
        if chart.wide and alone:
            rows[-1] = replace(rows[-1], wide=True)
        alone = not chart.wide and not alone
        rows.append(chart)
    if alone and before_whole_rows:
        rows[-1] = replace(rows[-1], wide=True)
    return tuple(rows)


def sure(result: Document) -> tuple[Fact, ...]:
    """What stands behind the numbers."""
    provenance = result["provenance"]
    calibration = str(provenance["calibration"])
    facts = [Fact("Calibration", CALIBRATIONS.get(calibration, calibration))]
    each = result.get("explanation", {}).get("calibrated", ())
    facts += [Fact(f"Capacities on {one['title']}", str(one["said"])) for one in each]
    if "own_points" in result.get("explanation", {}):
        facts.append(Fact("Own measurements", str(result["explanation"]["own_points"]["said"])))
    if "interval_level" in result:
        facts.append(
            Fact(
                "Intervals", f"meant to hold the truth {units.show(result['interval_level'], units.SHARE)} of the time"
            )
        )
    if "expected_regret" in result.get("plan", {}):
        facts.append(Fact("Rank", _rank(result["plan"])))
    facts += [
        Fact("Solver", str(provenance["solver_version"])),
        Fact("Catalogue", str(provenance["catalogue_version"])),
        Fact("Spec", f"{result['spec_hash'][:12]}, seed {provenance['seed']}"),
    ]
    return (*facts, *(Fact(f"Data: {name}", digest[:12]) for name, digest in provenance.get("data", {}).items()))


def _rank(plan: Document) -> str:
    """What the choice may lose to plans near it, were all of them measured."""
    regret, share = units.show(plan["expected_regret"], units.SHARE), chance(plan["probability_best"])
    return (
        f"expected to lose {regret} to the best of the plans near it, were all measured; the best itself with {share}"
    )


def searched(result: Document) -> str:
    """How many were looked at, how long it took, how many are possible, and whether any was left out."""
    search = result["search"]
    if not search["candidates"] and not search["feasible"] and result.get("status") != "infeasible":
        return "Nothing was searched: there was nothing to choose from."
    seconds = f" in {units.show(search['seconds'], units.DURATION)}" if search.get("seconds") else ""
    found = search["feasible"] and result.get("status") != "infeasible"
    gap = search.get("optimality_gap") if found else None
    proof = "" if gap is None else f" {view(result['kind']).proof(gap)}"
    looked_at, possible = view(result["kind"]).looked_at
    counted = f"{_count(search['candidates'])} {looked_at}{seconds}"
    return f"{counted}; {_count(search['feasible'])} {possible}.{proof}"


def rejected(result: Document) -> tuple[Fact, ...]:
    """Why the others are not possible, most frequent first."""
    said = view(result["kind"]).words.reason
    counts = sorted(result["search"]["rejected"].items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Fact(_count(count), said(reason)) for reason, count in counts if count)


def emphasised(headline: str, bold: str) -> str:
    """The headline as HTML with the plan's label in bold."""
    safe, marked = escape(headline), escape(bold)
    return safe.replace(marked, f"<b>{marked}</b>", 1) if bold else safe


def _option(entry: Document) -> Option:
    told = " ".join(str(entry[name]) for name in ("message", "crossover") if entry.get(name))
    verdict = VERDICTS.get(entry["verdict"], str(entry["verdict"]))
    return Option(str(entry.get("title", entry["name"])), verdict, told, used=entry["verdict"] == "used")


def _count(number: int) -> str:
    return units.count(number)
