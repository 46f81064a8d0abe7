"""Figures of a fleet answer: the data first, then the traces."""

import math

import pytest

from frontend import figures
from frontend.figures import answer, comparison
from frontend.figures.base import Pick
from frontend.figures.fleet import (
    breakdown,
    choices,
    entry,
    frontier,
    heads,
    hours,
    mix,
    panels,
    proof,
    sizes,
    spots,
    types,
    words,
)
from frontend.figures.theme import theme
from solvers.documents import Document
from solvers.fleet.spec import FleetSpec
from tests.frontend.figures.fleet import sample

VIEW = figures.view("fleet")
LIGHT = theme("light")
RESERVED, SPOT = sample.RESERVED, sample.SPOT


@pytest.fixture
def solved() -> Document:
    return sample.solved()


def picked(result: Document, key: str) -> Pick:
    found = VIEW.frontier.pick(result, key)
    assert found is not None
    return found


def test_the_numbers_on_top_say_cost_saving_gpus_and_the_service_with_the_least_room(solved: Document) -> None:
    found = heads.heads(solved)

    assert [(head.title, head.value, head.unit) for head in found] == [
        ("Cost", "$6/h", ""),
        ("Saving", "25", "%"),
        ("GPUs", "7", "at the most"),
        ("Within all limits", "96", "%"),
        ("Power", "1.50", "kW"),
    ]
    assert [head.interval for head in found] == [
        "$5.40 – $6.60/h", "20 – 28 %", "6 – 9", "94 – 97 %", "1.35 – 1.65 kW",
    ]  # fmt: skip
    assert [head.note for head in found] == [
        "$150 a million requests",
        "against H100-SXM alone, $8/h",
        "6 × L4 + 1 × H100-SXM",
        "95 % must be, search",
        "300 g/h of CO₂",
    ]


def test_without_a_single_type_that_could_nothing_is_saved(solved: Document) -> None:
    for one in solved["explanation"]["single_types"]:
        one["cost_usd_per_hour"] = None

    found = heads.heads(solved)[1]

    assert (found.value, found.note) == ("–", "no single GPU type carries everything")
    assert mix.title(solved) == "No single GPU type carries everything; this plan does for $6/h"


def test_the_best_so_far_is_said_in_words() -> None:
    assert heads.best_so_far({"label": "4 × l4", "cost_usd_per_hour": 6.0}) == (
        ("Fleet so far", "4 × l4"), ("Cost so far", "$6/h"),
    )  # fmt: skip
    assert heads.best_so_far({}) == ()


def test_the_plan_stands_beside_each_type_alone_from_the_cheapest(solved: Document) -> None:
    drawn = mix.figure(solved, LIGHT)

    *bars, ends = drawn.data
    assert [(bar.y[0], bar.x[0], bar.name) for bar in bars] == [
        (0, 2.0, f"{RESERVED}, This plan"), (0, 4.0, f"{SPOT}, This plan"),
        (1, 2.0, f"{RESERVED}, H100-SXM"), (1, 6.0, "h100-sxm, H100-SXM"),
        (2, 9.0, "a100-80, A100-80"),
    ]  # fmt: skip
    assert list(ends.x) == [6.0, 8.0, 9.0]
    assert [note.text for note in drawn.layout.annotations] == ["This plan", "H100-SXM", "A100-80"]
    assert mix.title(solved) == "The mix costs 25 % less than H100-SXM alone, the best single type"


def test_a_type_that_cannot_serve_is_named_with_its_reason(solved: Document) -> None:
    rows = mix.table(solved).rows

    assert rows[0][:4] == ("This plan", "7 GPUs", "$6/h", "")
    assert rows[1] == ("H100-SXM", "2 GPUs", "$8/h", "+33.3 %", f"{RESERVED} $2/h and h100-sxm $6/h")
    assert rows[-1] == ("L4", "–", "–", "", "It cannot serve 501+ in of chat.")


def test_where_one_type_is_as_cheap_the_title_says_so(solved: Document) -> None:
    solved["explanation"]["single_types"][2]["cost_usd_per_hour"] = 6.0

    assert mix.title(solved) == "No mix costs less than H100-SXM alone"


