import pytest

from solvers.scaling.runs.names import FIELDS, LOSS, PARAMS, Meant, meant


@pytest.mark.parametrize(
    ("column", "field", "expected"),
    [
        ("N", "params", Meant("n")),
        ("n", "params", None),
        ("D/N", "params", None),
        ("config.model.num_params", "params", Meant("num_params")),
        ("params.num_params", "params", Meant("num_params")),
        ("params", "params", Meant("params")),
        ("Model Size (B)", "params", Meant("model_size", 1e9)),
        ("params_m", "params", Meant("params", 1e6)),
        ("Pretraining Data Size (T)", "tokens", Meant("pretraining_data_size", 1e12)),
        ("FLOPs (1E21)", "flops", Meant("flops", 1e21)),
        ("tokens_in_billions", "tokens", Meant("tokens", 1e9)),
        ("summary.eval/loss", "loss", Meant("eval_loss")),
        ("loss_b", "loss", None),
        ("data.metrics.val_loss", "loss", Meant("val_loss")),
        ("tags.mlflow.runName", "name", Meant("mlflow_runname")),
        ("colour", "loss", None),
        ("summary._step", "step", None),
        ("train/global_step", "step", Meant("train_global_step")),
    ],
)
def test_a_column_means_what_its_name_and_unit_say(column, field, expected):
    assert meant(column, field) == expected


def test_no_name_stands_for_two_things():
    several = ("lr", "step", "all_params")
    every = [name for field, names in FIELDS.items() for name in names if field not in several]

    assert sorted(every) == sorted(set(every))
    assert set(FIELDS["params"]) == set(PARAMS)
    assert set(FIELDS["loss"]) == set(LOSS)
