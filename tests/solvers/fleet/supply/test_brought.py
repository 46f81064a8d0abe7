"""Measured capacities by class: as they stand, and what a size is served at that was not measured."""

import numpy as np

from solvers.fleet.supply.brought import rates_of
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.supply.table import table_of
from tests.solvers.fleet.supply.test_supplies import chat

HEAD = "gpu,input,output,requests_per_s\n"


def _rates(*lines: str) -> list[list[float]]:
    table = table_of(HEAD + "\n".join(lines))
    rates: list[list[float]] = rates_of(table, list(table.rows)).tolist()
    return rates


def test_a_measured_size_is_served_as_measured_even_where_a_larger_one_was_faster() -> None:
    assert _rates("l4,25,100,2", "l4,25,250,3", "l4,250,100,1", "l4,250,250,0.5") == [[2.0, 3.0], [1.0, 0.5]]


def test_a_size_between_is_served_as_fast_as_the_fastest_larger_one() -> None:
    assert _rates("l4,25,100,9", "l4,250,250,2", "l4,4096,100,3") == [[9.0, 2.0], [3.0, 2.0], [3.0, 0.0]]


def test_a_replica_that_serves_no_class_is_left_out() -> None:
    table = HEAD + "l4,64,16,5\nh100-sxm,8192,4096,2\n"
    found = supplies(chat(capacities={"csv": table}, traffic={"rate": 5, "input": 800, "output": 120}))

    assert [(one.gpu.name, one.capacity_per_s.tolist()) for one in found.ready if one.measured] == [("h100-sxm", [2.0])]
    assert all(one.capacity_per_s.any() for one in found.ready)


def test_the_setup_that_carries_most_of_what_was_measured_stands_for_it() -> None:
    sizes = [{"input": a, "output": b, "share": c} for a, b, c in ((128, 50, 0.4), (512, 100, 0.4), (2048, 200, 0.2))]
    traffic = {"rate": 40, "sizes": sizes}
    lines = [f"l4,{one['input']},{one['output']},0.5" for one in sizes]
    (one,) = [one for one in supplies(chat(capacities={"csv": HEAD + "\n".join(lines)}, traffic=traffic)).ready
              if one.measured and one.gpus == 1]  # fmt: skip

    assert one.modelled_per_s is not None
    others = [way for way in supplies(chat(traffic=traffic)).ready if way.gpus == 1 and way.gpu.name == "l4"]
    able = [np.count_nonzero(way.capacity_per_s) for way in others]
    assert np.count_nonzero(one.modelled_per_s) == max(able)
