"""Reading a spec for the command line: a file or stdin, with the files that it names put in their place."""

import sys
from pathlib import Path
from typing import Any

from planner.cli.exits import usage
from solvers.documents import MAX_BYTES, Document, pointer_token, read
from solvers.errors import Problem, SpecError

# Where specs have tables: a fleet's capacities and prices, and the runs that a scaling plan foretells from.
TABLES = ("/capacities", "/prices", "/runs")


def load(source: str, *, seed: int | None = None) -> Document:
    """The spec in file `source` ("-" is stdin), ready to be sent anywhere. SpecError says what is wrong and where."""
    folder = Path() if source == "-" else Path(source).parent
    document: Document = _inlined(read(content(source)), folder, at="")
    return document if seed is None else {**document, "seed": seed}


def content(source: str, *, hint: str = "Give the path of a spec, or - for stdin.") -> bytes:
    """The bytes of a file or of stdin; of more than a spec may hold only so much that it is seen to be too large."""
    try:
        if source == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(source).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise usage("unreadable", f"{source}: {error.strerror or error}.", hint) from None


def _inlined(value: Any, folder: Path, *, at: str) -> Any:
    """The value with `{hf_config: PATH}` and the `file: PATH` of a trace or table replaced by what these files hold."""
    match value:
        case {"hf_config": str(path), **rest} if not rest:
            return _config(folder / path, at=at)
        case {"file": str(path), **rest} if not rest and at.endswith("/trace"):
            return _trace(folder / path, at=at)
        case {"file": str(path), **rest} if at.endswith(TABLES) and "csv" not in rest:
            return {**rest, "csv": _table(folder / path, at=at)}
        case dict():
            return {key: _inlined(item, folder, at=f"{at}/{pointer_token(key)}") for key, item in value.items()}
        case list():
            return [_inlined(item, folder, at=f"{at}/{index}") for index, item in enumerate(value)]
    return value


def _trace(path: Path, *, at: str) -> Document:
    from planner.cli.traces import carried  # noqa: PLC0415 -- slow import, and few specs have a trace

    return carried(path, at=f"{at}/file")


def _table(path: Path, *, at: str) -> str:
    from planner.cli.traces import table  # noqa: PLC0415 -- slow import, and few specs have a table

    return table(path, at=f"{at}/file")


def _config(path: Path, *, at: str) -> Document:
    path = path / "config.json" if path.is_dir() else path
    try:
        return read(content(str(path)))
    except SpecError as error:
        problems = (Problem(p.code, f"{path}: {p.message}", f"{at}/hf_config", p.hint) for p in error.problems)
        raise SpecError(*problems) from None
