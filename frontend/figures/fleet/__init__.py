"""How answers of kind `fleet` look: cost, the mix beside single types, the hours, where sizes go, proof, prices."""

from frontend.figures.base import Chart, Sheet
from frontend.figures.fleet import breakdown, choices, entry, frontier, heads, hours, mix, panels, proof, sizes, words
from frontend.figures.views import View

VIEW = View(
    heads=heads.heads,
    charts=(
        Chart("mix", mix.title, mix.figure, mix.table, mix.legend, height=mix.height, shown=mix.shown),
        Chart("proof", proof.title, proof.figure, proof.table, proof.legend, height=proof.height, shown=proof.shown),
        Chart(
            "hours", hours.title, hours.figure, hours.table, hours.legend, height=hours.height, shown=hours.shown,
            wide=True,
        ),
        Chart(
            "sizes", sizes.title, sizes.figure, sizes.table, sizes.legend, height=sizes.height, shown=sizes.shown,
            wide=True,
        ),
        Chart("entry", entry.title, entry.figure, entry.table, entry.legend, height=entry.height, shown=entry.shown),
    ),
    sheets=(Sheet("What was simulated", words.simulated), Sheet("What one more would be worth", words.worth)),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    best_so_far=heads.best_so_far,
    reason=words.reason,
    binding=words.binding,
    nearest=words.nearest,
    proof=words.proof,
    terms=breakdown.TERMS,
    panels=panels.panels,
    plan_is="Fleet",
    seen="Requests simulated",
    looked_at=("setups of a replica looked at", "may be part of a fleet"),
)  # fmt: skip
