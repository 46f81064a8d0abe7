"""Published measurements name models and GPUs in their own ways; the catalogue understands them.

The tables lie beside the checkout, in `../shared/data`, and do not ship with the project.
"""

import csv
from pathlib import Path

import pytest

from solvers import catalogue

DATA = Path(__file__).parents[4] / "shared" / "data"
MEASURED = [("training", "measurements"), ("training", "memory"), ("training", "models")]
# Rows that name no model but give its sizes; a GPU that the source leaves open (MI325X or MI355X).
NAMELESS = {"GPT-?B", "MI3xx"}

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the measurements are not beside this checkout (../shared/data)"
)


def column(name: str, *, of: Path) -> set[str]:
    with of.open(encoding="utf-8", newline="") as file:
        return {row[name] for row in csv.DictReader(file) if row.get(name)} - NAMELESS


@pytest.mark.parametrize(("folder", "table"), MEASURED)
def test_every_model_that_was_measured_is_known(folder: str, table: str) -> None:
    names = column("model", of=DATA / folder / f"{table}.csv")

    assert [name for name in sorted(names) if not catalogue.model(name)] == []


@pytest.mark.parametrize(("folder", "table"), MEASURED[:2])
def test_every_gpu_that_was_measured_is_known(folder: str, table: str) -> None:
    names = column("gpu", of=DATA / folder / f"{table}.csv")

    assert [name for name in sorted(names) if not catalogue.gpu(name)] == []


def test_every_model_and_system_of_the_serving_measurements_is_known() -> None:
    table = DATA / "serving" / "closed_loop_engine_measurements.csv"
    runs = DATA / "serving" / "open_loop_vllm_runs.csv"

    assert all(catalogue.model(name) for name in column("model_path", of=table) | column("model", of=runs))
    assert all(catalogue.gpu(name) for name in column("system", of=table) | column("hw", of=runs))


def test_the_sizes_that_a_measurement_states_are_the_catalogues() -> None:
    """GPT-1.7B is two models (24 layers of 2304 or of 2048), told apart by their sizes; so it is left out here."""
    with (DATA / "training" / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["hidden"] and row["model"] not in NAMELESS | {"GPT-1.7B"}]

    differing = {
        row["model"]
        for row in rows
        for model in [catalogue.model(row["model"])]
        if (model.layers, model.hidden, model.ffn, model.heads, model.kv_heads)
        != tuple(int(row[name]) for name in ("layers", "hidden", "ffn", "heads", "kv_heads"))
    }

    assert differing == set()


def test_the_table_of_models_agrees_with_the_catalogue() -> None:
    with (DATA / "training" / "models.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["model"] for row in rows if not agrees(row)] == []


def agrees(row: dict[str, str]) -> bool:
    model = catalogue.model(row["model"])
    same = (model.layers, model.hidden, model.heads) == tuple(int(row[name]) for name in ("layers", "hidden", "heads"))
    # Mixtral 8x22B has 32,000 entries in its base release and 32,768 in the one tuned for instructions.
    same = same and (model.vocab == int(row["vocab"]) or model.name == "mixtral-8x22b")
    if not row["experts"]:
        return same and model.moe is None and model.ffn == int(row["ffn"]) and model.kv_heads == int(row["kv_heads"])
    moe = model.moe
    return same and moe is not None and (moe.experts, moe.top_k, moe.ffn) == (
        int(row["experts"]), int(row["top_k"]), int(row["moe_ffn"])
    )  # fmt: skip
