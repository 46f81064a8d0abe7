"""Texts of tables in a spec: a path is read by the command line, which puts the text in its place."""

from collections.abc import Callable

from solvers.errors import Problem, SpecError


def check_text(csv: str | None, file: str | None, *, what: str, read: Callable[[str], object] | None = None) -> None:
    """SpecError unless there is a text, that `read` takes, and no path left; a problem of no place is the text's."""
    if csv is None and file is None:
        hint = "Write `csv: |` and the lines below it, or leave the whole field out."
        raise SpecError(Problem("missing", f"{what} have no table.", "", hint))
    if csv is not None and file is not None:
        hint = "Write `csv: |` and the lines below it, or `file: PATH` on the command line."
        raise SpecError(Problem("contradiction", f"{what} are given in one way: csv or file.", "", hint))
    if csv is None:
        hint = "Solve it by `isoflop solve`, which reads the file, or paste its lines as `csv`."
        raise SpecError(Problem("not_a_table", "Only the command line reads files.", "/file", hint))
    if read is not None:
        try:
            read(csv)
        except SpecError as error:
            raise type(error)(*(Problem(p.code, p.message, p.at or "/csv", p.hint) for p in error.problems)) from None
