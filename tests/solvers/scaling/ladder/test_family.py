import numpy as np
import pytest

from solvers.catalogue import model, names
from solvers.cost.architecture import architecture_of
from solvers.cost.parts import Stack
from solvers.errors import SpecError
from solvers.laws.units import Shape, convert_params
from solvers.scaling.ladder.family import Member, counted, family, shaped, sizes

SCALABLE = [name for name in names("models") if model(name).pattern is None]
CONVENTIONS = ("non-embedding", "with-head", "total", "active")


@pytest.mark.parametrize("name", SCALABLE)
def test_a_model_of_its_own_size_is_itself(name: str) -> None:
    base = model(name)

    found = {counts: shaped(family(base), Member(base).params(counts), counts).model for counts in CONVENTIONS}

    assert found == dict.fromkeys(CONVENTIONS, base)


@pytest.mark.parametrize("params", [1e6, 3e7, 1e9, 3e10, 1e12])
def test_sizes_from_a_million_to_a_trillion_have_whole_heads_and_about_the_family_s_ratio(params: float) -> None:
    base = family().base

    found = shaped(family(), params, "non-embedding").model

    assert found.hidden == found.heads * base.head_dim
    assert found.heads % found.kv_heads == 0
    assert found.layers >= 4
    assert found.layers == 4 or 1 / 3.1 < (found.hidden / found.layers) / (base.hidden / base.layers) < 3.1
    assert Member(found).params("non-embedding") == pytest.approx(params, rel=0.15)


@pytest.mark.parametrize("params", [1e6, 5e7, 8e9, 1e12])
def test_n_is_what_the_cost_kernel_counts(params: float) -> None:
    found = shaped(family(), params, "total")
    counted_there = architecture_of(found.model, Stack())

    layers = counted_there.layers * (counted_there.split_parameters + counted_there.whole_parameters)
    tables = counted_there.embedding_parameters + counted_there.head_parameters
    last_norm = found.model.hidden
    assert found.params("total") == layers + tables + last_norm
    assert found.params("non-embedding") == layers + last_norm


def test_by_hand_a_small_model_has_so_many_parameters() -> None:
    found = shaped(family(), 1e6, "non-embedding").model
    assert (found.layers, found.hidden, found.ffn, found.heads, found.kv_heads) == (4, 128, 512, 2, 1)

    attention = 128 * 128 + 2 * 128 * 64 + 128 * 128
    layer = attention + 3 * 128 * 512 + 2 * 128
    assert Member(found).params("non-embedding") == 4 * layer + 128


def test_conventions_agree_with_those_of_the_laws() -> None:
    found = shaped(family(), 1e9, "non-embedding")
    shape = Shape(vocabulary=found.model.vocab, hidden=found.model.hidden, tied=found.model.tied_embeddings)

    body = found.params("non-embedding")
    for counts in ("with-head", "total"):
        assert found.params(counts) == convert_params(body, counts="non-embedding", to=counts, shape=shape)


def test_counted_goes_there_and_back() -> None:
    there = counted(family(), 3e8, "non-embedding", "total")

    assert there > 3e8
    assert counted(family(), there, "total", "non-embedding") == pytest.approx(3e8, rel=0.1)
    assert counted(family(), 3e8, "total", "total") == 3e8


@pytest.mark.parametrize(
    "name", ["qwen3-30b-a3b", "deepseek-v3", "gemma-3-4b", "qwen3.5-27b", "opt-125m", "gpt-oss-20b"]
)
def test_members_of_every_sort_of_family_are_models_that_could_be_written_down(name: str) -> None:
    base = model(name)
    for params in (1e8, 1e10):
        found = shaped(family(base), params, "non-embedding").model

        written = found.model_dump(by_alias=True, exclude={"name"})
        assert type(base).model_validate(written) == found.model_copy(update={"name": "own"})


def test_experts_stay_as_many_and_grow_with_the_width() -> None:
    base = model("qwen3-30b-a3b")
    found = shaped(family(base), 3e9, "non-embedding").model

    assert found.moe is not None
    assert base.moe is not None
    assert (found.moe.experts, found.moe.top_k) == (base.moe.experts, base.moe.top_k)
    assert found.moe.ffn / found.hidden == pytest.approx(base.moe.ffn / base.hidden, rel=0.1)
    assert Member(found).params("active") < Member(found).params("non-embedding")


def test_sizes_rise_and_stay_within_the_ends() -> None:
    found = sizes(family(), 1e7, 1e9, "non-embedding", step=1.5)

    steps = np.array(found[1:]) / np.array(found[:-1])
    assert found[-1] <= 1e9
    assert len(found) >= 10
    assert steps.min() > 1.0
    assert steps.max() < 2.5


def test_a_model_that_names_each_layer_has_no_family() -> None:
    with pytest.raises(SpecError) as caught:
        family(model("nemotron-h-56b"))

    assert [problem.at for problem in caught.value.problems] == ["/model"]


def test_a_size_that_is_none_is_refused() -> None:
    with pytest.raises(SpecError):
        shaped(family(), float("nan"), "total")
