from math import sinh

import numpy as np
import pytest

from solvers.documents import Document
from solvers.laws.design.belief import of_mixture
from solvers.laws.design.candidates import Candidates, target
from solvers.laws.design.gain import half_width
from solvers.laws.predict.mixture import Mixture
from solvers.laws.predict.shipped import shipped
from solvers.scaling.ladder.answer import Aim, Budget, Unpaid, ladder
from solvers.scaling.ladder.price import Price
from tests.solvers.scaling.ladder.cases import AIM, COUNTS, DECAY, USUAL, in_gpu_hours, known, tuned


def asked(
    spend: float,
    *,
    goal: float | None = None,
    mix: Mixture | None = None,
    price: Price | None = None,
    decay: float | None = DECAY,
    most: int = 8,
) -> Document | Unpaid:
    return ladder(
        budget=Budget(spend, goal, most),
        mix=mix,
        aim=Aim(AIM, shipped()),
        price=price or Price(in_gpu_hours=False),
        tune=tuned,
        of=USUAL,
        counts=COUNTS,
        decay_share=decay,
    )


def answered(spend: float, **more: object) -> Document:
    found = asked(spend, **more)  # type: ignore[arg-type]
    assert isinstance(found, dict)
    return found


MIX = known()


def test_half_widths_chain_from_rung_to_rung_and_end_where_the_ladder_does() -> None:
    found = answered(1e21, mix=MIX)

    rows = found["ladder"]["rungs"]
    assert rows[0]["before"] == found["ladder"]["before"]
    assert rows[-1]["after"] == found["ladder"]["after"]
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]
    assert found["ladder"]["after"] < found["ladder"]["before"]
    assert found["ladder"]["how"] == "designed"


def test_the_interval_before_is_that_of_the_mixture_itself() -> None:
    found = answered(1e21, mix=MIX)

    one = Candidates({"params": np.array([1e8]), "tokens": np.array([1e9])}, np.array([1.0]))
    assert found["ladder"]["before"] == pytest.approx(
        sinh(half_width(of_mixture(MIX, one, AIM), AIM, shipped())), rel=1e-9
    )


def test_costs_in_the_tree_add_up_and_never_pass_the_budget() -> None:
    found = answered(1000.0, mix=MIX, price=in_gpu_hours(1000.0))

    rows = found["ladder"]["rungs"]
    assert found["ladder"]["gpu_hours"] == pytest.approx(sum(row["gpu_hours"] for row in rows))
    assert found["ladder"]["gpu_hours"] <= 1000.0 * (1 + 1e-9)
    assert found["ladder"]["usd"] == pytest.approx(2.0 * found["ladder"]["gpu_hours"])
    assert all(row["gpu_hours"] <= row["gpu_hours_alone"] * (1 + 1e-9) for row in rows)
    assert all(row["gpu_hours_low"] < row["gpu_hours"] < row["gpu_hours_high"] for row in rows)


def test_a_tree_is_never_dearer_than_separate_runs_and_buys_no_less() -> None:
    tree, alone = (answered(1e21, mix=MIX, decay=decay) for decay in (DECAY, None))

    assert 0.0 <= tree["ladder"]["tree_saving"] < 1.0
    assert alone["ladder"]["tree_saving"] == 0.0
    assert tree["curve"][-1]["half_width"] <= alone["curve"][-1]["half_width"] * 1.01
    assert all(row["trunk"] is None for row in alone["ladder"]["rungs"])


def test_twice_the_budget_never_leaves_a_wider_interval() -> None:
    found = [answered(spend, mix=MIX)["curve"][-1]["half_width"] for spend in (1e19, 2e19, 4e19, 8e19, 1.6e20)]

    assert found == sorted(found, reverse=True)


def test_the_runs_of_a_trunk_name_its_longest_and_share_batch_and_learning_rate() -> None:
    found = answered(1e21, mix=None, most=12)
    rows = found["ladder"]["rungs"]

    trunks = {row["trunk"] for row in rows if row["trunk"]}
    for trunk in trunks:
        same = [row for row in rows if row["trunk"] == trunk]
        assert max(same, key=lambda row: row["tokens"])["name"] == trunk
        assert len({row["params"] for row in same}) == 1
        assert len({row["training"]["batch_sequences"] for row in same}) == 1
        assert len({row["training"]["learning_rate"]["value"] for row in same}) == 1
    assert len({row["name"] for row in rows}) == len(rows)


def test_steps_see_the_tokens_and_decay_over_their_share() -> None:
    rows = answered(300.0, mix=MIX, price=in_gpu_hours(300.0))["ladder"]["rungs"]

    for row in rows:
        training = row["training"]
        step = training["batch_sequences"] * training["sequence_length"]
        assert (training["steps"] - 1) * step < row["tokens"] <= training["steps"] * step
        assert training["decay_steps"] == pytest.approx(DECAY * training["steps"], abs=1.0)
        assert training["warmup_steps"] <= training["steps"] - training["decay_steps"]
        assert training["batch_tokens"]["value"] == step
        assert training["batch_tokens"]["low"] <= step <= training["batch_tokens"]["high"]
        assert training["batch_sequences"] % row["gpus"] == 0 or training["batch_sequences"] < row["gpus"]


