"""Traces and tables for the command line: the file that `file: PATH` names becomes text that a spec can carry."""

import base64
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solvers.documents import MAX_BYTES, SPREADSHEETS, Document
from solvers.errors import Problem, SpecError, TooLarge
from solvers.serving.traces import MOST_BYTES, of_csv, unpacked

GZIP = b"\x1f\x8b"
# Room that the rest of the spec may take beside the trace.
MOST_TEXT = MAX_BYTES * 7 // 8
PLAIN = 64 * 1024


def carried(path: Path, *, at: str) -> Document:
    """`{csv: text}` for a short file, `{gzip: base64}` for a long or packed one. SpecError says what is wrong."""
    with _named(path, at=at):
        text = _text(path)
        of_csv(text)
    if len(text) <= PLAIN:
        return {"csv": text}
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    if len(packed) > MOST_TEXT:
        hint = "Keep every n-th client, or a busy hour; with `rate` the trace then comes as often as it did."
        message = f"{path} is {len(packed):,} bytes when packed; a spec carries {MOST_TEXT:,}."
        raise TooLarge(Problem("too_large", message, at, hint))
    return {"gzip": packed}


def table(path: Path, *, at: str) -> str:
    """The text of a table's file. SpecError says what is wrong."""
    with _named(path, at=at):
        return _text(path)


@contextmanager
def _named(path: Path, *, at: str) -> Iterator[None]:
    """What is wrong with the file is said of it, where the spec names it."""
    try:
        yield
    except UnicodeDecodeError:
        raise SpecError(Problem("not_utf8", f"{path} is not UTF-8 text.", at, "Save it as UTF-8 CSV.")) from None
    except SpecError as error:
        raise type(error)(*(Problem(p.code, f"{path}: {p.message}", at, p.hint) for p in error.problems)) from None


def _text(path: Path) -> str:
    data = _content(path)
    if data.startswith(SPREADSHEETS):
        hint = "Save its sheet as CSV (UTF-8), and give that file."
        raise SpecError(Problem("spreadsheet", "This is a spreadsheet, not text.", "", hint))
    return (unpacked(data) if data.startswith(GZIP) else data).decode("utf-8-sig")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        hint = "Give the path of a CSV file, or of one packed by gzip."
        raise SpecError(Problem("unreadable", f"{error.strerror or error}.", "", hint)) from None
    if len(data) > MOST_BYTES:
        raise TooLarge(Problem("too_large", f"It has more than {MOST_BYTES:,} bytes.", "", "Give a busy hour of it."))
    return data
