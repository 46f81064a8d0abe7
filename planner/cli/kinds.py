"""`isoflop kinds`, `schema` and `validate`: what can be asked, how it is written, and whether a spec is right."""

from typing import Annotated

import typer

from planner.cli.exits import warn
from planner.cli.output import Form, data
from planner.cli.solve import File

Kind = Annotated[str, typer.Argument(metavar="KIND", help="A kind of plan, as `isoflop kinds` lists them.")]
Shown = Annotated[Form, typer.Option("--output", "-o", help="How to print it.")]


def validate(file: File, output: Shown = Form.TABLE) -> None:
    """Check a spec without solving it; every problem is listed with its field, and what its data show."""
    from planner.cli import specs  # noqa: PLC0415 -- PyYAML is slow to import
    from solvers import kinds as registry  # noqa: PLC0415 -- the solvers are slow to import

    spec = registry.parse(specs.load(file))
    noticed = registry.get(spec.kind).noticed(spec)
    if output is Form.TABLE:
        warn(noticed)
        typer.echo(f"{file}: a valid {spec.kind} spec ({registry.spec_hash(spec)[:12]}).", err=True)
    else:
        answer = {
            "valid": True,
            "spec_hash": registry.spec_hash(spec),
            "spec": registry.spec_document(spec),
            "warnings": [problem.document() for problem in noticed],
        }
        data(answer, output)


def schema(kind: Kind, output: Annotated[Form, typer.Option("--output", "-o")] = Form.JSON) -> None:
    """Print the JSON Schema of a kind's spec."""
    from solvers import kinds as registry  # noqa: PLC0415 -- the solvers are slow to import

    registry.get(kind, at="")
    data(registry.schema(kind), output)


def kinds(output: Shown = Form.TABLE) -> None:
    """List the kinds of plans that can be asked for."""
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import
    from solvers import kinds as registry  # noqa: PLC0415 -- the solvers are slow to import

    known = [registry.get(name) for name in registry.names()]
    rows = tuple((kind.name, kind.title, kind.summary) for kind in known)
    entries = [
        {"name": kind.name, "title": kind.title, "summary": kind.summary, "version": kind.version,
         "examples": list(registry.examples(kind.name))}
        for kind in known
    ]  # fmt: skip
    data(entries, output, Table("Kinds of plans", ("kind", "title", "answers"), rows))
