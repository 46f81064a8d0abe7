from solvers.scaling.runs.flat import flat


def test_a_record_becomes_one_level_of_columns():
    found = flat(
        {"config": {"lr": {"value": 0.1, "desc": None}, "model": {"n": 3}}, "ok": True, "tags": ["a"], "x": " "}
    )

    assert found == {"config.lr": "0.1", "config.model.n": "3", "ok": "true"}


def test_lists_of_keys_and_values_are_columns():
    found = flat({"data": {"metrics": [{"key": "loss", "value": 3.5, "step": 7}]}})

    assert found == {"data.metrics.loss": "3.5"}


def test_dictionaries_in_a_cell_are_read_whether_json_or_python():
    found = flat({"config": "{'lr': 0.1, 'bad': nan, 'low': -inf}", "summary": '{"loss": NaN}'})

    assert found == {"config.lr": "0.1", "config.bad": "nan", "config.low": "-inf", "summary.loss": "nan"}


def test_what_cannot_be_read_as_a_dictionary_is_kept_as_text():
    found = flat({"config": "{'lr': open('x')}", "summary": "{" * 5000})

    assert found == {"config.unreadable": "{'lr': open('x')}", "summary.unreadable": "{" * 80}


def test_records_beyond_any_depth_are_cut():
    deep: dict[str, object] = {"n": 1}
    for _ in range(50):
        deep = {"a": deep}

    assert flat(deep) == {}
