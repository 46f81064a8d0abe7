"""Figures of a serving answer: the data first, then the traces."""

from copy import deepcopy

import pytest

from frontend import figures
from frontend.figures import answer
from frontend.figures.base import Pick
from frontend.figures.serving import (
    bound,
    breakdown,
    choices,
    frontier,
    goodput,
    heads,
    latency,
    memory,
    timeline,
    words,
)
from frontend.figures.serving import pools as pools_of
from frontend.figures.theme import theme
from solvers.documents import Document
from tests.frontend.figures.serving import sample

VIEW = figures.view("serving")
LIGHT = theme("light")


@pytest.fixture
def solved() -> Document:
    return sample.solved()


@pytest.fixture
def apart() -> Document:
    return sample.disaggregated()


def test_the_five_numbers_stand_with_their_intervals_and_limits(solved: Document) -> None:
    found = heads.heads(solved)

    assert [(head.title, head.value, head.unit) for head in found] == [
        ("Goodput per GPU", "1.88", "requests/s"),
        ("Cost of a million tokens", "$2.10", ""),
        ("Time to first token, p90", "312", "ms"),
        ("Time per token, p90", "32", "ms"),
        ("GPUs", "8", "of 16"),
    ]
    assert [head.note for head in found] == [
        "15 /s in all, 12 /s asked", "of output, at 2.64k tokens/s", "limit 500 ms", "limit 50 ms", "$20/h",
    ]  # fmt: skip
    assert (found[2].interval, found[4].high) == ("281 – 343 ms", 50.0)


def test_the_latencies_on_top_are_those_of_the_share_that_was_asked(solved: Document) -> None:
    solved["spec"] = {**solved["spec"], "slo": {"ttft": 0.5, "tpot": 0.05, "attainment": 0.99}}

    assert [head.title for head in heads.heads(solved)][2:4] == ["Time to first token, p99", "Time per token, p99"]


def test_without_a_price_the_rate_of_tokens_stands_for_it(solved: Document) -> None:
    del solved["estimates"]["usd_per_million_tokens"]
    solved["plan"]["usd_per_hour"] = None

    found = heads.heads(solved)

    assert (found[1].title, found[1].value, found[4].note) == ("Tokens per GPU", "330", "no price known")


def test_the_best_so_far_is_said_in_words() -> None:
    assert heads.best_so_far({"label": "4 × TP2", "gpus": 8, "tpot_p90_s": 0.032, "cost_usd_per_hour": 20.0}) == (
        ("Best so far", "4 × TP2"),
        ("GPUs", "8"),
        ("Time per output token, p90", "32 ms"),
        ("Cost", "$20/h"),
    )
    assert heads.best_so_far({}) == ()


def test_a_latency_is_drawn_as_its_distribution_with_the_limit_across(solved: Document) -> None:
    held = solved["explanation"]["latency"]["ttft"]

    drawn = latency.figure(solved, LIGHT, "ttft")

    band, line = drawn.data
    assert list(line.x) == pytest.approx([1000 * seconds for _, seconds in held["quantiles"]])
    assert list(line.y) == pytest.approx([100 * share for share, _ in held["quantiles"]])
    assert list(band.x) == pytest.approx([1000 * value for value in (*held["low"], *reversed(held["high"]))])
    assert drawn.layout.shapes[0].x0 == 500
    assert drawn.layout.xaxis.title.text == "Time to first token (ms)"


def test_a_latencys_title_says_who_keeps_the_limit(solved: Document) -> None:
    points = {"quantiles": [[0.1, 1.0], [0.5, 2.0], [0.9, 4.0]], "low": [], "high": []}

    def title(limit: float | None) -> str:
        solved["explanation"]["latency"]["e2e"] = {**points, "slo_s": limit}
        return latency.title(solved, "e2e")

    assert title(3.0) == "Whole answer: 70 % keep the limit of 3 s"
    assert title(0.5) == "Whole answer: 0 % keep the limit of 500 ms"
    assert title(5.0) == "Whole answer: more than 90 % keep the limit of 5 s"
    assert title(None) == "Whole answer: half within 2 s, 90 % within 4 s"


def test_whole_answers_are_drawn_only_where_a_limit_was_asked(solved: Document) -> None:
    names = [chart.name for chart in answer.answer(solved).charts]
    solved["explanation"]["latency"]["e2e"]["slo_s"] = 12.0

    assert "e2e" not in names
    assert "e2e" in [chart.name for chart in answer.answer(solved).charts]


