"""The tables of a scaling answer that stand for themselves."""

from frontend.figures.base import Panel, Table
from frontend.figures.scaling import asked, laws, residuals
from solvers.documents import Document


def panels(result: Document) -> tuple[Panel, ...]:
    """The laws, and the runs that are flagged."""
    return tuple(panel for panel in (laws.panel(result), flagged(result)) if panel is not None)


def flagged(result: Document) -> Panel | None:
    """Each flagged run and why."""
    entries, runs = asked.parts(result, "flagged"), asked.parts(result, "runs")
    if not entries:
        return None
    rows = tuple(
        (_name(one, runs), residuals.FLAGS.get(one["code"], one["code"].replace("_", " ")), str(one["message"]))
        for one in entries
    )
    count = len({one["run"] for one in entries})
    title = "1 run should be looked at" if count == 1 else f"{count:,} runs should be looked at"
    return Panel("flagged", title, Table("Runs that are flagged", ("Run", "Flag", "Why"), rows))


def _name(one: Document, runs: list[Document]) -> str:
    place = int(one["run"])
    return str(runs[place]["name"]) if 0 <= place < len(runs) else f"run {place + 1}"
