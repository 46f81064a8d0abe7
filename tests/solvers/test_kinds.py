"""The registry: each kind is whole, and every wrong document is told where and how it is wrong."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from solvers import kinds
from solvers.base import Infeasible, Solved
from solvers.documents import canonical, read
from solvers.errors import Problem, SpecError, UnknownName
from tests.answers import answer

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ["kind", "version", "spec_hash", "status", "search", "provenance", "warnings"]


def example(kind: str, **changes: Any) -> dict[str, Any]:
    document = read(next(iter(kinds.examples(kind).values())))
    return {**document, **changes}


def problems(document: dict[str, Any]) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        kinds.parse(document)
    return list(caught.value.problems)


@pytest.mark.parametrize("name", kinds.names())
def test_a_kind_is_whole(name: str) -> None:
    missing = [
        path
        for path in (
            f"frontend/figures/{name}",
            f"docs/{name}.md",
            f"tests/solvers/{name}",
            f"solvers/{name}/examples",
        )
        if not (ROOT / path).exists()
    ]

    assert missing == []
    assert kinds.get(name).name == name
    assert kinds.schema(name)["additionalProperties"] is False


@pytest.mark.parametrize(("name", "stem"), [(name, stem) for name in kinds.names() for stem in kinds.examples(name)])
def test_an_example_solves_and_keeps_the_contract(name: str, stem: str) -> None:
    spec = kinds.parse(read(kinds.examples(name)[stem]))

    result = answer(spec)

    assert [field for field in CONTRACT if field not in result] == []
    assert result["spec_hash"] == kinds.spec_hash(spec)
    assert result["search"]["seconds"] is None
    assert ("plan" in result) == (result["status"] == "solved")
    assert ("infeasible" in result) == (result["status"] == "infeasible")


def test_the_same_spec_gives_the_same_bytes_in_another_process() -> None:
    name = kinds.names()[0]
    text = kinds.examples(name)[next(iter(kinds.examples(name)))]
    program = (
        "import sys; from solvers import kinds; from solvers.documents import canonical, read;"
        "sys.stdout.buffer.write(canonical(kinds.solve(kinds.parse(read(sys.stdin.read())))))"
    )

    other = subprocess.run(
        [sys.executable, "-c", program],
        input=text.encode(),
        env={"PYTHONHASHSEED": "1"},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    assert other.stdout == canonical(answer(kinds.parse(read(text))))


def test_name_and_tags_are_not_the_question() -> None:
    plain, named = (kinds.parse(example("training", **extra)) for extra in ({}, {"name": "another", "tags": ["a"]}))

    assert kinds.result_key(plain) == kinds.result_key(named)
    assert kinds.result_key(plain) != kinds.result_key(kinds.parse(example("training", seed=7)))


def test_an_unknown_kind_offers_the_nearest() -> None:
    assert problems({"kind": "trainin"}) == [
        Problem("unknown_name", "There is no kind called 'trainin'.", "/kind", "Did you mean training?")
    ]
    assert [(p.code, p.at) for p in problems({})] == [("missing", "/kind")]
    assert [(p.code, p.at) for p in problems({"kind": 3})] == [("wrong_type", "/kind")]
    with pytest.raises(UnknownName):
        kinds.get("fleeet")


def test_an_unknown_field_offers_the_nearest_at_its_level() -> None:
    document = example("training", global_bach=8)
    document["hardware"] = {**document["hardware"], "ndoes": 2}

    found = {p.at: p for p in problems(document)}

    assert found["/global_bach"].hint.startswith("Did you mean global_batch")
    assert found["/hardware/ndoes"].hint.startswith("Did you mean node")


def test_a_later_version_is_refused() -> None:
    assert [(p.code, p.at) for p in problems(example("training", version=99))] == [("version", "/version")]


def test_every_problem_is_listed_at_once() -> None:
    document = example("training", sequence_length=0, global_batch=-1, seed="x")

    assert {p.at for p in problems(document)} == {"/sequence_length", "/global_batch", "/seed"}


def test_a_wrong_type_is_said_in_words_of_documents() -> None:
    wrong = example("training", hardware=5, tags="a", sequence_length="8k", global_batch=1.5, options=None)

    assert {p.at: p.message for p in problems(wrong)} == {
        "/hardware": "This field wants a mapping.",
        "/tags": "This field wants a list.",
        "/sequence_length": "This field wants a whole number.",
        "/global_batch": "This field wants a whole number.",
        "/options": "This field wants a mapping.",
    }


def test_a_number_that_is_not_finite_never_leaves_as_a_result() -> None:
    with pytest.raises(ValueError, match="not finite"):
        kinds._rounded({"a": [1.0, float("nan")]})

    assert kinds._rounded({"a": (1 / 3, 2)}) == {"a": [0.333333333, 2]}


def test_an_infeasible_outcome_says_what_binds() -> None:
    body = kinds._infeasible(Infeasible("too big", ("memory",), None, {"message": "more nodes"}, {}))

    infeasible = {
        "reason": "too big",
        "binding": ["memory"],
        "nearest": None,
        "smallest_change": {"message": "more nodes"},
    }
    assert body == {"status": "infeasible", "infeasible": infeasible}
    assert json.dumps(Solved({}, {}, [], [], {}, {}).data) == "{}"
