"""How answers of kind `training` look: headline numbers, time, memory, the frontier, the runners-up."""

from frontend.figures import terms
from frontend.figures.base import Chart, Sheet, chart
from frontend.figures.training import breakdown, choices, frontier, heads, islands, memory, timeline, whole, words
from frontend.figures.views import View

VIEW = View(
    heads=heads,
    words=words,
    charts=(
        Chart(
            "breakdown",
            breakdown.title,
            breakdown.TERMS.figure,
            breakdown.TERMS.table,
            breakdown.TERMS.legend,
            height=terms.height,
        ),
        chart("memory", memory),
        chart("timeline", timeline, wide=True),
        chart("run", whole),
    ),
    sheets=(Sheet("The whole run: failures, checkpoints, energy", whole.facts),),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    terms=breakdown.TERMS,
    panels=islands.panels,
)
