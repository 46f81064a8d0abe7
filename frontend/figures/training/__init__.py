"""How answers of kind `training` look: headline numbers, time, memory, the frontier, the runners-up."""

from frontend.figures.base import Chart, View
from frontend.figures.training import breakdown, choices, frontier, heads, memory, timeline, words

VIEW = View(
    heads=heads.heads,
    charts=(
        Chart(
            "breakdown", breakdown.title, breakdown.figure, breakdown.table, breakdown.legend, height=breakdown.height
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
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    best_so_far=heads.best_so_far,
    reason=words.reason,
    binding=words.binding,
    nearest=words.nearest,
)
