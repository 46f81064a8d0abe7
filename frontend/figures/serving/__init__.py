"""How answers of kind `serving` look: headline numbers, latencies, goodput, a replica, the frontier, the runners-up."""

from frontend.figures import terms
from frontend.figures.base import Chart, Sheet, chart
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
    heads=heads,
    words=words,
    charts=(
        latency.chart("ttft"),
        latency.chart("tpot"),
        latency.chart("e2e"),
        chart("goodput", goodput),
        chart("bound", bound),
        Chart(
            "breakdown",
            breakdown.title,
            breakdown.TERMS.figure,
            breakdown.TERMS.table,
            breakdown.TERMS.legend,
            height=terms.height,
            shown=breakdown.shown,
        ),
        chart("memory", memory),
        chart("timeline", timeline, wide=True),
    ),
    sheets=(Sheet("At the rate asked", words.at_the_rate), Sheet("What was simulated", words.simulated)),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    proof=words.proof,
    terms=breakdown.TERMS,
    panels=pools.panels,
)
