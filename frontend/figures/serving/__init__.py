"""How answers of kind `serving` look: headline numbers, latencies, goodput, a replica, the frontier, the runners-up."""

from frontend.figures import terms
from frontend.figures.base import Chart, Sheet
from frontend.figures.serving import (
    bound,
    breakdown,
    choices,
    frontier,
    goodput,
    heads,
    latency,
    memory,
    pools,
    timeline,
    words,
)
from frontend.figures.views import View

VIEW = View(
    heads=heads.heads,
    charts=(
        latency.chart("ttft"),
        latency.chart("tpot"),
        latency.chart("e2e"),
        Chart(
            "goodput",
            goodput.title,
            goodput.figure,
            goodput.table,
            goodput.legend,
            height=goodput.height,
            shown=goodput.shown,
        ),
        Chart("bound", bound.title, bound.figure, bound.table, bound.legend, height=bound.height, shown=bound.shown),
        Chart(
            "breakdown",
            breakdown.title,
            breakdown.TERMS.figure,
            breakdown.TERMS.table,
            breakdown.TERMS.legend,
            height=terms.height,
            shown=breakdown.shown,
        ),
        Chart("memory", memory.title, memory.figure, memory.table, memory.legend, height=memory.height),
        Chart(
            "timeline",
            timeline.title,
            timeline.figure,
            timeline.table,
            timeline.legend,
            height=timeline.height,
            shown=timeline.shown,
            wide=True,
        ),
    ),
    sheets=(Sheet("At the rate asked", words.at_the_rate), Sheet("What was simulated", words.simulated)),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    best_so_far=heads.best_so_far,
    reason=words.reason,
    binding=words.binding,
    nearest=words.nearest,
    proof=words.proof,
    terms=breakdown.TERMS,
    panels=pools.panels,
)
