"""Layouts as a structure of arrays."""

from dataclasses import fields, replace

import numpy as np

from solvers.cost.layouts import joined
from solvers.cost.refined import plain
from tests.solvers.cost.cases import MIXTURE, job, one


def test_joined_rows_stand_in_the_order_of_their_parts() -> None:
    """What none of them has, no row has afterwards; rare techniques inside of a layout are joined as well."""
    case = job(MIXTURE, gpus=8)
    (shards, few), (_, many) = (one(case, tp=tp, zero=1) for tp in (1, 2))
    refined = [replace(x, refined=plain(x.zero, x.dp, np.ones(1))) for x in (few, many)]

    found = joined(refined)

    assert joined([few, many]).refined is None
    assert joined([shards, shards]).cp_mode is None
    assert found.dp.tolist() == [8, 4]
    assert found.refined.optimizer_group.tolist() == [8.0, 4.0]
    assert {len(getattr(found.refined, field.name)) for field in fields(found.refined)} == {2}
