import pytest

from solvers.errors import SpecError
from solvers.serving.accuracy import score
from tests.solvers.serving.evidence.measured import row

SIZES = ("4", "8", "16", "32")


def _rows() -> list[dict[str, str]]:
    """Two models on two engines: a few points of a sweep each, near what the priors say."""
    models = ("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-32B")
    return [
        row(
            id=f"{model} {engine} {size}", model_path=model, backend=engine, concurrency=size, batch_size=size,
            tp_size="4", silicon_tpot_ms=f"{6.0 + 0.1 * int(size) + 3.0 * place:.3f}",
            silicon_ttft_ms=f"{90 + int(size)}",
        )
        for place, model in enumerate(models) for engine in ("vllm", "trtllm") for size in SIZES
    ]  # fmt: skip


def test_scores_are_the_contracts_document() -> None:
    found = score([*_rows(), row(system="abacus")], protocol="prior")

    assert (found["rows"], found["covered"]) == (17, 16 / 17)
    assert found["not_covered"] == {"system abacus": 1}
    assert set(found["tpot"]) == set(found["ttft"]) == {"mape", "median", "bias"}
    assert list(found["by_class"]) == ["dense"]
    assert found["by_class"]["dense"]["rows"] == 16
    assert found["baseline"]["tpot_mape"] > 0.0
    assert found["interval"]["level"] == 0.8


def test_whole_models_left_out_never_calibrate_where_they_are_scored() -> None:
    found = score(_rows(), protocol="leave-out:model_path")

    assert [(f["label"], f["calibrated_on"], f["scored"]) for f in found["protocol"]["folds"]] == [
        ("llama-3.1-8b", 8, 8),
        ("qwen3-32b", 8, 8),
    ]


def test_points_of_a_group_calibrate_and_are_not_scored() -> None:
    found = score(_rows(), protocol="calibrate:3")

    assert sum(fold["scored"] for fold in found["protocol"]["folds"]) == 4
    assert found["by_class"]["dense"]["rows"] == 4


def test_a_group_with_no_more_points_than_calibrate_is_not_scored() -> None:
    few = [row(id=f"few {size}", tp_size="2", concurrency=size, batch_size=size) for size in SIZES[:3]]

    found = score([*_rows(), *few], protocol="calibrate:3")

    assert found["by_class"]["dense"]["rows"] == 4
    assert all(fold["calibrated_on"] >= 12 + 3 for fold in found["protocol"]["folds"])


def test_points_of_a_group_move_its_other_rows() -> None:
    """One sweep takes half as long again, the other three are alike: its points say so."""
    rows = [
        {**one, "silicon_tpot_ms": f"{1.5 * float(one['silicon_tpot_ms']):.3f}"} if place >= 12 else one
        for place, one in enumerate(_rows())
    ]
    slow = "qwen3-32b / h100-sxm / trtllm / 16 bit / agg"

    alone, pointed = (score(rows, protocol=name)["by_group"][slow] for name in ("cv5-grouped", "calibrate:3"))

    assert pointed["tpot"]["mape"] < 0.5 * alone["tpot"]["mape"]


def test_models_that_the_rows_to_calibrate_on_have_not_are_scored() -> None:
    rows = _rows()
    other = row(id="other", model_path="openai/gpt-oss-120b", system="b200_sxm", precision="fp4", backend="sglang")

    found = score([other], calibrate_on=rows)

    assert (found["covered"], found["by_class"]["moe"]["rows"]) == (1.0, 1)
    assert 0.0 < found["tpot"]["mape"] < 1.0


def test_rows_to_calibrate_on_are_not_scored() -> None:
    rows = _rows()

    found = score(rows[:8], calibrate_on=rows[8:])

    assert found["rows"] == 8
    assert found["protocol"]["folds"] == [{"label": "all", "calibrated_on": 8, "scored": 8}]


def test_the_model_is_scored_as_it_ships() -> None:
    found = score(_rows())

    assert found["protocol"]["calibration"].startswith("published-")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"protocol": "by-feel"}, "unknown_protocol"),
        ({"protocol": "leave-out:moon"}, "unknown_column"),
        ({"protocol": "leave-out:system"}, "too_few_rows"),
        ({"memory": [{}]}, "unknown_option"),
    ],
)
def test_a_wrong_protocol_is_told(options: dict[str, object], code: str) -> None:
    with pytest.raises(SpecError) as raised:
        score(_rows(), **options)  # type: ignore[arg-type]

    assert [problem.code for problem in raised.value.problems] == [code]


@pytest.mark.parametrize(("rows", "code"), [([], "empty"), ([{"isl": "1"}], "missing_column")])
def test_a_file_without_rows_or_columns_is_told(rows: list[dict[str, str]], code: str) -> None:
    with pytest.raises(SpecError) as raised:
        score(rows)

    assert [problem.code for problem in raised.value.problems] == [code]
