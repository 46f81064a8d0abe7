import pytest

from solvers.fleet.why.entries import entry_documents
from solvers.fleet.why.explain import best_single
from solvers.fleet.why.options import Found, used, verdicts
from solvers.fleet.why.sensitivity import sensitivity
from solvers.fleet.why.single import single_types
from tests.solvers.fleet.why.answers import answered, melange, small


def told(spec):
    question = answered(spec)
    best = best_single(single_types(question.programme, question.called))
    found = Found(entry_documents(question), best, sensitivity(question), used(question))
    return {one["name"]: (one["verdict"], one["message"], one["crossover"]) for one in verdicts(question, found)}


def test_several_types_are_told_with_what_they_save_and_when_they_no_longer_do():
    verdict = told(melange())["several_types"]

    assert verdict == (
        "used",
        "$2.66/h less than A100-80 alone, the best single type (36.2 %).",
        "It is no longer used with 20 % less demand.",
    )


def test_spot_that_is_too_dear_says_at_which_price_it_would_be_bought():
    market = [{"gpu": "a100-80", "price": 3.67}, {"gpu": "a100-80", "price": 5.0, "term": "spot", "name": "cheap"}]

    verdict = told(melange(market=market))["spot"]

    assert verdict[:2] == ("does_not_pay", "The plan without it is cheapest.")
    assert verdict[2].startswith("cheap would be bought at $3.6")


def test_reserved_gpus_are_told_with_what_they_save():
    market = [{"gpu": "a100-80", "price": 3.67}, {"gpu": "a100-80", "price": 2.0, "term": "reserved"}]

    verdict = told(melange(market=market))["reserved"]

    assert verdict[:2] == ("used", "$3.34/h more without it (83.5 %): 2 A100-80.")


def test_elastic_hours_are_held_against_a_constant_fleet():
    service = melange().services[0].model_dump(mode="json", exclude_none=True) | {"demand": [0.5, 1.0]}
    service["traffic"] = {"rate": 30, "sizes": service["traffic"]["sizes"]}

    verdict = told(melange(services=[service]))["elastic"]

    # Half of the load takes one A100: (3.67 + 4.68) / 2 against 4.68.
    assert verdict[:2] == ("used", "$0.505/h more with as many GPUs in every hour (12.1 %): 1 A10G and 1 A100-80.")


def test_one_hour_says_nothing_of_elastic_hours():
    assert told(melange())["elastic"][0] == "cannot_tell"


def test_surviving_a_node_has_a_price_that_only_the_reader_can_weigh():
    verdict = told(melange())["survive"]

    assert verdict[0] == "cannot_tell"
    assert verdict[1].startswith("It would cost $")


def test_a_router_that_knows_outputs_is_solved_again_and_so_is_fp8():
    found = told(small(market=[{"gpu": "h100-sxm", "price": 7.5}, {"gpu": "l4", "price": 0.7}]))

    assert found["router"][0] in ("cannot_tell", "does_not_pay")
    assert found["fp8"][0] in ("cannot_tell", "does_not_pay")
    assert "l4" not in found["tp"][1]


@pytest.mark.parametrize("weights", ["fp8"])
def test_weights_that_the_spec_fixes_are_used(weights):
    found = told(small(service={"precision": {"weights": weights}}))

    assert found["fp8"][:2] == ("used", "The spec fixes it.")
