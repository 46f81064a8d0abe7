"""`python -m tests.solvers.laws.hyperparameters.report`: the bars of learning rate and batch, as a table in per cent.

Fitted to the given grids [li2025predictable] of fewer parameters, scored on the larger ones by what the choice loses:
`nearest` is the grid run nearest to it over the best run (the bar), `interpolated` the same without the runs' noise,
and `perfect` what the nearest-run score of the true optimum would be if the grids were made again: mean and deviation.
Mixtures of experts are predicted by the dense grids alone. Published Step Law saw all of the grids.
"""

import sys
from collections.abc import Callable

import numpy as np

from solvers.laws.hyperparameters import step_law
from solvers.laws.hyperparameters.sweep import Sweep
from tests.solvers.laws.hyperparameters.interpolated import interpolated, perfect
from tests.solvers.laws.hyperparameters.log_quadratic import log_quadratic
from tests.solvers.laws.hyperparameters.protocol import Predict, drawn, floor, predictor, scored, split
from tests.solvers.laws.hyperparameters.sweeps import dense, mixture

SPLITS = (3e8, 5e8)
RUNS, DRAWS = 9, 100
HEADER = f"{'':34}{'nearest':>9}{'max':>8}{'interpolated':>14}"


def published(params: float, tokens: float) -> tuple[float, float]:
    """Step Law as it is printed."""
    return step_law.LEARNING_RATE.at(params, tokens), step_law.BATCH_TOKENS.at(params, tokens)


def line(name: str, sweep: Sweep, predict: Predict) -> str:
    """One row of the table."""
    near, smooth = scored(sweep, predict), interpolated(sweep, predict)
    return f"  {name:32}{100 * near.mean:9.3f}{100 * near.excess.max():8.3f}{100 * smooth.mean:14.3f}"


def of_split(sweep: Sweep, params: float) -> list[str]:
    """The rows of one split."""
    small, large = split(sweep, params=params)
    made, own = perfect(large), floor(large)
    return [
        f"N < {params:.0e} -> {len(own.excess)} larger sizes ({len(small)} runs fitted, {len(large)} scored)",
        line("surface", large, predictor(small)),
        line("log-quadratic", large, log_quadratic(small)),
        line("Step Law as published", large, published),
        f"  {'own fit of the sizes (floor)':32}{100 * own.mean:9.3f}{100 * own.excess.max():8.3f}",
        f"  {'perfect, grids made again':32}{100 * made.mean():9.3f} +- {100 * made.std():.3f}",
        *(
            sparse_line(name, small, large, fit)
            for name, fit in (("surface", predictor), ("log-quadratic", log_quadratic))
        ),
    ]


def sparse_line(name: str, small: Sweep, large: Sweep, fit: Callable[[Sweep], Predict]) -> str:
    """Median and 90th percentile over draws of a few runs of each size."""
    rng = np.random.default_rng(0)
    means = [100 * scored(large, fit(drawn(small, runs=RUNS, rng=rng))).mean for _ in range(DRAWS)]
    return f"  {name}, {RUNS} random runs a size: median {np.median(means):.3f}, p90 {np.quantile(means, 0.9):.3f}"


def of_mixtures(sweep: Sweep) -> list[str]:
    """The rows of the mixtures of experts, by all their parameters and by the active ones."""
    found = ["Mixtures of experts (held out): dense grids -> 1 in 8 and 1 in 89"]
    for name, counted in (("N", "all experts"), ("Na", "active")):
        other = mixture(params=name)
        found.append(line(f"surface, {counted}", other, predictor(sweep)))
        found.append(line(f"Step Law, {counted}", other, published))
    made, own = perfect(mixture(params="N")), floor(mixture(params="N"))
    found.append(f"  {'own fit of the sizes (floor)':32}{100 * own.mean:9.3f}{100 * own.excess.max():8.3f}")
    found.append(f"  {'perfect, grids made again':32}{100 * made.mean():9.3f} +- {100 * made.std():.3f}")
    return found


def main() -> None:
    """Print the table."""
    sweep = dense()
    sys.stdout.write(f"{HEADER}\n")
    for params in SPLITS:
        sys.stdout.write("\n".join(of_split(sweep, params)) + "\n")
        sys.stdout.flush()
    sys.stdout.write("\n".join(of_mixtures(sweep)) + "\n")


if __name__ == "__main__":
    main()
