"""How answers of kind `training` look: headline numbers, time, memory, the frontier, the runners-up."""

from frontend.figures import terms
from frontend.figures.base import Chart, Sheet
from frontend.figures.training import breakdown, choices, frontier, heads, islands, memory, timeline, whole, words
from frontend.figures.views import View

VIEW = View(
    heads=heads.heads,
    charts=(
        Chart(
            "breakdown",
            breakdown.title,
            breakdown.TERMS.figure,
            breakdown.TERMS.table,
            breakdown.TERMS.legend,
            height=terms.height,
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
        Chart("run", whole.title, whole.figure, whole.table, whole.legend, height=whole.height, shown=whole.shown),
    ),
    sheets=(Sheet("The whole run: failures, checkpoints, energy", whole.facts),),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    best_so_far=heads.best_so_far,
    reason=words.reason,
    binding=words.binding,
    nearest=words.nearest,
    terms=breakdown.TERMS,
    panels=islands.panels,
)
