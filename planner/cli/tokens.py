"""`isoflop tokens`: the tokens that let programs speak for a project."""

from typing import Annotated

import typer

from planner.cli.output import Form, data
from planner.cli.server_address import connect

app = typer.Typer(no_args_is_help=True, help="List, issue and revoke tokens (with a token of scope admin).")

Shown = Annotated[Form, typer.Option("--output", "-o", help="How to print it.")]


@app.command("list")
def list_(output: Shown = Form.TABLE) -> None:
    """List the project's tokens; their secrets were shown once and are not kept."""
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    with connect() as client:
        found = client.get("tokens")["items"]
    rows = tuple(
        (str(token["id"]), token["name"], token["prefix"], " ".join(token["scopes"]), token["expires"] or "never")
        for token in found
    )
    data(found, output, Table("Tokens", ("id", "name", "begins", "scopes", "expires"), rows))


@app.command()
def issue(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")],
    *,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; runs:read and runs:write if left out.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")] = 90,
) -> None:
    """Issue a token; its secret goes to stdout, this once."""
    with connect() as client:
        issued = client.post("tokens", {"name": name, "scopes": scope or ["runs:read", "runs:write"], "days": days})
    typer.echo(issued["secret"])


@app.command()
def revoke(token: Annotated[str, typer.Argument(metavar="ID", help="As `isoflop tokens list` shows it.")]) -> None:
    """Revoke a token: it stops working at once."""
    with connect() as client:
        client.delete(f"tokens/{token}")