def test_the_next_run_is_the_first_and_says_what_it_narrows_for_what() -> None:
    found = answered(1000.0, mix=MIX, price=in_gpu_hours(1000.0))

    first, told = found["ladder"]["rungs"][0], found["next"]
    assert (told["rung"], told["before"], told["after"]) == (0, first["before"], first["after"])
    assert told["gpu_hours"] == first["gpu_hours"]
    assert told["sentence"].startswith("interval ")
    assert told["sentence"].endswith(" GPU-hours")


def test_the_curve_starts_at_nothing_and_falls() -> None:
    curve = answered(1e21, mix=MIX)["curve"]

    assert (curve[0]["flops"], curve[0]["runs"]) == (0.0, 0)
    assert [one["flops"] for one in curve] == sorted(one["flops"] for one in curve)
    assert [one["half_width"] for one in curve] == sorted((one["half_width"] for one in curve), reverse=True)


def test_a_goal_ends_the_ladder_early() -> None:
    whole = answered(1e21, mix=MIX)
    goal = 0.5 * (whole["ladder"]["before"] + whole["ladder"]["after"])

    found = answered(1e21, mix=MIX, goal=goal)

    assert found["stop"]["code"] == "goal_in_reach"
    assert found["ladder"]["after"] <= goal
    assert found["ladder"]["flops"] < whole["ladder"]["flops"]


def test_a_goal_that_is_met_already_needs_no_runs() -> None:
    found = answered(1e21, mix=MIX, goal=0.5)

    assert found["stop"]["code"] == "goal_reached"
    assert (found["ladder"]["rungs"], found["next"]) == ([], None)
    assert found["ladder"]["before"] == found["ladder"]["after"]


def test_a_goal_that_no_budget_reaches_says_what_is_reached() -> None:
    found = answered(1e21, mix=MIX, goal=1e-5)

    assert found["stop"]["code"] == "goal_out_of_reach"
    assert found["ladder"]["rungs"] != []


def test_without_runs_there_is_an_l_with_anchors() -> None:
    found = answered(1e21, mix=None, most=9)

    rows = found["ladder"]["rungs"]
    assert found["ladder"]["how"] == "first"
    assert 4 <= len(rows) <= 9
    dearest = sorted((row["flops"] for row in rows), reverse=True)
    assert dearest[0] > 0.1 * 1e21
    assert found["ladder"]["after"] < 0.5 * found["ladder"]["before"]


def test_a_budget_that_pays_no_run_says_the_smallest_that_would() -> None:
    found = asked(1e10, mix=MIX)

    assert isinstance(found, Unpaid)
    assert found.problem.at == "/budget/flops"
    assert found.smallest is not None
    assert isinstance(asked(found.smallest * 1.01, mix=MIX), dict)


def test_gpu_hours_that_pay_no_run_say_what_the_smallest_run_costs() -> None:
    found = asked(1e-6, price=in_gpu_hours(1e-6))

    assert isinstance(found, Unpaid)
    assert found.smallest is not None
    assert found.smallest < 1.0
    enough = 1.01 * found.smallest
    assert isinstance(asked(enough, price=in_gpu_hours(enough)), dict)


def test_where_no_run_tells_anything_no_budget_is_asked_for() -> None:
    aim = Aim(AIM, shipped(), unique=1e3)

    found = ladder(
        budget=Budget(1e21),
        mix=MIX,
        aim=aim,
        price=Price(in_gpu_hours=False),
        tune=tuned,
        of=USUAL,
        counts=COUNTS,
        decay_share=DECAY,
    )

    assert isinstance(found, Unpaid)
    assert (found.problem.code, found.problem.at, found.smallest) == ("nothing_tells", "/target", None)


def test_the_same_question_has_the_same_answer() -> None:
    assert answered(1e20, mix=MIX) == answered(1e20, mix=known())


def test_a_target_with_several_places_is_narrowed_too() -> None:
    aim = target(params=np.array([5e9, 1e10]), tokens=np.array([2e11, 1e11]))
    found = ladder(
        budget=Budget(1e21),
        mix=MIX,
        aim=Aim(aim, shipped()),
        price=Price(in_gpu_hours=False),
        tune=tuned,
        of=USUAL,
        counts=COUNTS,
        decay_share=DECAY,
    )

    assert isinstance(found, dict)
    assert found["ladder"]["after"] < found["ladder"]["before"]
    first = target(params=5e9, tokens=2e11)
    one = Candidates({"params": np.array([1e8]), "tokens": np.array([1e9])}, np.array([1.0]))
    told = half_width(of_mixture(MIX, one, first), first, shipped())
    assert found["ladder"]["before"] == pytest.approx(sinh(told), rel=1e-9)


def test_a_budget_that_gains_next_to_nothing_is_not_spent() -> None:
    found = answered(1e17, mix=MIX)

    assert found["stop"]["code"] == "nothing_gained"
    assert (found["ladder"]["rungs"], found["next"]) == ([], None)
    assert len(found["curve"]) > 1