def test_the_curve_has_its_band_its_target_and_the_rate_asked(solved: Document) -> None:
    curve = solved["explanation"]["goodput_curve"]

    drawn = goodput.figure(solved, LIGHT)

    band, line, best = drawn.data
    assert list(line.x) == [point["rate_per_s"] for point in curve["points"]]
    assert list(line.y) == [100 * point["attainment"] for point in curve["points"]]
    assert len(band.x) == 2 * len(line.x)
    assert (best.x[0], best.y[0]) == pytest.approx((15.0, 90.0))
    assert [shape.y0 for shape in drawn.layout.shapes] == [90, 0]
    assert drawn.layout.shapes[1].x0 == 12


def test_the_band_lies_between_the_ends_of_the_calibration_and_holds_the_draws_of_the_traffic(solved: Document) -> None:
    curve = solved["explanation"]["goodput_curve"]
    curve["worse"] = [[[8, 0.97], [10, 0.9], [12, 0.93], [14, 0.5]], [[8, 0.99], [20, 0.99]]]
    curve["better"] = [[[12, 1.0], [20, 0.9], [24, 0.0]], [[2, 1.0], [16, 0.0]]]

    ends = {rate: (low, high) for rate, low, high in goodput.bounds(curve)}

    assert ends[2] == (0.97, 1.0)
    assert ends[12] == pytest.approx((0.9, 1.0))
    assert ends[15] == pytest.approx((0.3, 0.9625))
    assert ends[18] == pytest.approx((0.0, 0.925))
    assert (ends[20], ends[24]) == ((0.0, 0.9), (0.0, 0.0))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (12.0, "15 requests/s keep their limits: 25 % more than the 12 requests/s asked"),
        (15.0, "15 requests/s keep their limits: just the rate asked"),
        (5.0, "15 requests/s keep their limits: 3.0 times the 5 requests/s asked"),
        (20.0, "15 requests/s keep their limits: less than the 20 requests/s asked"),
    ],
)
def test_the_curves_title_is_what_is_to_spare(solved: Document, asked: float, said: str) -> None:
    solved["plan"]["rate_per_s"] = asked

    assert goodput.title(solved) == said


def test_the_bounds_stand_from_the_tightest_with_what_is_reached_first(solved: Document) -> None:
    drawn = bound.figure(solved, LIGHT)

    assert list(drawn.data[0].y) == ["This plan", "Memory bandwidth", "Arithmetic", "Network"]
    assert list(drawn.data[0].x) == [330, 1100, 7000, 9000]
    assert bound.title(solved) == "Reaches 30 % of what memory bandwidth would allow"
    assert [row[2] for row in bound.table(solved).rows] == ["100 %", "30 %", "5 %", "4 %"]


def test_a_bound_that_does_not_exist_is_left_out(solved: Document) -> None:
    solved["explanation"]["bound"]["network_tokens_per_s_per_gpu"] = None

    assert len(bound.figure(solved, LIGHT).data[0].x) == 3
    assert not bound.shown({"explanation": {}})


def test_the_parts_of_a_decode_step_add_up_in_milliseconds(solved: Document) -> None:
    drawn = breakdown.TERMS.figure(solved, LIGHT)

    assert sum(trace.x[0] for trace in drawn.data) == pytest.approx(20)
    assert drawn.layout.xaxis.title.text == "Time of a decode step (ms)"
    assert breakdown.title(solved) == (
        "A decode step of 20 ms is 50 % reading weights and 30 % attention over the KV cache"
    )


def test_memory_is_stacked_by_pool_and_adds_up(apart: Document) -> None:
    drawn = memory.figure(apart, LIGHT)

    assert [trace.name for trace in drawn.data] == ["Weights", "KV cache", "Activations", "Runtime and graphs"]
    assert [sum(trace.x[row] for trace in drawn.data) for row in (0, 1)] == [72, 72]
    assert [shape.x0 for shape in drawn.layout.shapes] == [80, 80]
    assert [row[0] for row in memory.table(apart).rows] == ["Prefill", "Decode"]


def test_a_replica_is_three_lines_over_one_time(solved: Document) -> None:
    held = solved["explanation"]["timeline"]

    drawn = timeline.figure(solved, LIGHT)

    assert [trace.name for trace in drawn.data] == ["Running", "KV cache", "Waiting"]
    assert [list(trace.x) for trace in drawn.data] == [held["end_s"]] * 3
    assert list(drawn.data[1].y) == pytest.approx([100 * share for share in held["kv_share"]])
    assert len(timeline.table(solved).rows) == 4


