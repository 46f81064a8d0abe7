"""The tables of a scaling answer that stand for themselves."""

from collections.abc import Iterator

from frontend.figures.base import Panel, Table
from frontend.figures.scaling import asked, kinds, laws, residuals, said
from solvers.documents import Document


def panels(result: Document) -> tuple[Panel, ...]:
    """The laws, what runs differ in, the rules of learning rate and batch, and the runs that are flagged."""
    found = (laws.panel(result), kinds.panel(result), rules(result), flagged(result))
    return tuple(panel for panel in found if panel is not None)


def rules(result: Document) -> Panel | None:
    """What is published of learning rate and batch at this size, with where sources contradict one another."""
    part = asked.part(result, "tuning")
    found = [one for one in part.get("rules") or [] if (one["learning_rate"], one["batch_tokens"]) != (None, None)]
    if not found:
        return None
    rows = tuple(
        (
            one["title"],
            "–" if one["learning_rate"] is None else said.rate(one["learning_rate"]),
            "–" if one["batch_tokens"] is None else f"{said.size(one['batch_tokens'])} tokens",
            one["source"],
        )
        for one in found
    )
    notes = tuple(_noted(one["title"], " ".join(one["caveats"])) for one in found if one["caveats"])
    title = f"What published rules say of {said.size(part['params'])} parameters on {said.size(part['tokens'])} tokens"
    return Panel("rules", title, Table(title, ("Rule", "Learning rate", "Batch", "Source"), rows), notes)


def _noted(title: str, text: str) -> str:
    return text if text.startswith(title) else f"{title}: {text}"


def flagged(result: Document) -> Panel | None:
    """Each flagged run and why."""
    every = asked.parts(result, "flagged")
    entries = [one for one in every if one["code"] not in asked.ORDINARY]
    notes = tuple(_ordinary(len(every) - len(entries)))
    if not entries:
        return None
    rows = tuple(
        (str(one["run"]), residuals.FLAGS.get(one["code"], one["code"].replace("_", " ")), str(one["message"]))
        for one in entries
    )
    count = len({one["run"] for one in entries})
    title = "1 run should be looked at" if count == 1 else f"{count:,} runs should be looked at"
    return Panel("flagged", title, Table("Runs that are flagged", ("Run", "Flag", "Why"), rows), notes)


def _ordinary(count: int) -> Iterator[str]:
    """Runs that are passed over and need no look: those of a sweep that are not its best."""
    if count:
        runs = "1 more run is" if count == 1 else f"{count:,} more runs are"
        yield f"{runs} not the best of the size and length; laws are fitted to the best learning rate and batch."
