"""Names of estimates as headings."""

import pytest

from frontend.templatetags import tables


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("step_time_s", "Step time"),
        ("mfu", "MFU"),
        ("ttft_p90_s", "TTFT p90"),
        ("e2e_p99_s", "End to end p99"),
        ("usd_per_million_tokens", "Cost per million tokens"),
        ("kv_share", "KV share"),
        ("tokens_per_s_per_gpu", "Tokens per s per GPU"),
    ],
)
def test_a_name_with_its_unit_is_a_heading(name: str, heading: str) -> None:
    assert tables.label(name) == heading
