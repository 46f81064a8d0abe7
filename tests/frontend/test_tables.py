"""Names of estimates as headings."""

import pytest

from frontend.templatetags import tables
from planner.services.comparison import Row


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("step_time_s", "Step time"),
        ("mfu", "MFU"),
        ("ttft_p90_s", "TTFT p90"),
        ("e2e_p99_s", "End to end p99"),
        ("usd_per_million_tokens", "Cost per million tokens"),
        ("kv_share", "KV share"),
        ("params", "Parameters"),
        ("tokens_per_s_per_gpu", "Tokens per s per GPU"),
    ],
)
def test_a_name_with_its_unit_is_a_heading(name: str, heading: str) -> None:
    assert tables.label(name) == heading


def test_a_file_inside_a_spec_is_told_by_its_beginning_and_its_size() -> None:
    def said(value: str) -> str:
        return tables.written(value, Row("traffic.trace.csv", "Question", (value,), differs=True, best_index=None))

    assert said("arrival,input,output\n0,10,5\n1,10,5\n") == "3 lines: arrival,input,output …"
    assert said("H4sI" * 300) == "H4sI" * 15 + " … (1,200 characters)"
    assert said("llama-3.1-8b") == "llama-3.1-8b"


def test_losses_and_learning_rates_are_shown_as_their_answers_say_them() -> None:
    values = {"loss": 2.3081, "learning_rate": 3.78e-4, "params": 4.02e9}

    assert [tables.said(value, name) for name, value in values.items()] == ["2.308", "3.8e-4", "4.02B"]


def test_words_of_a_spec_are_code_and_nothing_else_is_markup() -> None:
    said = tables.prose("Give `budget: {flops: 1e20}`, <b>or</b> 5 % of `it`; a ` alone stays.")

    assert said == (
        "Give <code>budget: {flops: 1e20}</code>, &lt;b&gt;or&lt;/b&gt; 5\u00a0% of <code>it</code>; a ` alone stays."
    )


def test_a_number_is_not_parted_from_its_unit() -> None:
    said = tables.kept("10 % of 4 × L4 at 1.40 kW in 5 s; 30 requests/s, 12 settings, 3 Ways")

    assert tables.kept("A100-80 and 1-128 in") == "A100-\u206080 and 1-\u2060128 in"
    assert said == "10\u00a0% of 4\u00a0×\u00a0L4 at 1.40\u00a0kW in 5\u00a0s; 30 requests/s, 12 settings, 3 Ways"


@pytest.mark.parametrize(("label", "value", "written"), [("target.flops", 3e21, "3e21 FLOP"), ("params", 7e9, "7B")])
def test_compute_is_written_as_everywhere_in_a_comparison(label: str, value: float, written: str) -> None:
    row = Row(label, "Answer", (value,), differs=False, best_index=None)

    assert tables.written(value, row) == written
