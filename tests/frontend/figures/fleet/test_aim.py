"""An answer that minimises carbon is drawn and told in grams."""

from frontend.figures import answer
from frontend.figures.fleet import entry, frontier, heads, mix, types, words
from frontend.figures.fleet.aim import CARBON, COST, aim
from frontend.figures.theme import theme
from tests.frontend.figures.fleet import sample

LIGHT = theme("light")


def test_carbon_counts_where_it_is_asked_for_and_known() -> None:
    unknown = sample.clean()
    del unknown["estimates"]["carbon_g_per_hour"]

    assert (aim(sample.clean()), aim(sample.solved()), aim(unknown)) == (CARBON, COST, COST)


def test_grams_stand_first_and_dollars_last() -> None:
    found = heads.heads(sample.clean())

    assert [(head.title, head.value, head.unit) for head in found] == [
        ("Carbon", "300", "g/h of CO₂"),
        ("CO₂ saved", "40", "%"),
        ("GPUs", "7", "at the most"),
        ("Within all limits", "96", "%"),
        ("Cost", "$6/h", ""),
    ]
    assert (found[0].interval, found[0].note) == ("270 – 330 g/h", "of 1.50 kW, rated")
    assert found[1].note == "against A100-80 alone, 500 g/h"


def test_bars_are_grams_though_another_type_is_cheaper() -> None:
    result = sample.clean()

    *bars, ends = mix.figure(result, LIGHT).data

    assert [(bar.y[0], bar.x[0]) for bar in bars] == [(0, 60.0), (0, 240.0), (1, 500.0), (2, 1500.0)]
    assert list(ends.text) == [" 300 g/h", " 500 g/h", " 1.50 kg/h"]
    assert mix.title(result) == "The mix emits 40 % less CO₂ than A100-80 alone, the best single type"
    assert mix.table(result).rows[1] == ("A100-80", "3 GPUs", "$5/h", "500 g/h", "+66.7 %", "a100-80 500 g/h")


def test_offers_without_an_entry_price_keep_their_term() -> None:
    result = sample.clean()
    result["explanation"]["single_types"][1]["breakdown"][0]["sold"] = "reserved"

    assert types.terms_of(result)["a100-80"] == "reserved"
    assert not entry.shown(result)


def test_the_frontier_is_carbon_against_head_room() -> None:
    result = sample.clean()

    drawn = frontier.figure(result, LIGHT)
    picked = frontier.pick(result, "f1")

    assert drawn.layout.yaxis.title.text == "CO₂ (g/h)"
    assert list(drawn.data[3].y) == [300.0]
    assert picked is not None
    assert picked.y == 500.0
    assert frontier.title(result) == "This plan could keep limits 10 % shorter; 40 % would emit 200 g/h more CO₂"


def test_what_one_more_is_worth_is_grams() -> None:
    assert words.worth(sample.clean()) == (("L4 on spot", "one more L4: 20 g/h less CO₂"),)


def test_the_page_can_be_drawn() -> None:
    page = answer.answer(sample.clean())

    assert [chart.name for chart in page.charts] == ["mix", "proof", "hours", "sizes"]
    assert [len(row) for chart in page.charts for row in chart.table.rows] == [
        len(chart.table.columns) for chart in page.charts for _ in chart.table.rows
    ]
