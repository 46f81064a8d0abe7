"""What one kind alone says, as tables: what is unfolded, what is left out, what is a number."""

from planner.exports.cells import Table, cell, text
from planner.exports.details import details, others


def test_a_mapping_of_mappings_is_a_row_for_each_of_its_keys():
    routing = [{"service": "chat", "weights": {"short": {"a": 0.25, "b": 0.75}, "long": {"a": 1.0}}, "hours": [0, 1]}]

    [table] = details({"routing": routing})

    assert table == Table(
        "Routing",
        ("service", "weights of", "weights", "hours"),
        (("chat", "short", "a 0.25, b 0.75", "0, 1"), ("chat", "long", "a 1.0", "0, 1")),
        numeric=2,
    )


def test_lists_of_mappings_are_left_out_of_cells():
    [table] = details({"types": [{"gpu": "l4", "cost_usd_per_hour": 2.0, "parts": [{"term": "x", "value": 1.0}]}]})

    assert (table.columns, table.rows) == (("GPU", "cost per hour"), (("l4", "$2/h"),))


def test_a_wide_table_keeps_what_is_short_and_shows_estimates_with_their_interval():
    row = {f"n{place}": place for place in range(8)}
    row |= {"attainment_share": {"value": 0.95, "low": 0.9, "high": 0.99}, "layout": {"tp": 2}}

    [table] = details({"services": [row]})

    assert table.columns[-2:] == ("n7", "attainment share")
    assert table.rows[0][-1] == "95 % (90 to 99)"


def test_columns_of_text_are_not_set_as_numbers():
    [prices] = details({"prices": [{"offer": "l4", "usd": 1.5, "message": "dear", "rank": 2}]})

    assert prices.numeric == 1


def test_lists_of_an_explanation_are_tables_and_its_mappings_pairs():
    proof = {"rounds": 3, "factors": {"a": 0.9}}

    tables = list(others({"worth": [{"limit": "max_gpus", "usd_per_hour": 2.0}], "proof": proof}))

    assert [(table.title, table.rows) for table in tables] == [
        ("Worth", (("max_gpus", "$2/h"),)), ("Proof", (("rounds", "3"), ("factors a", "0.9"))),
    ]  # fmt: skip


def test_shares_in_a_cell_have_three_digits():
    assert text({"a": 0.333333, "b": 2.5, "c": 0.0}) == "a 0.333, b 2.5, c 0.0"
    assert cell("attainment", {"value": 0.5, "low": 0.25, "high": 0.75}) == "0.5 (0.25 to 0.75)"


def test_a_wide_table_leaves_out_what_says_nothing_and_hours_and_tells_ends():
    row = {"name": "l4", **{f"n{place}": place for place in range(7)}, "zone": None, "units_by_hour": list(range(24))}
    row["gpus"] = {"least": 0, "most": 4}

    [table] = details({"offers": [row, {**row, "name": "a100", "gpus": {"least": 2, "most": 2}}]})

    assert table.columns == ("name", *(f"n{place}" for place in range(7)), "GPUs")
    assert [one[-1] for one in table.rows] == ["0 to 4", "2"]
