from solvers.fleet.why.sensitivity import sensitivity
from tests.solvers.fleet.why.answers import answered, melange, small


def test_demand_and_the_dearest_price_are_changed_and_solved_again():
    found = {one["change"]: one["cost_usd_per_hour"] for one in sensitivity(answered(melange()))}

    # 1.125 A100 carry all: one for 0.8 of the demand; for twice 2.25, two and as many A10G as the rest takes.
    assert {name: round(cost, 2) for name, cost in found.items()} == {
        "20 % less demand": 3.67,
        "20 % more demand": 6.70,
        "twice the demand": 9.36,
        "a price of a100-80 20 % lower": 3.95,
        "a price of a100-80 20 % higher": 5.41,
    }


def test_latencies_are_asked_again_with_what_each_replica_carries_then():
    question = answered(small(service={"slo": {"tpot": "30 ms"}}))

    found = {one["change"]: one["cost_usd_per_hour"] for one in sensitivity(question)}

    own = question.mix.cost_usd_per_hour
    shorter = found["a time per output token 20 % shorter"]
    longer = found["a time per output token 25 % longer"]
    assert longer <= own <= (shorter or own)


def test_what_nothing_carries_says_so():
    spec = melange(constraints={"max_gpus": 2})

    found = {one["change"]: one["outcome"] for one in sensitivity(answered(spec))}

    assert found["twice the demand"] == "No fleet of the market carries it."


def test_a_change_that_alters_nothing_says_that_the_gpus_are_the_same():
    found = {one["change"]: one["outcome"] for one in sensitivity(answered(melange()))}

    assert found["a price of a100-80 20 % lower"] == "$3.95/h (−15.7 %), the same GPUs."
