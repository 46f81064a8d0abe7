"""How answers of kind `fleet` look: cost, the mix beside single types, the hours, where sizes go, proof, prices."""

from frontend.figures.base import Sheet, chart
from frontend.figures.fleet import breakdown, choices, entry, frontier, heads, hours, mix, panels, proof, sizes, words
from frontend.figures.views import View

VIEW = View(
    heads=heads,
    words=words,
    charts=(
        chart("mix", mix),
        chart("proof", proof),
        chart("hours", hours, wide=True),
        chart("sizes", sizes, wide=True),
        chart("entry", entry),
    ),
    sheets=(Sheet("What was simulated", words.simulated), Sheet("What one more would be worth", words.worth)),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    proof=words.proof,
    terms=breakdown.TERMS,
    panels=panels.panels,
    plan_is="Fleet",
    seen="Requests simulated",
    looked_at=("setups of a replica looked at", "may be part of a fleet"),
)
