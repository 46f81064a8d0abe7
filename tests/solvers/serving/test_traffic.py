"""What traffic means, and which traffic contradicts itself."""

from typing import Any

import pytest
from pydantic import ValidationError

from solvers.problems import problems_of
from solvers.serving.shipped import SETS, TRACES, shipped
from solvers.serving.traffic import Traffic

SIZES = [{"input": 1024, "output": 128, "share": 0.3}, {"input": 200, "output": 400, "share": 0.7}]
CSV = "arrival,input,output\n0,100,10\n0.5,200,20\n2,300,30\n"


def _refused(**traffic: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Traffic.model_validate(traffic)
    return [(p.code, p.at) for p in problems_of(caught.value, Traffic.model_json_schema())]


@pytest.mark.parametrize("written", ["12 /s", "12 req/s", "12 requests/s", "12 rps", "720 /min", "43200 /h", 12])
def test_a_rate_is_written_in_many_ways(written: object) -> None:
    assert Traffic.model_validate({"rate": written, "input": 1, "output": 1}).rate_per_s == pytest.approx(12)


def test_a_trace_brings_its_rate_unless_another_is_asked_for() -> None:
    own = Traffic.model_validate({"trace": {"csv": CSV}})
    asked = Traffic.model_validate({"trace": {"csv": CSV}, "rate": 5, "rate_scale": 1.2})

    assert (own.rate_per_s, asked.rate_per_s) == (1.0, 6.0)


@pytest.mark.parametrize(
    ("traffic", "code", "at"),
    [
        ({"rate": 1, "input": 1, "output": 1, "lengths": "sharegpt"}, "contradiction", "/input"),
        ({"trace": {"csv": CSV}, "input": 5}, "contradiction", "/input"),
        ({"trace": {"csv": CSV}, "arrivals": "gamma"}, "contradiction", "/arrivals"),
        ({"trace": {"csv": CSV, "gzip": "x"}}, "contradiction", "/trace"),
        ({"trace": {"file": "/etc/passwd"}}, "not_a_trace", "/trace/file"),
        ({"trace": "azure"}, "unknown_name", "/trace"),
        ({"rate": "5 GB", "input": 1, "output": 1}, "wrong_unit", "/rate"),
        ({"rate": 0, "input": 1, "output": 1}, "greater_than", "/rate"),
        ({"rate": 1, "input": 0, "output": 1}, "zero", "/input/mean"),
        ({"rate": 1, "input": {"mean": 5, "p50": 5}, "output": 1}, "contradiction", "/input"),
        ({"rate": 1, "input": {"p50": 9, "p90": 5}, "output": 1}, "contradiction", "/input/p90"),
        ({"rate": 1, "input": 1e9, "output": 1}, "too_large", "/input"),
        ({"rate": 1, "input": 1, "output": 1, "prefix": {"share": 2, "tokens": 5}}, "too_large", "/prefix/share"),
        (
            {"rate": 1, "input": 1, "output": 1, "priorities": [{"priority": 0, "share": 0.5}]},
            "contradiction",
            "/priorities",
        ),
        ({"rate": 1, "sizes": SIZES[:1]}, "contradiction", "/sizes"),
        ({"rate": 1, "sizes": [*SIZES, {**SIZES[0], "share": 0.0}]}, "contradiction", "/sizes/2"),
        ({"rate": 1, "sizes": SIZES, "input": 5}, "contradiction", "/sizes"),
        ({"rate": 1, "sizes": SIZES, "lengths": "sharegpt"}, "contradiction", "/sizes"),
        ({"trace": {"csv": CSV}, "sizes": SIZES}, "contradiction", "/sizes"),
        ({"rate": 1, "sizes": [{**SIZES[0], "input": 0}]}, "greater_than_equal", "/sizes/0/input"),
        ({"sizes": SIZES}, "missing", "/rate"),
    ],
)
def test_traffic_that_contradicts_itself_is_refused(traffic: dict[str, Any], code: str, at: str) -> None:
    assert _refused(**traffic) == [(code, at)]


def test_traffic_without_sizes_is_written_as_it_was_before_there_were_any() -> None:
    plain = Traffic.model_validate({"rate": 1, "input": 1, "output": 1})
    sized = Traffic.model_validate({"rate": 1, "sizes": SIZES})

    assert ("sizes" in plain.model_dump(mode="json"), sized.model_dump(mode="json")["sizes"]) == (False, SIZES)


@pytest.mark.parametrize("name", SETS)
def test_what_ships_can_be_read(name: str) -> None:
    rows = shipped(name)

    assert rows.size >= 3000
    assert min(rows.input_tokens.min(), rows.output_tokens.min()) >= 1
    assert set(TRACES) < set(SETS)


def test_mooncakes_conversations_begin_alike() -> None:
    rows = shipped("mooncake-conversation")

    assert (rows.prefix_tokens <= rows.input_tokens).all()
    assert rows.prefix_tokens.sum() / rows.input_tokens.sum() == pytest.approx(0.53, abs=0.01)