def test_a_type_has_one_colour_and_its_term_a_shade_of_it(solved: Document) -> None:
    bars = mix.figure(solved, LIGHT).data[:-1]

    reserved, spot, again, on_demand, _ = (bar.marker for bar in bars)
    assert types.colours(solved) == {"h100-sxm": "gpu-1", "l4": "gpu-5", "a100-80": "gpu-2"}
    assert reserved.color == again.color == on_demand.color == LIGHT["fig-gpu-1"]
    assert (reserved.pattern.shape, on_demand.pattern.shape) == ("/", None)
    assert spot.color == LIGHT.tint("fig-gpu-5", 0.5)
    assert [(one.label, one.hatched, one.faint) for one in mix.legend(solved)] == [
        ("H100-SXM, reserved", True, False),
        ("H100-SXM, on demand", False, False),
        ("L4, spot", False, True),
        ("A100-80, on demand", False, False),
    ]


def test_two_types_of_one_family_do_not_share_a_colour(solved: Document) -> None:
    solved["spec"] = {"market": [{"gpu": {"name": name}} for name in ("a100-80", "a100-40", "h100-sxm")]}
    solved["explanation"]["single_types"] = []

    found = types.colours(solved)

    assert found["a100-80"] == "gpu-2"
    assert len(set(found.values())) == len(found)


def test_hours_are_stacked_with_what_is_reserved_below(solved: Document) -> None:
    drawn = hours.figure(solved, LIGHT)

    reserved, spot, chat, search = drawn.data
    assert (reserved.name, list(reserved.y)) == (RESERVED, [2.0, 2.0])
    assert (spot.name, list(spot.y)) == (SPOT, [2.0, 6.0])
    assert [a + b for a, b in zip(reserved.y, spot.y, strict=True)] == solved["plan"]["hours"]["cost_usd_by_hour"]
    assert (list(chat.y), list(search.y)) == ([50.0, 100.0], [100.0, 50.0])
    assert hours.title(solved) == "An hour costs $4/h to $8/h, as the demand asks; $2/h of it is reserved"
    assert hours.table(solved).rows[1] == ("1", "$8/h", "1 GPU", "6 GPUs", "10 requests/s", "2 requests/s")


def test_one_hour_has_no_chart_of_hours(solved: Document) -> None:
    solved["plan"]["hours"]["count"] = 1

    assert "hours" not in [chart.name for chart in answer.answer(solved).charts]


def test_sizes_are_drawn_by_service_with_the_weights_of_its_own_busiest_hour(solved: Document) -> None:
    chat, search = sizes.figure(solved, LIGHT).data

    assert [list(line) for line in chat.z] == [[0.0, 0.8], [1.0, 0.2]]
    assert [list(line) for line in search.z] == [[1.0, 1.0]]
    assert (list(chat.x), chat.xaxis, search.xaxis) == (["1-500 in", "501+ in"], "x", "x2")
    assert list(sizes.figure(solved, LIGHT).layout.xaxis.ticktext) == ["1-<br>500 in", "501+ in"]
    assert sizes.title(solved) == "Short requests of chat go to L4, long ones to H100-SXM"
    assert sizes.table(solved).rows[1] == (
        "chat", "501+ in", "25 %", f"80 % {RESERVED}, TP1, FP8; 20 % {SPOT}, TP1, FP8",
    )  # fmt: skip


def test_what_takes_more_of_one_size_than_of_others_is_said(solved: Document) -> None:
    chat, spot = f"chat-{RESERVED}-x1", f"chat-{SPOT}-x1"
    weights = solved["plan"]["routing"][1]["weights"]
    weights["501+ in"] = {chat: 0.4, spot: 0.6}

    said = sizes.title(solved)
    weights["1-500 in"] = {chat: 0.4, spot: 0.6}

    assert said == f"Of 501+ in of chat 40 % goes to {RESERVED}; most of the rest goes to {SPOT}"
    assert sizes.title(solved) == "Requests of every size are spread alike"


def test_the_proof_is_a_point_a_seed_against_the_target(solved: Document) -> None:
    drawn = proof.figure(solved, LIGHT)

    interval, points = drawn.data[2:]
    assert list(points.x) == pytest.approx([95.5, 96.0, 96.5])
    assert list(interval.x) == pytest.approx([94.0, 97.0])
    assert [shape.x0 for shape in drawn.layout.shapes] == [90.0, 95.0]
    assert drawn.layout.xaxis.range[0] < 90
    assert proof.title(solved).startswith(
        "With each of 3 seeds 95.5 % or more of search's requests are good, 95 % must be"
    )


