"""How answers of kind `scaling` look: what to train, what to run next, why, and the evidence chart by chart."""

from types import ModuleType

from frontend.figures.base import Chart, Sheet
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


def _chart(name: str, part: ModuleType, *, wide: bool = False) -> Chart:
    return Chart(
        name, part.title, part.figure, part.table, part.legend, height=part.height, shown=part.shown, wide=wide
    )


VIEW = View(
    heads=heads.heads,
    first=ladder.panels,
    charts=(
        _chart("spend", spend),
        _chart("doubt", doubt),
        _chart("fan", fan, wide=True),
        _chart("isoflops", isoflops),
        _chart("surface", surface),
        _chart("tuning", tuning),
        _chart("residuals", residuals),
        _chart("laws", laws),
        _chart("recipes", recipes),
        _chart("throughput", throughput),
    ),
    sheets=(
        Sheet("The big run", words.big_run),
        Sheet("How to train it", words.training),
        Sheet("What the numbers count", words.conventions),
    ),
    frontier=frontier.FRONTIER,
    choices=choices.choices,
    best_so_far=heads.best_so_far,
    reason=words.reason,
    binding=words.binding,
    nearest=words.nearest,
    proof=words.proof,
    terms=doubt.TERMS,
    panels=panels.panels,
    plan_is="Plan",
    looked_at=("runs read", "are fitted to"),
)
