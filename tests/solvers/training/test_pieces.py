"""Experts in pieces: when the verdict turns, what the plan then does, and who can run it."""

from functools import cache
from typing import Any

import pytest

from solvers import kinds
from solvers.base import Export
from solvers.documents import Document
from solvers.errors import CannotExpress, SpecError
from solvers.training.spec import TrainingSpec
from solvers.training.worth import WORTH

MODEL = {
    "name": "mix", "layers": 8, "hidden": 2048, "heads": 16, "vocab": 32000,
    "moe": {"experts": 16, "top_k": 2, "ffn": 4096}, "source": [{"title": "a test"}],
}  # fmt: skip
ACROSS = {"ep": 16, "tp": 1, "pp": 1, "micro_batch": 4}


@cache
def _solved(*, network: float = 1.0, cut: bool = False, overlap: bool = False, calibration: str = "prior") -> Document:
    """A mixture whose experts are spread over two nodes; `network` times the bandwidth between them."""
    fix = ACROSS | ({"expert_pieces": True} if cut else {})
    spec = TrainingSpec.model_validate(
        {
            "kind": "training", "model": MODEL, "hardware": {"node": "dgx-a100-80", "nodes": 2},
            "sequence_length": 4096, "global_batch": 64, "calibration": calibration,
            "options": {"fix": fix, "forbid": [] if overlap else ["overlap_expert"]},
        }
    )  # fmt: skip
    node = spec.hardware.node
    nic = node.nic.model_copy(update={"bytes_per_s": network * node.nic.bytes_per_s})
    node = node.model_copy(update={"nic": nic})
    return kinds.solve(spec.model_copy(update={"hardware": spec.hardware.model_copy(update={"node": node})}))


def _verdict(result: Document) -> Document:
    found: Document = next(one for one in result["explanation"]["options"] if one["name"] == "expert_pieces")
    return found


def _step(result: Document) -> float:
    return float(result["estimates"]["step_time_s"]["value"])


def test_the_verdict_turns_with_the_network() -> None:
    slow, fast = (_verdict(_solved(network=network)) for network in (1.0, 2.0))

    assert (slow["verdict"], fast["verdict"]) == ("cannot_tell", "does_not_pay")
    assert slow["gain"] > 1.0 - 1.0 / WORTH > fast["gain"]


def test_the_crossover_is_where_the_gain_is_worth_it() -> None:
    told = _verdict(_solved())["crossover"]
    assert told.startswith("On this plan it no longer pays with ")
    assert told.endswith(" between nodes, or more.")
    network = float(told.split(" with ")[1].split(" times ")[0])

    gains = [_verdict(_solved(network=part * network))["pieces"]["gain"] for part in (0.94, 1.06)]

    assert gains[0] > 1.0 - 1.0 / WORTH > gains[1]


@pytest.mark.parametrize(("network", "calibration"), [(1.0, "prior"), (2.0, "prior"), (1.0, "published")])
def test_the_verdict_is_what_solving_again_in_pieces_finds(network: float, calibration: str) -> None:
    """Runs that were measured say as much of a layout in pieces as of the same with its exchange whole."""
    told = _verdict(_solved(network=network, calibration=calibration))

    again = _solved(network=network, calibration=calibration, cut=True)

    layout = again["plan"]["layout"]
    assert told["best_with"] == pytest.approx(_step(again), rel=1e-6)
    assert {name: told["pieces"][name] for name in ("forward", "backward")} == {
        "forward": layout["pieces_forward"],
        "backward": layout["pieces_backward"],
    }


def test_a_plan_in_pieces_says_so_and_what_it_gains() -> None:
    whole, cut = _solved(), _solved(cut=True)

    told = _verdict(cut)
    assert cut["plan"]["layout"]["expert_pieces"] is True
    assert "pieces 4/4" in cut["plan"]["label"]
    assert told["verdict"] == "used"
    assert told["gain"] == pytest.approx(_step(whole) / _step(cut) - 1.0, rel=1e-6)


def test_in_pieces_no_other_micro_batch_computes_beside_the_exchange() -> None:
    beside, cut = _solved(network=0.5, overlap=True), _solved(network=0.5, overlap=True, cut=True)

    assert beside["plan"]["layout"]["expert_overlap"] is True
    assert "expert_overlap" not in cut["plan"]["layout"]
    other = next(one for one in cut["explanation"]["options"] if one["name"] == "overlap_expert")
    assert (other["verdict"], other["message"].split(":")[0]) == ("does_not_pay", "Does not apply")
    assert _verdict(beside)["pieces"] is None


@pytest.mark.parametrize("format_", kinds.get("training").exports, ids=lambda one: one.name)
def test_no_format_starts_a_plan_in_pieces(format_: Export) -> None:
    with pytest.raises(CannotExpress) as refused:
        format_.write(_solved(cut=True))

    assert "/plan/layout/expert_pieces" in [problem.at for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": {"fix": {"expert_pieces": True}, "forbid": ["expert_pieces"]}}, "forbids expert_pieces and fixes"),
        ({"options": {"fix": {"expert_pieces": True}}, "model": "llama-3.1-8b"}, "no experts to cut into pieces"),
    ],
)
def test_what_cannot_be_in_pieces_is_refused(changes: dict[str, Any], message: str) -> None:
    asked = {
        "kind": "training", "model": MODEL, "hardware": {"node": "dgx-a100-80", "nodes": 2},
        "sequence_length": 4096, "global_batch": 64,
    }  # fmt: skip

    with pytest.raises(SpecError, match=message):
        kinds.parse(asked | changes)