def test_a_seed_below_the_target_is_not_called_holding(solved: Document) -> None:
    solved["plan"]["services"][1]["attainment"]["by_seed"][0] = 0.94

    assert proof.title(solved) == "With some of 3 seeds search misses its target"


def test_unused_offers_stand_with_the_price_at_which_they_enter(solved: Document) -> None:
    way, enters, prices = entry.figure(solved, LIGHT).data

    assert (list(enters.x), list(prices.x), list(way.x)) == ([3.0], [4.0], [3.0, 4.0])
    assert prices.marker.color == (LIGHT["fig-gpu-1"],)
    assert entry.title(solved) == "At $3/h a GPU, 25 % below its price, h100-sxm would be bought"
    assert entry.table(solved).rows[1][4:] == ("–", "Never.")


def test_prices_of_entry_are_shown_only_where_there_are_any(solved: Document) -> None:
    solved["explanation"]["entry_prices"] = solved["explanation"]["entry_prices"][1:]

    assert "entry" not in [chart.name for chart in answer.answer(solved).charts]


def test_the_frontier_holds_the_answer_once_and_says_what_more_room_costs(solved: Document) -> None:
    beaten, line, front, own, _ = frontier.figure(solved, LIGHT).data

    assert [(spot.key, spot.headroom) for spot in spots.spots(solved)] == [
        ("plan", 0.1), ("f2", 0.1), ("f1", 0.4), ("d0", 0.3),
    ]  # fmt: skip
    assert (list(own.x), list(own.y)) == ([10.0], [6.0])
    assert (list(line.x), list(line.y)) == ([10.0, 40.0], [6.0, 9.0])
    assert (len(front.x), len(beaten.x)) == (2, 1)
    assert frontier.title(solved) == "This plan could keep limits 10 % shorter; 40 % would cost $3/h more"
    assert [point.cells for point in frontier.points(solved)][1] == ("3 × h100-sxm", "$7/h", "10 %", "200 g/h of CO₂")


def test_picking_more_room_asks_for_shorter_limits(solved: Document) -> None:
    found = picked(solved, "f1")

    assert found.changes == (
        ("/services/0/slo/ttft", 0.6), ("/services/0/slo/tpot", 0.03), ("/services/1/slo/ttft", 0.3),
    )  # fmt: skip
    assert found.act == "Plan with limits 40 % shorter"
    assert [(one.label, one.picked, one.answer, one.change, one.better) for one in found.numbers][:3] == [
        ("Cost", "$9/h", "$6/h", "+50.0 %", False),
        ("GPUs", "10", "7", "+42.9 %", False),
        ("Head-room of latencies", "40 %", "10 %", "+300.0 %", True),
    ]
    assert [(one.label, one.change) for one in found.breakdown] == [
        (f"GPUs of {SPOT}", "+2"), (f"GPUs of {RESERVED}", "+1"),
    ]  # fmt: skip


def test_picking_another_fleet_asks_for_its_offers_alone_in_a_spec_that_can_be_read(solved: Document) -> None:
    clean, single = picked(solved, "f2"), picked(solved, "a0")

    assert clean.changes == (("/market", [{"term": "reserved", "price": 2.0, "available": 3, "gpu": "h100-sxm"}]),)
    assert single.changes == (("/market", [{"price": 4.0, "gpu": "h100-sxm"}]),)
    assert FleetSpec.model_validate({**sample.SPEC, "market": clean.changes[0][1]}).offers[0].name == RESERVED


def test_an_alternative_that_was_not_simulated_has_no_place_in_the_chart(solved: Document) -> None:
    found = picked(solved, "a0")

    assert math.isnan(found.x)
    assert [one.label for one in found.numbers] == ["Cost", "GPUs"]


def test_the_plan_itself_asks_for_nothing_and_unknown_keys_are_none(solved: Document) -> None:
    assert (picked(solved, "plan").changes, picked(solved, "plan").act) == ((), "")
    assert VIEW.frontier.pick(solved, "f9") is None
    assert VIEW.frontier.pick(solved, "x1") is None


