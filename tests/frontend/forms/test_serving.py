"""The form of a serving plan: what its schema asks of the page."""

import pytest
from django.http import QueryDict

from frontend.figures.serving import fixed
from frontend.forms import values
from frontend.forms.fields import Field, fields
from solvers.documents import Document
from solvers.serving.options import Fixed
from solvers.serving.spec import ServingSpec
from tests.frontend.figures.serving import sample

TREE = fields(ServingSpec.model_json_schema())
TRAFFIC = next(field for field in TREE if field.name == "traffic")


def nothing(section: str, name: str) -> None:
    """A catalogue without entries."""


def of(name: str) -> Field:
    """A field of the traffic."""
    return next(field for field in TRAFFIC.children if field.name == name)


def asked(**more: str) -> Document:
    """What the form says of the traffic."""
    query = QueryDict(mutable=True)
    for name, value in more.items():
        query[f"has:/traffic/{name}"] = "1"
        query[f"f:/traffic/{name}"] = value
    return values.document_from(query, TREE, {}, nothing)


def test_a_length_is_a_number_or_a_distribution_that_is_described() -> None:
    own = QueryDict("has:/traffic/input=1&f:/traffic/input=1024&own:/traffic/input=on")

    assert asked(input="1024") == {"traffic": {"input": 1024}}
    assert asked(input="{mean: 1024, cv: 0.8}") == {"traffic": {"input": {"mean": 1024, "cv": 0.8}}}
    assert values.document_from(own, TREE, {}, nothing) == {"traffic": {"input": {"mean": 1024}}}
    assert asked(input="") == {}


def test_going_back_from_a_distribution_keeps_its_mean() -> None:
    described = {"traffic": {"input": {"mean": 1024, "cv": 0.8}}}

    back = values.document_from(QueryDict("has:/traffic/input=1&f:/traffic/input="), TREE, described, nothing)

    assert back == {"traffic": {"input": 1024}}


def test_traces_that_ship_are_offered_by_name() -> None:
    assert of("trace").widget == "reference"
    assert "azure-2023-conv" in of("trace").choices
    assert asked(trace="azure-2023-conv") == {"traffic": {"trace": "azure-2023-conv"}}


def test_a_trace_of_ones_own_is_lines_or_a_packed_file() -> None:
    described = {child.name: (child.widget, child.upload) for child in of("trace").children}
    written = "arrival,input,output\n0,10,5\n1.5,20,5"
    post = QueryDict(mutable=True)
    post["has:/traffic/trace"] = post["own:/traffic/trace"] = "1"
    post["has:/traffic/trace/csv"], post["f:/traffic/trace/csv"] = "1", written.replace("\n", "\r\n")

    document = values.document_from(post, TREE, {"traffic": {"trace": {"gzip": "H4sI"}}}, nothing)

    assert (described["csv"], described["gzip"]) == (("lines", "text"), ("text", "gzip"))
    assert document == {"traffic": {"trace": {"gzip": "H4sI", "csv": written}}}


def test_lines_that_nobody_changed_stay_as_they_are_written() -> None:
    described = {"traffic": {"trace": {"csv": "arrival,input,output\n0,10,5\n"}}}
    post = QueryDict(mutable=True)
    post["has:/traffic/trace"] = post["own:/traffic/trace"] = post["has:/traffic/trace/csv"] = "1"
    post["f:/traffic/trace/csv"] = "arrival,input,output\r\n0,10,5"

    assert values.document_from(post, TREE, described, nothing) == described


@pytest.mark.parametrize("make", [sample.solved, sample.disaggregated])
def test_a_plan_that_was_picked_and_fixed_is_in_the_words_of_the_spec(make) -> None:
    ((at, asked_for),) = fixed.changes(make()["plan"])

    assert at == "/options/fix"
    assert Fixed(**asked_for).model_dump(exclude_none=True) == asked_for


def test_of_two_pools_each_keeps_its_own_degrees() -> None:
    ((_, asked_for),) = fixed.changes(sample.disaggregated()["plan"])

    assert {name: asked_for[name] for name in ("mode", "prefill_tp", "decode_tp", "prefill_replicas")} == {
        "mode": "disaggregated", "prefill_tp": 4, "decode_tp": 2, "prefill_replicas": 2,
    }  # fmt: skip


def test_own_measurements_are_rows_and_folded_away() -> None:
    (field,) = [field for field in TREE if field.name == "measurements"]
    query = QueryDict(mutable=True)
    query["has:/measurements"], query["f:/measurements"] = "1", "- {concurrency: 8, input: 300, output: 64, tpot: 3 ms}"

    document = values.document_from(query, TREE, {}, nothing)

    assert (field.widget, field.advanced) == ("rows", True)
    assert document["measurements"] == [{"concurrency": 8, "input": 300, "output": 64, "tpot": "3 ms"}]
