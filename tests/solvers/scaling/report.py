"""Every figure of the scaling kind, with its bar and what it stands beside: `make accuracy`, or

    python -m tests.solvers.scaling.report [chinchilla recovery farseer families steps designs pools advice ...]

Families of runs are left out whole of what foretells them (priors, doubt); choices of the predictor were made with all
of them in view. A figure whose data set is not beside the checkout is said to be absent.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from solvers.laws.design.protocol import at_random, designed, score, scores
from solvers.laws.fit import bench as fits
from solvers.laws.fit import fit
from solvers.laws.law import Runs
from solvers.laws.loss import get
from solvers.laws.predict.mixture import BELIEF
from solvers.scaling import bench
from solvers.scaling.accuracy import foretold
from tests.solvers.laws import forecasts
from tests.solvers.laws.design.made import case, played
from tests.solvers.laws.design.report import SHARES, tasks
from tests.solvers.laws.families import FAMILIES
from tests.solvers.laws.few import few
from tests.solvers.laws.fit.test_given import parallel
from tests.solvers.laws.hyperparameters.protocol import extrapolated, sparse
from tests.solvers.laws.hyperparameters.sweeps import dense
from tests.solvers.laws.kinds import report as kinds
from tests.solvers.laws.points import chinchilla
from tests.solvers.laws.pools import report as pools

# Parameters that the small grids of learning rate and batch have fewer of; random runs of each size.
SMALL, RUNS_EACH = 3e8, 9
# Compute of the fitted and of the foretold Farseer runs.
FITTED, ASKED = 3e19, 3e20
CASES, REPEATS = 100, 10
# R^2 at 1, 5 and 10 % of the pool in table 2 of [li2026spend], its own design.
THEIRS = {
    "farseer": (0.60, 0.88, 0.93),
}


@dataclass(frozen=True)
class Row:
    """A figure, what it must reach, and what others reach on the same."""

    what: str
    found: str
    bar: str = ""
    beside: str = ""


def of_chinchilla() -> Iterator[Row]:
    """The replication on its 240 points."""
    found = fits.replication(chinchilla(), clock=time.process_time)
    letters = ", ".join(f"{name} {value:.5g}" for name, value in found["coefficients"].items())
    yield Row(
        "Chinchilla's 240 points, objective",
        f"{found['objective']:.14f}",
        "<= .00101827403",
        ".0010182740346 from 4,500 starts",
    )
    yield Row("coefficients", letters, "within .1 % of A 477.83, B 2143.4, E 1.81722, .34731, .36717")
    yield Row("seconds from cold", f"{found['fit_s']:.2f}", "<= 1", "46.5 (`chinchilla` 0.2.0)")
    yield Row("1,000 bootstraps, s", f"{found['bootstrap_s']:.1f}", "<= 10", "18.5")


def of_recovery() -> Iterator[Row]:
    """Parameters known beforehand."""
    yield Row("5 parameters without noise, largest error", f"{fits.recovery_error():.1g}", "<= 1e-9", "1e-9 to 5e-11")


def of_farseer() -> Iterator[Row]:
    """Ten times the compute, with nothing learned from the family."""
    runs = FAMILIES["farseer"][1]()
    known, asked = runs.take(runs.flops < FITTED), runs.take(runs.flops >= ASKED)
    said = foretold(known, asked, leave=("farseer",))
    alone = ", ".join(f"{get(law).title} {_percent(_mape(asked, _alone(law, known, asked)))}" for law in BELIEF)
    name = f"Farseer runs, 10x the compute ({len(known)} -> {len(asked)}), family left out"
    yield Row(name, _percent(_mape(asked, np.log(said.value))), "<= the best form, <= 1.0 %", alone)
    inside = (said.low <= asked.loss) & (asked.loss <= said.high)
    yield Row("its 90 % interval covers", _percent(float(inside.mean())))


def of_families() -> Iterator[Row]:
    """Every cut of every family, the family left out."""
    known = forecasts.forecasts()
    found = forecasts.scores(known, [*known, *few()])
    own = {law: [_mape(one.asked, _alone(law, one.fitted, one.asked)) for one in known] for law in BELIEF}
    errors = np.array([one.mape for one in found])
    for n, one in enumerate(found):
        beside = ", ".join(f"{get(law).title} {_percent(own[law][n])}" for law in BELIEF)
        yield Row(f"- {one.family}, {one.fitted} runs -> {one.asked}", _percent(one.mape), "", beside)
    beside = ", ".join(f"{get(law).title} {_percent(float(np.mean(values)))}" for law, values in own.items())
    yield Row(f"left-out families, {len(found)} cuts, mean error", _percent(errors.mean()), "<= 1.0 %", beside)
    yield Row("median", _percent(float(np.median(errors))))
    family = np.array([one.family for one in found])
    chinchillas = np.array(own["chinchilla"])
    worse = {name: float((errors - chinchillas)[family == name].mean()) for name in dict.fromkeys(family.tolist())}
    worst = max(worse, key=lambda name: worse[name])
    yield Row("family worst against Chinchilla alone", f"{worst} {100 * worse[worst]:+.2f} points", "<= +.30 points")
    covers, half = (float(np.mean([getattr(one, what) for one in found])) for what in ("coverage", "half_width"))
    yield Row("90 % interval covers", _percent(covers), "85-95 %", "Chinchilla 40 %, Skaling 71 %")
    yield Row("half-width", _percent(half), "<= 3.5 %")


def of_steps() -> Iterator[Row]:
    """Learning rate and batch of larger models."""
    sweep = dense()
    full = extrapolated(sweep, params=SMALL).mean
    few = [one.mean for one in sparse(sweep, params=SMALL, runs=RUNS_EACH)]
    yield Row("Step Law grids, N < 3e8 -> larger, excess loss", _percent(full, 3), "<= .09 %", "argmins .156 %")
    name = f"from {RUNS_EACH} random runs a size, median"
    yield Row(name, _percent(float(np.median(few)), 3), "<= .12 %", "published law, which saw them, .071 %")


def of_designs() -> Iterator[Row]:
    """R^2 on the costliest runs of each pool for a share of the pool's cost."""
    for name, of in tasks():
        theirs = next((values for key, values in THEIRS.items() if name.startswith(key)), (np.nan,) * len(SHARES))
        whole = score(of, tuple(range(len(of.pool))))
        for share, other in zip(SHARES, theirs, strict=True):
            begun = time.process_time()
            mine = scores(of, designed, share=share, repeats=REPEATS)
            took = (time.process_time() - begun) / REPEATS
            random = scores(of, at_random, share=share, repeats=REPEATS)
            yield Row(
                f"design, {name}, {100 * share:.0f} % of {len(of.pool)} runs: R2",
                f"{mine.mean():.2f} ({mine.min():.2f} to {mine.max():.2f}), {took:.1f} s",
                f">= {other:.2f}, <= 10 s",
                f"random {random.mean():.2f}, the whole pool {whole:.2f}",
            )


