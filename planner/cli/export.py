"""`isoflop export`: a result, of a run or of a file, written to a folder in another format."""

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.exits import usage
from planner.cli.ids import is_id
from planner.cli.server_address import connect

EXECUTE = 0o111
FORMATS_HELP = (
    "json, yaml, md or csv; a training plan also megatron, bridge, torchtitan, deepspeed, slurm or kubernetes; a "
    "serving plan also vllm, sglang, trtllm, dynamo, llm-d, kubernetes, compose or bench: files that start it; a fleet "
    "plan also tables, kubernetes or terraform; a scaling plan's ladder also ladder, wandb, optuna, megatron, "
    "torchtitan or slurm."
)


def export(
    source: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run's id, or a file with a result as JSON.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help=FORMATS_HELP)],
    out_dir: Annotated[Path, typer.Option("--out-dir", help="Folder for the files; made if it is not there.")] = Path(),
) -> None:
    """Write a result in another format; the paths of its files go to stdout."""
    from planner.exports import SCRIPTS, files  # noqa: PLC0415 -- pydantic is slow to import

    if _is_run(source):
        with connect() as client:
            name, result = source, client.result(source)
    else:
        name, result = Path(source).stem, _result(source)
    for file, text in files(result, to, stem=name).items():
        typer.echo(_written(out_dir / file, text, script=file.endswith(SCRIPTS)))


def _is_run(source: str) -> bool:
    return is_id(source) and not Path(source).exists()


def _result(source: str) -> dict[str, object]:
    from planner.cli.specs import content  # noqa: PLC0415 -- PyYAML is slow to import
    from solvers.documents import read  # noqa: PLC0415 -- PyYAML is slow to import

    document = read(content(source, hint="Give a run's id, or a file with a result as JSON."))
    if document.get("status") not in ("solved", "infeasible") or "provenance" not in document:
        hint = f"Solve it first: `isoflop solve {source} --offline -o json > result.json`."
        raise usage("not_a_result", f"{source} holds no result.", hint)
    return document


def _written(path: Path, text: str, *, script: bool) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        if script:
            path.chmod(path.stat().st_mode | EXECUTE)
    except OSError as error:
        raise usage("unwritable", f"{path}: {error.strerror or error}.", "Give another --out-dir.") from None
    return str(path)
