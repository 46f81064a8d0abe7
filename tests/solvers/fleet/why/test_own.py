"""What of own capacities no replica stands for, and what the model's engine can hardly be made to carry, is said."""

from solvers.fleet.why.own import own_capacities
from tests.solvers.fleet.why.answers import TABLE, answered, melange, small

HEAD = "gpu,tp,input,output,requests_per_s\n"


def _told(question):
    return [(one.code, one.at, one.message.split(" (")[0]) for one in own_capacities(answered(question))]


def test_lines_of_replicas_that_no_offer_has_are_named():
    services = melange().services[0].model_dump(mode="json") | {
        "capacities": {"csv": TABLE + "h100-sxm,25,100,50\nh100-sxm,25,250,50\n"}
    }

    assert _told(melange()) == []
    assert _told(melange(services=[services])) == [
        ("not_used", "/services/0/capacities/csv", "What was measured of replicas of h100-sxm")
    ]


def test_a_pace_that_is_far_from_the_models_is_worth_a_second_look():
    table = HEAD + "l4,1,2048,16,0.2\nl4,64,2048,16,1\n"
    found = _told(small(service={"capacities": {"csv": table}}, market=[{"gpu": "l4", "price": "0.70 USD/h"}]))

    assert [code for code, _, _ in found] == ["not_used", "far_from_model"]
    assert found[0][2] == "What was measured of replicas of 64 l4"
    assert found[1][2].startswith("To carry what was measured of NVIDIA L4 24 GB, steps of the model's engine take ")
