"""Setups rated a table at a time: as each alone, and once for questions that differ elsewhere."""

import numpy as np

from solvers.serving.rated import APART, MODELS, replicas_of, sheet
from solvers.serving.study import study, with_limit, with_rate
from solvers.simulate.serving.case import Role
from tests.solvers.serving.asked import spec

ROLES: tuple[Role, ...] = ("both", "prefill", "decode")


def test_setups_that_share_their_tables_are_rated_as_each_alone() -> None:
    asked = study(spec(constraints={"max_gpus": 4}))
    for role in ROLES:
        rated = sheet(asked.spec, asked.shop, asked.shape, role, tp=None, pp=None, longest=asked.shape.longest)
        for table in rated.tables:
            alone = [
                MODELS[role](replicas_of([one], asked.shop, apart=role != "both"), asked.shape) for one in table.setups
            ]

            rate, tpot, ttft = (
                np.concatenate([getattr(one, name) for one in alone]) for name in ("rate_per_s", "tpot_s", "ttft_s")
            )
            waits = 0.0 if role == "decode" else asked.shop.waits(apart=role == "prefill").of(asked.shape.inputs, tpot)
            assert np.array_equal(table.load.rate_per_s, rate)
            assert np.array_equal(table.load.tpot_s, tpot)
            assert np.array_equal(table.load.ttft_s, ttft + waits)


def test_each_role_has_a_setup_once_and_prefill_makes_no_drafts() -> None:
    drafting = {"speculation": {"tokens": 3, "acceptance": 0.7}}
    asked = study(spec(constraints={"max_gpus": 2}, **drafting))
    ahead, after = (
        [
            setup
            for table in sheet(
                asked.spec, asked.shop, asked.shape, role, tp=None, pp=None, longest=asked.shape.longest
            ).tables
            for setup in table.setups
        ]
        for role in ROLES[1:]
    )

    assert {setup.speculative for setup in ahead} == {False}
    assert {setup.speculative for setup in after} == {False, True}
    assert len({APART["prefill"](setup) for setup in ahead}) == len(ahead)
    assert len({APART["decode"](setup) for setup in after}) == len(after)


def test_another_rate_or_limit_rates_nothing_again() -> None:
    asked = study(spec(constraints={"max_gpus": 2}))
    asked.screened()
    before = dict(asked.shop.sheets)

    asked.screened(with_rate(asked.spec, 1.2))
    asked.screened(with_limit(asked.spec, "tpot", 0.5))

    assert asked.shop.sheets == before
