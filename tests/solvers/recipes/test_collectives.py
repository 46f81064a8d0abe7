"""Collectives: what a ring sends, by hand; groups share the processes evenly."""

import pytest

from solvers.errors import SpecError
from solvers.recipes.collectives import RECIPE


def test_each_operation_sends_what_a_ring_does() -> None:
    operations = ["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send"]
    params = RECIPE.parse({"processes": 4, "operations": operations, "sizes": ["16 kB"]})

    sent = {key["operation"]: RECIPE.work(params, key).link_bytes for key in RECIPE.keys(params)}

    assert RECIPE.processes(params) == 4
    assert sent == {
        "all_reduce": 24_000.0,
        "all_gather": 12_000.0,
        "reduce_scatter": 12_000.0,
        "all_to_all": 12_000.0,
        "send": 16_000.0,
    }


def test_sizes_are_rounded_up_to_whole_parts() -> None:
    params = RECIPE.parse({"processes": 6, "groups": [2, 3], "sizes": [1000.0]})

    assert RECIPE.keys(params) == (
        {"operation": "all_reduce", "group": 2, "size_bytes": 1000},
        {"operation": "all_reduce", "group": 3, "size_bytes": 1008},
    )


@pytest.mark.parametrize("group", [1, 4])
def test_groups_share_the_processes_evenly(group: int) -> None:
    with pytest.raises(SpecError, match=f"Groups of {group} do not share 6 processes") as caught:
        RECIPE.parse({"processes": 6, "groups": [3, group]})

    assert caught.value.problems[0].at == "/groups/1"
