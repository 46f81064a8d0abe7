"""Linear programmes with some whole-numbered columns, solved by HiGHS [huangfu2018highs].

Minimise  cost . x   subject to   row_lower <= A x <= row_upper,  lower <= x <= upper,  some x whole numbers.
One thread, a fixed seed, limits that count nodes and never seconds: the same model gives the same answer. Rows may be
added between two solutions; a linear programme then starts from where it ended.
"""

from dataclasses import dataclass
from typing import Literal

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Status = Literal["optimal", "infeasible", "limit"]

# How far a row or a whole number may be off, in the units of the (scaled) model: a thousand times finer than what the
# answers are checked to.
TOLERANCE = 1e-9
# HiGHS's own tolerance, for models that it cannot settle to ours.
COARSE = 1e-7
TOLERANCES = ("primal_feasibility_tolerance", "dual_feasibility_tolerance", "mip_feasibility_tolerance")
SEED = 0
# Columns up to which looking for simplifications takes longer than the solution (measured: half the time without).
FEW = 200
OPTIONS: dict[str, str | int | float] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": SEED,
    "mip_abs_gap": 0.0,
    **dict.fromkeys(TOLERANCES, TOLERANCE),
}
UNSETTLED = (highspy.HighsModelStatus.kUnknown, highspy.HighsModelStatus.kSolveError)


@dataclass(frozen=True)
class Rows:
    """M rows: entries (row, column, value), each place once, and bounds [M], infinite where there is none."""

    row: Ints
    column: Ints
    value: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Answer:
    """What was found: `x` [N], empty where there is none, its value and a bound of the best value.

    Models without whole numbers also have the duals of their rows [M] and the reduced costs of their columns [N].
    """

    status: Status
    x: Floats
    value: float
    bound: float
    duals: Floats
    reduced: Floats
    nodes: int


class Model:
    """A model that rows are added to, and HiGHS's memory of it."""

    def __init__(self, cost: Floats, *, lower: Floats, upper: Floats, whole: Bools | None = None) -> None:
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in OPTIONS.items():
            self._highs.setOptionValue(name, value)
        none = np.zeros(0)
        places = np.zeros(0, dtype=np.int32)
        self._highs.addCols(len(cost), cost, lower, upper, 0, places, places, none)
        self._whole = whole is not None and bool(whole.any())
        if whole is not None and self._whole:
            columns = np.flatnonzero(whole).astype(np.int32)
            kinds = np.full(len(columns), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
            self._highs.changeColsIntegrality(len(columns), columns, kinds)

    def add(self, rows: Rows) -> None:
        """More rows, below those that are there."""
        order = np.lexsort((rows.column, rows.row))
        starts = np.searchsorted(rows.row[order], np.arange(len(rows.lower))).astype(np.int32)
        columns = rows.column[order].astype(np.int32)
        self._highs.addRows(len(rows.lower), rows.lower, rows.upper, len(columns), starts, columns, rows.value[order])

    def bound(self, columns: Ints, *, lower: Floats, upper: Floats) -> None:
        """Other bounds of some columns."""
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def price(self, columns: Ints, cost: Floats) -> None:
        """Other costs of some columns."""
        self._highs.changeColsCost(len(columns), columns.astype(np.int32), cost)

    def solve(
        self, *, gap: float = 0.0, nodes: int | None = None, start: Floats | None = None, fractions: bool = False
    ) -> Answer:
        """The best x, to a relative `gap`, looking at `nodes` of the search tree at most; `start` is a good x.

        With `fractions` all columns may take them.
        """
        self._highs.setOptionValue("solve_relaxation", fractions)
        self._highs.setOptionValue("presolve", "on" if self._highs.getNumCol() > FEW else "off")
        self._highs.setOptionValue("mip_rel_gap", gap)
        self._highs.setOptionValue("mip_max_nodes", highspy.kHighsIInf if nodes is None else nodes)
        if start is not None:
            self._highs.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
        self._highs.run()
        if self._highs.getModelStatus() in UNSETTLED:
            self._again()
        return self._answer(_status(self._highs.getModelStatus()), whole=self._whole and not fractions)

    def _again(self) -> None:
        """From the start, to HiGHS's own tolerances: what could not be settled to ours."""
        self._highs.clearSolver()
        for name in TOLERANCES:
            self._highs.setOptionValue(name, COARSE)
        self._highs.run()
        for name in TOLERANCES:
            self._highs.setOptionValue(name, TOLERANCE)

    def _answer(self, status: Status, *, whole: bool) -> Answer:
        solution, info = self._highs.getSolution(), self._highs.getInfo()
        nodes = max(int(info.mip_node_count), 0)
        empty = np.zeros(0)
        bound = float(info.mip_dual_bound) if whole else float(info.objective_function_value)
        if status == "infeasible" or not solution.value_valid:
            return Answer(status, empty, np.inf, bound if status == "limit" else np.inf, empty, empty, nodes)
        x, value = np.array(solution.col_value), float(info.objective_function_value)
        if whole:
            return Answer(status, x, value, bound, empty, empty, nodes)
        return Answer(status, x, value, value, np.array(solution.row_dual), np.array(solution.col_dual), nodes)


def _status(status: highspy.HighsModelStatus) -> Status:
    ends = highspy.HighsModelStatus
    if status in (ends.kOptimal, ends.kModelEmpty):
        return "optimal"
    if status in (ends.kInfeasible, ends.kUnboundedOrInfeasible):
        return "infeasible"
    if status in (ends.kSolutionLimit, ends.kIterationLimit):
        return "limit"
    raise ArithmeticError(f"HiGHS ended with {status.name}")
