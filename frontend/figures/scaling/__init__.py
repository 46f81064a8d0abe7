"""How answers of kind `scaling` look: what to train, what to run next, why, and the evidence chart by chart."""

from frontend.figures.base import Sheet, chart
from frontend.figures.scaling import (
    choices,
    doubt,
    fan,
    frontier,
    heads,
    isoflops,
    ladder,
    laws,
    panels,
    recipes,
    residuals,
    spend,
    surface,
    throughput,
    tuning,
    words,
)
from frontend.figures.views import View

VIEW = View(
    heads=heads,
    words=words,
    first=ladder.panels,
    charts=(
        chart("spend", spend),
        chart("doubt", doubt),
        chart("fan", fan, wide=True),
        chart("isoflops", isoflops),
        chart("surface", surface),
        chart("tuning", tuning),
        chart("residuals", residuals),
        chart("laws", laws),
        chart("recipes", recipes),
        chart("throughput", throughput),
    ),
    sheets=(
        Sheet("The big run", words.big_run),
        Sheet("How to train it", words.training),
        Sheet("What the numbers count", words.conventions),
    ),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    proof=words.proof,
    terms=doubt.TERMS,
    panels=panels.panels,
    plan_is="Plan",
    looked_at=("runs read", "are fitted to"),
)
