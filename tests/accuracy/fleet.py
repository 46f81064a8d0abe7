"""How accurate fleets are: plans for random questions, simulated on requests that no step of the search has seen."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from typing import NamedTuple

import numpy as np

from solvers.accuracy.document import Accuracy, Figure, Group, Groups, Line, Worst
from solvers.fleet import scenarios
from tests.accuracy.parts import ROOT, WORST, percent, source, whole
from tests.papers import report

NAME = "fleet"
MISSED = "share of good requests under its target"
HELD_OUT = "requests of five fresh seeds"
LINE = re.compile(
    r"^ *(?P<number>\d+) +[\d.]+ USD/h  (?P<plan>.+): (?P<margins>[-+.\d, ]+); by capacities alone "
    r"(?P<alone>[-+.\d, ]+); [\d.]+%$"
)
SAVES = re.compile(
    r"^(?P<workload>\w+) at (?P<tpot>\d+) ms saves (?P<all>.+), against A100 and H100 (?P<large>.+); "
    r"published (?P<published>.+)$"
)
MELANGE = ROOT / "tests/papers/griggs2024melange.yaml"
LENGTHS = ("lmsys.csv.gz", "arxiv-summarization.csv.gz")


class Case(NamedTuple):
    """A random question: margins over the target of each service, of the plan and of the fleet by capacities alone."""

    number: int
    plan: str
    margins: tuple[float, ...]
    alone: tuple[float, ...]

    @property
    def missed(self) -> list[float]:
        """How far each service is under its target."""
        return [max(0.0, -margin) for margin in self.margins]

    @property
    def missed_alone(self) -> list[float]:
        """The same by capacities alone."""
        return [max(0.0, -margin) for margin in self.alone]


def cases(text: str) -> list[Case]:
    """What `python -m solvers.fleet.scenarios` printed; scenarios without a plan are left out."""
    found = [match for line in text.splitlines() if (match := LINE.match(line)) and match["margins"] != "-"]
    return [
        Case(int(match["number"]), match["plan"], _numbers(match["margins"]), _numbers(match["alone"]))
        for match in found
    ]


def savings(text: str) -> list[Figure]:
    """What `python -m tests.papers.report melange` printed of its savings."""
    found = [match for line in text.splitlines() if (match := SAVES.match(line))]
    return [
        Figure(
            what=f"a mix saves on {match['workload']}, {match['tpot']} ms a token, against A100 or H100 alone",
            found=_spaced(match["large"]),
            beside=f"Melange, published, against any one type: {_spaced(match['published'])}",
        )
        for match in found
    ]


def document(*, at: date, command: str, printed: str = "") -> Accuracy:
    """The document, of what was printed before, or of a new run of what was not."""
    found = cases(printed) or cases(_printed(lambda: scenarios.main([])))
    saved = savings(printed) or savings(_printed(report.melange_))
    return whole({
        "kind": NAME,
        "date": at,
        "command": command,
        "calibration": "serving's",
        "headline": _headline(found),
        "errors_of": "How far the share of requests that keep to their limits is under what the question asks, where "
        "the plan is simulated on requests that no step of the search has seen, at the worst of five seeds in the worst"
        " hour. What a replica carries is the serving model's, whose errors stand above.",
        "baseline": "the cheapest fleet by capacities alone, as Melange plans it, that nobody simulated",
        "interval_level": None,
        "lines": [_line(found)],
        "main": 0,
        "groups": [_groups(found)],
        "figures": [*_figures(found), *saved],
        "worst": _worst(found),
        "data": [
            source(MELANGE, "prices, rates and savings that Melange's authors published"),
            *(source(ROOT / "solvers/serving/data" / name, "lengths of requests") for name in LENGTHS),
        ],
    })  # fmt: skip


def _headline(found: Sequence[Case]) -> str:
    hold, alone = (_holding(parts) for parts in ([one.margins for one in found], [one.alone for one in found]))
    return (
        f"{hold} of {len(found)} plans for random questions hold on requests that nobody planned by; of the cheapest"
        f" fleets by capacities alone {alone} do, and a service there misses its target by"
        f" {percent(_mean(one.missed_alone for one in found))} of its requests in the mean."
    )


def _line(found: Sequence[Case]) -> Line:
    return Line(
        held_out=f"{HELD_OUT}: {len(found)} random questions",
        quantity=MISSED,
        rows=sum(len(one.margins) for one in found),
        mean=_mean(one.missed for one in found),
        median=float(np.median([share for one in found for share in one.missed])),
        worst=max(share for one in found for share in one.missed),
        baseline=_mean(one.missed_alone for one in found),
        goal="0 %",
    )


def _groups(found: Sequence[Case]) -> Groups:
    kinds: dict[str, list[Case]] = defaultdict(list)
    for one in found:
        kinds[_kind(one)].append(one)
    return Groups(
        held_out=HELD_OUT,
        axis="Good requests under the target",
        groups=tuple(
            Group(
                name=name,
                rows=sum(len(one.margins) for one in parts),
                error=_mean(one.missed for one in parts),
                baseline=_mean(one.missed_alone for one in parts),
            )
            for name, parts in sorted(kinds.items())
        ),
    )


def _kind(one: Case) -> str:
    count, hours = len(one.margins), len(scenarios.scenario(one.number).services[0].demand) or 1
    services = "1 service" if count == 1 else f"{count} services"
    return f"{services}, {'one hour' if hours == 1 else 'hours of a day'}"


def _figures(found: Sequence[Case]) -> list[Figure]:
    hold, alone = (_holding(parts) for parts in ([one.margins for one in found], [one.alone for one in found]))
    least = min(margin for one in found for margin in one.margins)
    return [
        Figure(
            what="plans that hold for every service at all of five fresh seeds",
            found=f"{hold} of {len(found)}",
            goal="all",
            beside=f"{alone} of {len(found)} by capacities alone",
        ),
        Figure(what="the least room over a target", found=f"{100.0 * least:+.1f} points of its requests"),
    ]


def _worst(found: Sequence[Case]) -> list[Worst]:
    """The questions with the least room, whether they miss or not."""
    nearest = sorted(found, key=lambda one: min(one.margins))[:WORST]
    return [
        Worst(
            name=f"question {one.number}: {one.plan}, {100.0 * min(one.margins):+.1f} points over its target",
            held_out=HELD_OUT,
            error=max(one.missed),
            rows=len(one.margins),
        )
        for one in nearest
    ]


def _holding(margins: Iterable[Sequence[float]]) -> int:
    return sum(min(parts) >= 0.0 for parts in margins)


def _mean(parts: Iterable[Sequence[float]]) -> float:
    return float(np.mean([share for some in parts for share in some]))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _spaced(text: str) -> str:
    return text.replace("%", " %")


def _printed(run: Callable[[], None]) -> str:
    """What this prints."""
    with redirect_stdout(StringIO()) as kept:
        run()
    return kept.getvalue()