def test_a_plan_in_two_pools_shows_a_replica_of_each(apart: Document) -> None:
    drawn = timeline.figure(apart, LIGHT)

    assert [trace.name for trace in drawn.data] == [
        "Prompt tokens", "KV cache", "Waiting", "Running", "KV cache", "Waiting",
    ]  # fmt: skip
    assert timeline.title(apart).startswith("A replica of decode runs up to ")
    assert timeline.title(apart).endswith("; at most 3 wait for prefill and 3 for decode")
    assert [drawn.layout[f"yaxis{axis}"].title.text for axis in ("", 2)] == [
        "Prefill:<br>prompt tokens", "Prefill:<br>KV cache (%)",
    ]  # fmt: skip
    assert [row[0].split(",")[0] for row in timeline.table(apart).rows] == ["Prefill"] * 4 + ["Decode"] * 4


def test_what_is_counted_has_no_ticks_between_whole_numbers(solved: Document) -> None:
    held = solved["explanation"]["timeline"]
    held["waiting"] = [min(one, 1) for one in held["waiting"]]

    some = timeline.figure(solved, LIGHT).layout.yaxis3
    held["waiting"] = [0] * len(held["waiting"])
    none = timeline.figure(solved, LIGHT).layout.yaxis3

    assert (some.dtick, some.range, none.dtick, none.range) == (1, (0, 1.1), 1, (0, 1.1))
    assert timeline.title(solved).endswith("; nothing waits")


def test_a_chart_that_would_stand_alone_before_a_wide_one_is_wide(solved: Document) -> None:
    even = [chart.name for chart in answer.answer(solved).charts if chart.wide]
    solved["explanation"]["latency"]["e2e"]["slo_s"] = 12.0

    assert (even, [chart.name for chart in answer.answer(solved).charts if chart.wide]) == (
        ["timeline"], ["memory", "timeline"],
    )  # fmt: skip


def test_a_chart_that_would_stand_alone_before_the_tables_is_wide(solved: Document) -> None:
    solved["explanation"]["timeline"] = []

    charts = answer.answer(solved).charts

    assert [chart.name for chart in charts] == ["ttft", "tpot", "goodput", "bound", "breakdown", "memory"]
    assert not any(chart.wide for chart in charts)
    solved["explanation"]["bound"] = {}
    assert [chart.name for chart in answer.answer(solved).charts if chart.wide] == ["memory"]


def test_how_far_the_best_may_be_is_told_whatever_the_objective_counts(solved: Document) -> None:
    solved["search"]["optimality_gap"] = 0.25

    assert answer.searched(solved).endswith("the best may be up to 25 % better; no more is proven.")
    assert words.proof(0.0) == "Of all plans that the screen kept, none that could be better is left undecided."


def test_the_frontier_draws_every_spot_once_and_ends_on_an_empty_ring(solved: Document) -> None:
    drawn = frontier.figure(solved, LIGHT)

    assert [trace.name for trace in drawn.data] == [
        "Beaten on every count", "Cheapest for its speed", "On the frontier", "This plan", "Limit", "Picked",
    ]  # fmt: skip
    keys = [point[0] for trace in drawn.data if trace.customdata is not None for point in trace.customdata]
    assert sorted(keys) == sorted(spot.key for spot in frontier.spots(solved))
    assert list(drawn.data[1].x) == pytest.approx([16, 22, 32])
    assert list(drawn.data[1].y) == [40, 30, 20]
    assert len(drawn.data[-1].x) == 0
    assert frontier.title(solved) == "50 % less time a token costs $20/h more"


def test_without_prices_the_frontier_counts_gpus(solved: Document) -> None:
    solved["plan"]["usd_per_hour"] = None
    for entry in (solved, *solved["frontier"], *solved["dominated"]):
        del entry["estimates"]["cost_usd_per_hour"]
        entry.get("objectives", {}).pop("cost_usd_per_hour", None)

    assert frontier.figure(solved, LIGHT).layout.yaxis.title.text == "GPUs"
    assert frontier.title(solved) == "50 % less time a token costs 8 more GPUs"
    assert {row.cells[3] for row in frontier.points(solved)} == {"8 GPUs", "12 GPUs", "16 GPUs"}


