"""A plan's document, as those read it who take it away."""

from solvers.serving.exports import EXPORTS
from solvers.serving.plan import plan_document
from solvers.serving.study import study
from tests.solvers.serving.asked import spec


def test_a_draft_model_goes_from_the_question_into_the_engines_arguments() -> None:
    asked = study(spec(speculation={"tokens": 3, "acceptance": 0.8, "parameters": "100M"}))
    candidate = next(one.candidate for one in asked.screened().scored if one.candidate.groups[-1].setup.speculative)
    result = {
        "kind": "serving", "status": "solved", "spec_hash": "0" * 64, "spec": asked.spec.model_dump(mode="json"),
        "plan": plan_document(candidate, asked.shop),
    }  # fmt: skip

    [script] = next(export for export in EXPORTS if export.name == "vllm").write(result).values()

    assert "DRAFT_MODEL:?is not set" in script
    assert '\\"num_speculative_tokens\\": 3' in script