def of_pools() -> Iterator[Row]:
    """The same of the benchmark's other tasks, with its own laws, the mean over them."""
    for of in pools.tasks():
        yield from (Row(*line) for line in pools.lines(of))


def of_advice() -> Iterator[Row]:
    """Cases whose law is known: what was promised and what came."""
    found = [played(case(seed)) for seed in range(CASES)]
    errors = np.array([one.off for one in found])
    ratios = np.array([one.spend / one.random_spend for one in found])
    yield Row(
        f"advice in {CASES} cases: shrink promised against found",
        f"{_percent(float(np.median(errors)))} off, {(errors <= 0.3).mean():.0%} within 30 %",
        "within 30 %",
    )
    yield Row(
        "spend over random's to the same interval",
        f"{np.median(ratios):.2f}, {(ratios <= 0.5).mean():.0%} of cases within half",
        "<= .5",
    )


def of_streams() -> Iterator[Row]:
    """Few parallel streams foretell four: runs of eight are not given."""
    for text in ("stack", "pile"):
        runs = parallel(text)
        few, four = runs.take(runs.inputs["streams"] <= 2), runs.take(runs.inputs["streams"] == 4)
        said = [_mape(four, fit(get(law), few).log_loss(four.inputs)[0]) for law in ("parscale-by-size", "parscale")]
        name = f"parallel streams, {text}: 1 and 2 -> 4 (8 are not given)"
        yield Row(name, _percent(said[0]), "<= .25 %", f"the paper's form {_percent(said[1])}")


def of_kinds() -> Iterator[Row]:
    """Runs that differ in experts, streams or how often they saw their tokens foretell larger ones."""
    yield from (Row(*line) for line in kinds.lines())


def of_times() -> Iterator[Row]:
    """The product's forecast and advice, in CPU seconds."""
    found = bench.run(time.process_time)
    yield Row("forecast with interval, 500 runs, s", f"{found['forecast_500_seconds']:.2f}", "<= 2", "4 to 8 a step")
    yield Row("400 candidates ranked, s", f"{found['next_of_400_seconds']:.2f}", "<= 1")


SECTIONS: dict[str, Callable[[], Iterator[Row]]] = {
    "chinchilla": of_chinchilla,
    "recovery": of_recovery,
    "farseer": of_farseer,
    "families": of_families,
    "steps": of_steps,
    "designs": of_designs,
    "pools": of_pools,
    "advice": of_advice,
    "streams": of_streams,
    "kinds": of_kinds,
    "times": of_times,
}


def rows(names: tuple[str, ...] = tuple(SECTIONS)) -> Iterator[Row]:
    """The rows of the sections; one that says so where a data set is absent."""
    for name in names:
        try:
            yield from SECTIONS[name]()
        except pytest.skip.Exception as absent:
            yield Row(name, "absent", "", str(absent))


def _alone(law: str, known: Runs, asked: Runs) -> np.ndarray:
    """The ln of what the law alone says, fitted with its own prior."""
    return fit(get(law), known).log_loss(asked.inputs)[0]


def _mape(asked: Runs, log_loss: np.ndarray) -> float:
    return float(np.abs(np.exp(log_loss) / asked.loss - 1.0).mean())


def _percent(share: float, digits: int = 2) -> str:
    return f"{100 * share:.{digits}f} %"


def main() -> None:
    """Print the table, a row when it is known."""
    sys.stdout.write("| figure | here | bar | beside it |\n|---|---|---|---|\n")
    for row in rows(tuple(sys.argv[1:]) or tuple(SECTIONS)):
        sys.stdout.write(f"| {row.what} | {row.found} | {row.bar} | {row.beside} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