def test_a_picked_plan_shows_its_numbers_beside_the_answers(solved: Document) -> None:
    picked = frontier.pick(solved, "f1")

    assert isinstance(picked, Pick)
    assert (picked.x, picked.y) == pytest.approx((22.0, 30.0))
    told = {one.label: (one.picked, one.answer, one.better) for one in picked.numbers}
    assert told["GPUs"] == ("12", "8", False)
    assert told["Time per output token, p90"] == ("22 ms", "32 ms", True)
    assert told["Within all limits"] == ("96 %", "96 %", None)
    assert picked.changes[0][0] == "/options/fix"


@pytest.mark.parametrize("key", ["f99999", "x0", "f-1", "f", "", "a٣"])
def test_a_key_of_no_point_picks_nothing(solved: Document, key: str) -> None:
    assert frontier.pick(solved, key) is None


def test_names_in_a_figure_are_text_and_not_markup(solved: Document) -> None:
    solved["plan"]["label"] = "<img src=x onerror=alert(1)>"

    assert "<img" not in frontier.figure(solved, LIGHT).to_json()


def test_the_answer_leads_its_runners_up(solved: Document) -> None:
    rows = choices.choices(solved)

    assert [(row.key, row.why_not) for row in rows] == [("plan", "this plan"), ("a0", "costs $10/h more")]
    assert [cell[:2] for cell in rows[1].cells] == [
        ("GPUs", "12"), ("Goodput per GPU", "1.88 /s"), ("Cost", "$30/h"), ("Per million tokens", "$2.10"),
        ("TTFT p90", "200 ms"), ("TPOT p90", "22 ms"),
    ]  # fmt: skip


def test_pools_are_a_table_with_what_goes_between_them(apart: Document) -> None:
    (panel,) = pools_of.panels(apart)

    assert panel.title == "5 replicas of vLLM 0.19.0: prompts and answers on GPUs of their own"
    assert [row[:4] for row in panel.table.rows] == [
        ("Prefill", "2 × 4 GPUs", "TP4", "FP8, KV FP8"),
        ("Decode", "3 × 2 GPUs", "TP2", "BF16, KV 16 bit"),
    ]
    assert panel.notes[1] == "164 kB of KV cache a token of the prompt go from prefill to decode at 45 GB/s."


def test_adapters_and_drafts_are_told_beside_the_pools(solved: Document) -> None:
    solved["plan"]["adapters"] = {"count": 8, "rank": 16}
    solved["plan"]["pools"][0]["engine"]["speculation"] = {"tokens": 3, "acceptance": 0.7}

    (panel,) = pools_of.panels(solved)

    assert panel.notes[1:] == (
        "8 LoRA adapters of rank 16 beside the weights of each replica.",
        "3 tokens are drafted at a time; each is accepted with 70 %.",
    )


def test_what_binds_and_what_misses_is_said_in_words() -> None:
    impossible = sample.infeasible()

    found = words.nearest(impossible["infeasible"]["nearest"])

    assert (found.label, found.facts) == ("1 × TP8, FP8", (("Time per output token", "4.2 ms at best, 2 ms asked"),))
    assert [words.binding(name) for name in ("ttft_s", "slo/tpot", "gpus", "memory: weights", "own_rule")] == [
        "Time to the first token", "Time per output token", "The number of GPUs", "Memory, most of it for weights",
        "Own rule",
    ]  # fmt: skip
    assert words.reason("memory: weights").startswith("need too much memory")
    assert words.reason("miss the TPOT limit") == "miss the TPOT limit"


@pytest.mark.parametrize("make", [sample.solved, sample.disaggregated])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_chart_is_drawn_small_with_a_finding_a_table_and_a_legend(make, colours: str) -> None:
    result = make()
    before = deepcopy(result)

    charts = [chart for chart in VIEW.charts if chart.shown(result)]

    assert [chart.name for chart in charts] == [
        "ttft", "tpot", "goodput", "bound", "breakdown", "memory", "timeline",
    ]  # fmt: skip
    for chart in charts:
        assert len(chart.figure(result, theme(colours)).to_json()) < 100_000
        table = chart.table(result)
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert chart.title(result)
        assert chart.legend(result) or chart.name == "bound"
        assert chart.height(result) > 0
    assert result == before


def test_colours_of_two_replicas_are_said_once(apart: Document) -> None:
    assert [entry.label for entry in timeline.legend(apart)] == ["Prompt tokens, running", "KV cache", "Waiting"]