def test_an_answer_without_a_frontier_still_stands_in_its_chart(solved: Document) -> None:
    solved |= {"frontier": [], "dominated": []}

    drawn = frontier.figure(solved, LIGHT)

    assert all(len(trace.x) == 0 for trace in drawn.data)
    assert [point.key for point in frontier.points(solved)] == ["plan"]


def test_runners_up_stand_with_their_offers_and_why_not(solved: Document) -> None:
    answer_, other = choices.choices(solved)

    assert answer_.cells == (("Cost", "$6/h", ""), ("GPUs", "7", ""), ("Offers", f"6 × {SPOT} and 1 × {RESERVED}", ""))
    assert other.cells == (("Cost", "$8/h", ""), ("GPUs", "2", ""), ("Offers", "2 × h100-sxm", ""))
    assert (other.label, other.key, other.why_not) == (
        "2 × h100-sxm", "a0", "33 % dearer: H100-SXM alone.",
    )  # fmt: skip


def test_panels_are_the_services_the_purchases_the_replicas_and_the_weights(solved: Document) -> None:
    services, purchases, replicas, chat, search = panels.panels(solved)

    assert services.table.rows[1][:5] == (
        "search", "Llama 3.1 8B", "4 requests/s", "first token 1 s, a token 50 ms", "95 %",
    )  # fmt: skip
    assert purchases.title == "To buy: $6/h in the mean over the hours"
    assert purchases.table.rows[0] == (SPOT, "L4", "spot", "eu", "2 to 6", "$1/h", "$4/h")
    assert replicas.table.rows[0] == (
        f"chat-{RESERVED}-x1", "1 to 2 × 1 GPU", "TP1, FP8", "256, 8,192", "60 %", "× 0.95",
    )  # fmt: skip
    assert chat.title == "Weights of the router of chat in hour 1, the busiest"
    assert chat.table.rows == (
        ("1-500 in", "75 %", "–", "100\u00a0%"), ("501+ in", "25 %", "80\u00a0%", "20\u00a0%"),
    )  # fmt: skip
    assert search.table.rows[0][2:] == ("100\u00a0%",)


def test_a_table_of_capacities_has_neither_model_nor_settings(solved: Document) -> None:
    solved["plan"]["services"][0]["model"] = None
    solved["plan"]["configurations"][0] |= {"settings": None, "layout": None, "precision": None}

    services, _, replicas, *_ = panels.panels(solved)

    assert services.table.rows[0][1] == "by its table of capacities"
    assert replicas.table.rows[0][3] == "by the table"


def test_measured_replicas_say_how_their_steps_differ(solved: Document) -> None:
    solved["plan"]["configurations"][0]["pace"] = 1.74

    replicas = panels.panels(solved)[2]

    assert replicas.table.columns[-1] == "Step time"
    assert [row[-1] for row in replicas.table.rows] == ["× 1.74", "× 1.00", "× 1.00"]
    assert len(replicas.notes) == 2


def test_replicas_say_what_they_were_calibrated_on_where_a_gpu_has_a_calibration_of_its_own(solved: Document) -> None:
    solved["explanation"]["calibrated"] = [
        {"gpu": "l4", "title": "L4", "calibration": "own-01", "said": "own-01: here"}
    ]
    for one, name in zip(solved["plan"]["configurations"], ("published-02", "own-01", None), strict=True):
        one["calibration"] = name

    replicas = panels.panels(solved)[2]

    assert replicas.table.columns[-1] == "Calibrated on"
    assert [row[-1] for row in replicas.table.rows] == ["published-02", "own-01", "own capacities"]


def test_what_was_simulated_is_told(solved: Document) -> None:
    facts = dict(words.simulated(solved))

    assert facts["Requests"] == "12,000"
    assert facts["The fleet before it was simulated"] == "$5/h, 80 % of the requests good"
    assert facts["Room asked for chat"] == "1.25 times its load"
    assert "Room asked for search" not in facts
    assert facts["What binds and what would change it"] == (
        "told by the capacities and the room that this simulation found: proven anew, costs may differ"
    )
    assert words.worth(solved) == (("L4 on spot", "one more L4: $0.50/h less"),)


