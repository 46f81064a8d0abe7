"""Tables of mixtures that say active and all parameters."""

from solvers.scaling.runs.read import read

BOTH = "active_params,total_params,tokens,loss\n1e8,1e8,2e9,3.2\n1e8,8e8,2e9,3.0\n2e8,3.2e9,4e9,2.7\n"


def test_all_over_active_parameters_stand_for_experts():
    found = read(BOTH, loss_unit="nats/token")

    assert found.counts.name == "active"
    assert found.runs.inputs["params"].tolist() == [1e8, 1e8, 2e8]
    assert found.runs.inputs["experts"].tolist() == [1.0, 8.0, 16.0]
    message = "No column says experts; 'total_params' over 'active_params' stand for them."
    assert message in [one.message for one in found.warnings]


def test_a_column_of_experts_is_believed_before_a_ratio():
    text = BOTH.replace("loss", "loss,experts").replace("3.2\n", "3.2,1\n").replace("3.0\n", "3.0,64\n")

    found = read(text.replace("2.7\n", "2.7,64\n"), loss_unit="nats/token")

    assert found.runs.inputs["experts"].tolist() == [1.0, 64.0, 64.0]
    assert "experts_derived" not in [one.code for one in found.warnings]


def test_all_parameters_alone_are_the_parameters():
    found = read("total_params,tokens,loss\n1e8,2e9,3.2\n2e8,4e9,2.9\n", loss_unit="nats/token")

    assert found.counts.name == "total"
    assert "experts" not in found.runs.inputs
    assert found.warnings == ()


def test_all_parameters_are_n_where_that_is_asked_and_active_ones_say_nothing():
    found = read(BOTH, counts="total", loss_unit="nats/token")

    assert found.runs.inputs["params"].tolist() == [1e8, 8e8, 3.2e9]
    assert "experts" not in found.runs.inputs


def test_embeddings_are_no_experts():
    found = read("params_no_embed,total_params,tokens,loss\n1e8,1.5e8,2e9,3.1\n2e8,2.7e8,4e9,2.9\n")

    assert "experts" not in found.runs.inputs
    assert [one.code for one in found.warnings] == ["counts_differ", "loss_unit_assumed"]
