"""`isoflop projects`: the projects that the token or its owner can see."""

from typing import Annotated

import typer

from planner.cli.output import Form, data
from planner.cli.server_address import connect

app = typer.Typer(no_args_is_help=True, help="List projects and their members.")

Shown = Annotated[Form, typer.Option("--output", "-o", help="How to print it.")]


@app.command("list")
def list_(output: Shown = Form.TABLE) -> None:
    """List projects."""
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    with connect() as client:
        found = client.get("projects")["items"]
    rows = tuple((project["slug"], project["name"], project["role"]) for project in found)
    data(found, output, Table("Projects", ("project", "name", "your role"), rows))


@app.command()
def members(project: Annotated[str, typer.Argument(metavar="PROJECT")], output: Shown = Form.TABLE) -> None:
    """List a project's members."""
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    with connect() as client:
        found = client.get(f"projects/{project}/members")["items"]
    rows = tuple((member["username"], member["role"]) for member in found)
    data(found, output, Table(f"Members of {project}", ("user", "role"), rows))
