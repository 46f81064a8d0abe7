"""`isoflop forecast`: freeze what an answer says before the run, score it after, and check what was frozen."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.exits import Exit, Stop, usage
from planner.cli.ids import forecast_id, is_id, run_id
from planner.cli.output import Form, data
from planner.cli.server_address import connect
from solvers.errors import Problem

if TYPE_CHECKING:
    from planner.exports.cells import Table

Document = dict[str, Any]
HELP = "Freeze a forecast before the big run, score it after, check its digest."
app = typer.Typer(no_args_is_help=True, help=HELP)

Forecast = Annotated[str, typer.Argument(metavar="ID", help="As `isoflop forecast list` shows it.")]
Shown = Annotated[Form, typer.Option("--output", "-o", help="How to print it.")]
Digest = Annotated[str, typer.Option(metavar="SHA256", help="The digest as it was published; what counts, if given.")]
Time = Annotated[str, typer.Option(metavar="TIME", help="2026-11-22T10:30:00Z, with its zone; now if left out.")]


@app.command()
def freeze(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a solved run that forecasts a loss.")],
    *,
    name: Annotated[str, typer.Option(help="What to call it; the run's own name if left out.")] = "",
    note: Annotated[str, typer.Option(help="What else to remember.")] = "",
    output: Shown = Form.TABLE,
) -> None:
    """Freeze the forecast of a solved run; publish the digest where others can see when."""
    with connect() as client:
        found = client.post("forecasts", {"run": run_id(run), "name": name, "note": note})
    data(found, output, _whole(found))


@app.command("list")
def list_(
    *,
    project: Annotated[str, typer.Option(help="Project; the token's own if left out.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20,
    output: Shown = Form.TABLE,
) -> None:
    """List forecasts, latest first, with what came of them."""
    asked = {"limit": min(limit, 200)} | ({"project": project} if project else {})
    with connect() as client:
        found = [each for _, each in zip(range(limit), client.pages("forecasts", asked), strict=False)]
    data(found, output, _table(found))


@app.command()
def calibration(
    *,
    project: Annotated[str, typer.Option(help="Project; the token's own if left out.")] = "",
    output: Shown = Form.YAML,
) -> None:
    """Show how well the project's forecasts hold: the share inside their intervals, and their errors."""
    with connect() as client:
        data(client.get("forecasts/calibration", {"project": project} if project else {}), output)


@app.command()
def show(forecast: Forecast, output: Shown = Form.TABLE) -> None:
    """Show a forecast with its outcomes; `-o json` gives what `verify` reads."""
    with connect() as client:
        found = client.get(f"forecasts/{forecast_id(forecast)}")
    data(found, output, _whole(found))


@app.command()
def score(
    forecast: Forecast,
    *,
    loss: Annotated[float, typer.Option(help="What was measured, in the forecast's unit.")],
    params: Annotated[float | None, typer.Option(help="Parameters of the run that was made.")] = None,
    tokens: Annotated[float | None, typer.Option(help="Tokens that it was trained on.")] = None,
    measured_at: Time = "",
    note: Annotated[str, typer.Option(help="What else to remember.")] = "",
    reason: Annotated[str, typer.Option(help="Why this corrects the outcome before it.")] = "",
    output: Shown = Form.TABLE,
) -> None:
    """Record what was measured and score the forecast by it; once, and again only with --reason."""
    asked = {"loss": loss, "params": params, "tokens": tokens, "note": note, "reason": reason}
    body = {key: value for key, value in asked.items() if value not in (None, "")} | _measured_at(measured_at)
    with connect() as client:
        found = client.post(f"forecasts/{forecast_id(forecast)}/outcome", body)
    data(found, output, _whole(found))


@app.command()
def verify(
    source: Annotated[
        str, typer.Argument(metavar="FILE|ID", help="A file with a forecast as JSON, or a forecast's id.")
    ],
    *,
    digest: Digest = "",
) -> None:
    """Compute a forecast's digest again, here: exit code 4 where it is not the one beside it, or not --digest."""
    from solvers.forecasts.statement import check  # noqa: PLC0415 -- PyYAML is slow to import

    checked = check(_given(source), published=digest)
    if not checked.holds:
        message = f"The statement has the digest {checked.digest}, not {checked.claimed}."
        raise Stop(
            Exit.POLICY, Problem("digest", message, "", "What was published is what was frozen; this is not it.")
        )
    typer.echo(f"{checked.digest}  frozen at {checked.frozen_at}")
    if not checked.claimed:
        typer.echo("Compare it with the one that was published, or give that with --digest.", err=True)


def _given(source: str) -> Document:
    from planner.cli.specs import content  # noqa: PLC0415 -- PyYAML is slow to import
    from solvers.documents import read  # noqa: PLC0415 -- PyYAML is slow to import

    if source == "-" or Path(source).exists() or not is_id(source):
        return read(content(source, hint="Give a forecast's id, a file with one as JSON, or - for stdin."))
    with connect() as client:
        found: Document = client.get(f"forecasts/{source}")
    return found


def _measured_at(text: str) -> Document:
    if not text:
        return {}
    moment = _moment(text)
    if moment is None or moment.tzinfo is None:
        hint = "Write it as 2026-11-22T10:30:00Z."
        raise usage("measured_at", f"'{text}' is no time with a time zone.", hint, at="--measured-at")
    return {"measured_at": moment.isoformat()}


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _table(found: list[Document]) -> "Table":
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    rows = tuple(
        (each["id"], each["name"], each["frozen_at"][:10], f"{each['loss']['value']:.4g}", _came(each["outcome"]))
        for each in found
    )
    return Table("Forecasts", ("id", "name", "frozen", "loss", "outcome"), rows)


def _whole(found: Document) -> "Table":
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    target = found["target"]
    facts = [
        ("id", found["id"]),
        ("frozen", f"{found['frozen_at']} by {found['frozen_by']}"),
        ("digest", found["digest"]),
        ("loss", f"{_interval(found)} {target['loss_unit']}, at {100 * found['level']:.0f} %"),
        ("at", f"{target['params']:.4g} parameters ({target['counts']}), {target['tokens']:.4g} tokens"),
        ("laws", ", ".join(f"{name} {100 * weight:.0f} %" for name, weight in found["document"]["laws"].items())),
        *((f"outcome {each['number']}", f"{_came(each)} {each['reason']}".strip()) for each in found["outcomes"]),
    ]
    return Table(found["name"], ("what", "is"), tuple(facts))


def _interval(found: Document) -> str:
    loss = found["loss"]
    return f"{loss['value']:.4g} ({loss['low']:.4g} to {loss['high']:.4g})"


def _came(outcome: Document | None) -> str:
    if outcome is None:
        return "awaited"
    score = outcome["score"]
    apart = {"other_size": ", a run of another size", "before_frozen": ", measured before it was frozen"}
    where = "inside" if score["inside"] else "outside"
    return f"{outcome['loss']:.4g}: {where}, {score['relative_error']:+.2%}{apart.get(score['apart'], '')}"