def test_hours_that_stand_for_all_are_named(solved: Document) -> None:
    solved["explanation"]["typical_hours"] = [3, 8, 20]

    facts = dict(words.simulated(solved))

    told = facts["What binds and what would change it"]
    assert told.startswith("asked over hours 3, 8 and 20, which stand for all, and told by the capacities")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"usd_per_hour": 0.0}, "one more L4: nothing"),
        ({"usd_per_hour": 0.0, "units": 4, "units_worth": 2.0}, "4 more: $2/h less; one alone nothing"),
        ({"one_more": "10 % of its power"}, "10 % of its power more: $0.50/h less"),
    ],
)
def test_what_more_is_worth_is_said_by_its_unit(solved: Document, changes: Document, said: str) -> None:
    solved["explanation"]["worth"][0] |= changes

    assert words.worth(solved) == (("L4 on spot", said),)


def test_an_infeasible_fleet_names_what_binds_and_what_is_nearest() -> None:
    document = sample.infeasible()["infeasible"]

    assert [words.binding(name) for name in document["binding"]] == ["GPUs at most", "The demand"]
    assert words.binding("/constraints/survive/0 eu-a") == "Carrying all load after a loss (eu-a)"
    assert words.binding("slo/tpot") == "Time per output token"
    assert (words.binding("gpus"), words.binding("table")) == ("GPUs at most", "The table of capacities")
    assert words.nearest(document["nearest"]).label == "4 × l4"
    assert words.nearest(document["nearest"]).facts == (("GPUs at most", "6 GPUs, 4 allowed"),)
    assert words.reason("need too much memory: x") == "need too much memory: x"


def test_fleets_are_compared_by_money_and_type(solved: Document) -> None:
    dear = sample.solved()
    dear["plan"]["offers"][1]["cost_usd_per_hour"] = 5.0

    (chart,) = comparison.compared([("one", solved), ("two", dear), ("none", sample.infeasible())])

    assert chart.title == "H100-SXM makes most of the $3/h between “one” and “two”"
    assert chart.table.columns == ("GPU type", "one", "two")
    assert chart.table.rows == (("H100-SXM", "$2/h", "$5/h"), ("L4", "$4/h", "$4/h"))
    assert chart.without == ("none",)
    assert comparison.title([("one", solved), ("same", solved)]) == "An hour costs as much in every plan"
    assert breakdown.TERMS.axis == "Cost of an hour ($/h)"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_part_of_the_page_can_be_drawn(solved: Document, name: str) -> None:
    page = answer.answer(solved)

    assert [chart.name for chart in page.charts] == ["mix", "proof", "hours", "sizes", "entry"]
    for chart in VIEW.charts:
        assert len(chart.figure(solved, theme(name)).to_json()) > 200
        assert {len(row) for row in chart.table(solved).rows} == {len(chart.table(solved).columns)}
        assert all(entry.label for entry in chart.legend(solved))
    assert {len(panel.table.columns) for panel in page.panels for _ in panel.table.rows} >= {3}
    assert (page.order, page.plan_is) == ("cheapest first", "Fleet")


def test_the_proof_says_all_only_of_all(solved: Document) -> None:
    solved["plan"]["services"] = solved["plan"]["services"][:1]
    attained = solved["plan"]["services"][0]["attainment"]

    attained["by_seed"] = [1.0, 1.0]
    whole = proof.title(solved)
    attained["by_seed"] = [0.9999, 1.0]

    assert whole == "With each of 2 seeds all of chat's requests are good, 90 % must be"
    assert proof.title(solved) == "With each of 2 seeds 99.9 % or more of chat's requests are good, 90 % must be"


def test_one_hour_has_no_busiest(solved: Document) -> None:
    solved["plan"]["hours"] |= {"count": 1, "demand_per_s": {"chat": [10.0], "search": [4.0]}}

    assert panels.panels(solved)[3].title == "Weights of the router of chat"


def test_every_type_has_its_full_colour_in_a_comparison() -> None:
    assert {term.strength for term in breakdown.TERMS.known.values()} == {1.0}
    assert breakdown.TERMS.of("h100-sxm").colour == "gpu-1"


def test_the_proof_rounds_nothing_up_to_all(solved: Document) -> None:
    solved["plan"]["services"][0]["attainment"] |= {"value": 0.9996, "low": 0.9521, "high": 0.9999, "by_seed": [0.9989]}

    assert proof.table(solved).rows[0] == ("chat", "90 %", "99.9 %", "95.2 % – 99.9 %", "99.8 %", "1")
