"""Published memory figures: rows of the memory table, read and scored."""

import csv
from pathlib import Path

import pytest

from solvers.errors import Problem, SpecError
from solvers.training.evidence.peaks import figures_of, score_memory

# GPT-22B of figure 1 [korthikanti2023reducing]: 18 bytes a parameter over TP 8; s b h L (10 + 24/8 + 5 a s / (8 h)).
ROW = {
    "source": "Korthikanti et al. Fig.1", "model": "GPT-22B", "hidden": "6144", "layers": "48", "heads": "64",
    "seq_len": "2048", "vocab": "51200", "gpu": "A100-80GB", "tp": "8", "pp": "1", "vpp": "1", "dp": "1", "mbs": "4",
    "gbs": "4", "recompute": "none", "params_opt_gib": "45.5625", "activations_gib": "59.25",
    "activations_pct_of_none": "100",
}  # fmt: skip
TABLE = Path(__file__).parents[4].parent / "shared" / "data" / "training" / "memory.csv"


def test_figures_of_a_row_are_the_formulas_of_its_paper() -> None:
    found = {figure.name: figure.predicted for figure in figures_of(ROW)}

    per_token = 10 + 24 / 8 + 5 * 64 * 2048 / 6144 / 8
    parameters = 48 * (12 * 6144**2 / 8 + (9 * 6144) / 8 + 4 * 6144) + 51200 * 6144 / 8
    assert found["activations_gib"] == pytest.approx(48 * 2048 * 4 * 6144 * per_token / 2**30, rel=1e-12)
    assert found["params_opt_gib"] == pytest.approx(18 * parameters / 2**30, rel=2e-3)
    assert found["activations_pct_of_none"] == pytest.approx(100.0)


def test_scores_count_every_row_and_say_what_is_not_expressible() -> None:
    strange = {**ROW, "gpu": "an abacus"}

    scores = score_memory([ROW, strange])

    assert (scores["rows"], scores["not_expressible"]) == (2, {"GPU an abacus": 1})
    assert scores["activations"] == {
        "rows": 1,
        "mape": pytest.approx(0.0, abs=1e-12),
        "max": pytest.approx(0.0, abs=1e-12),
        "worst_under": pytest.approx(0.0, abs=1e-12),
    }
    assert scores["peak"] == {"rows": 0, "mape": None, "max": None, "worst_under": None}


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(SpecError) as refused:
        score_memory([{"model": "GPT-22B"}])

    assert refused.value.problems == (
        Problem(
            "missing_column",
            "A table of published memory without the column gpu cannot be scored.",
            "",
            "It needs model, gpu, tp, pp, mbs, gbs and a figure.",
        ),
    )


@pytest.mark.skipif(not TABLE.exists(), reason="the measurements are not beside the project")
def test_the_published_figures_are_met() -> None:
    """Parameters and optimizer within 3 %, activations within 2 %, figure 7 within 5 % and none off by 10 %."""
    with TABLE.open(encoding="utf-8") as file:
        scores = score_memory(csv.DictReader(file))

    bars = {"parameters_and_optimizer": 0.03, "activations": 0.02, "activation_shares": 0.05}
    assert {name: scores[name]["mape"] <= bar for name, bar in bars.items()} == dict.fromkeys(bars, True)
    assert scores["activation_shares"]["max"] <= 0.10
