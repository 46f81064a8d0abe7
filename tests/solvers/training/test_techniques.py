"""Verdicts of techniques that have nothing to work on."""

from solvers import kinds
from solvers.training.spec import TrainingSpec

ALONE = {"gpu": "l4", "gpus": 1, "link": "pcie4", "source": [{"title": "a test"}]}


def test_on_one_gpu_what_parts_work_among_several_does_not_apply() -> None:
    spec = TrainingSpec.model_validate(
        {
            "kind": "training", "model": "mpt-125m", "hardware": {"node": ALONE, "nodes": 1},
            "sequence_length": 512, "global_batch": 8, "calibration": "prior",
        }
    )  # fmt: skip

    found = {one["name"]: one for one in kinds.solve(spec)["explanation"]["options"]}

    apply = {name for name, one in found.items() if not one["message"].startswith("Does not apply")}
    assert apply == {
        "recompute_selective", "recompute_full", "recompute_by_layer", "activation_offload", "optimizer_offload",
    }  # fmt: skip
    assert (found["tp"]["verdict"], found["tp"]["message"]) == ("does_not_pay", "Does not apply: there is one GPU.")
