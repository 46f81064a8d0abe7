"""`isoflop measure`: one recipe on this machine, without a server; or the same as a Kubernetes Job."""

from pathlib import Path
from typing import Annotated, Any

import typer

from planner.cli.exits import usage
from planner.cli.output import Form

File = Path | None
PRINTED = "table for recipes, json for a measurement"


def measure(
    recipe: Annotated[str, typer.Argument(metavar="[RECIPE]", help="What; without it all are listed.")] = "",
    *,
    params: Annotated[File, typer.Option(exists=True, dir_okay=False, help="Its parameters, YAML or JSON.")] = None,
    request: Annotated[File, typer.Option(exists=True, dir_okay=False, help="Recipe and its parameters.")] = None,
    kubernetes: Annotated[bool, typer.Option("--kubernetes", help="Print a Job instead of measuring.")] = False,
    image: Annotated[str, typer.Option(help="With --kubernetes: an image with isoflop[node].")] = "",
    nodes: Annotated[int, typer.Option(min=1, help="Over how many machines the processes are spread.")] = 1,
    meet: Annotated[str, typer.Option(help="With --nodes: host:port of the first machine.")] = "",
    output: Annotated[
        Form | None, typer.Option("--output", "-o", help="How to print it.", show_default=PRINTED)
    ] = None,
) -> None:
    """Measure RECIPE here and print the measurement."""
    from solvers import documents, recipes  # noqa: PLC0415 -- pydantic is slow to import

    if not recipe and request is None:
        _list(output or Form.TABLE)
        return
    asked: dict[str, Any] = documents.read(request.read_bytes()) if request else {"recipe": recipe}
    if params:
        asked["params"] = documents.read(params.read_bytes())
    name, version, wanted = str(asked.get("recipe", "")), asked.get("version"), asked.get("params", {})
    if kubernetes:
        from solvers.recipes.kubernetes import manifest  # noqa: PLC0415 -- rarely

        if not image:
            raise usage("no_image", "A Job needs a container image.", "Give --image NAME, with isoflop[node] in it.")
        typer.echo(manifest(recipes.get(name, version), wanted, image=image), nl=False)
        return
    _measure(name, version, wanted, nodes=nodes, meet=meet, output=output or Form.JSON)


def _measure(name: str, version: int | None, params: Any, *, nodes: int, meet: str, output: Form) -> None:
    from jobs.agent.command import Spread  # noqa: PLC0415 -- slow import
    from jobs.agent.measuring import measured  # noqa: PLC0415 -- slow import
    from planner.cli.output import data  # noqa: PLC0415 -- slow import

    if nodes > 1 and ":" not in meet:
        raise usage("no_meeting", "Several machines must know where to meet.", "Give --meet HOST:PORT, the first's.")
    found = measured(name, version, params, spread=Spread(nodes, meet) if nodes > 1 else None)
    if found is not None:
        data(found, output)


def _list(output: Form) -> None:
    from planner.cli.output import data  # noqa: PLC0415 -- slow import
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import
    from solvers import recipes  # noqa: PLC0415 -- pydantic is slow to import

    known = [
        {"name": recipe.name, "version": recipe.version, "summary": recipe.summary, "params": recipe.schema()}
        for recipe in recipes.KNOWN.values()
    ]
    rows = tuple((recipe.name, str(recipe.version), recipe.summary) for recipe in recipes.KNOWN.values())
    data(known, output, Table("Recipes", ("name", "version", "what it measures"), rows))
