"""Traces of requests, shipped or uploaded: when each arrived, its input, its output and what it shares with others.

A trace is CSV with a header. Columns: `arrival` (seconds, or dates), `input`, `output` (tokens), and where inputs begin
alike `prefix` (any name; equal names begin alike) and `prefix_tokens` (how many tokens; otherwise as many as the
shortest input of that name has). The names of public traces for these columns are known too.
"""

import base64
import binascii
import csv
import io
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from solvers.errors import Problem, SpecError, TooLarge
from solvers.serving.lengths import MOST_TOKENS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_ROWS = 200_000
MOST_BYTES = 16 * 1024 * 1024
CHUNK = 64 * 1024
GZIP = 16 + zlib.MAX_WBITS
HEADER = "arrival,input,output"
COLUMNS = {
    "arrival": ("arrival", "arrival_s", "t", "time", "timestamp", "timestamp_s", "arrival_time", "arrived_at"),
    "arrival_ms": ("arrival_ms", "timestamp_ms", "t_ms"),
    "input": (
        "input", "input_tokens", "input_length", "prompt_tokens", "contexttokens", "num_prefill_tokens", "prompt_size",
    ),
    "output": (
        "output", "output_tokens", "output_length", "completion_tokens", "generatedtokens", "num_decode_tokens",
        "token_size",
    ),
    "prefix": ("prefix", "prefix_id", "prefix_group"),
    "prefix_tokens": ("prefix_tokens", "prefix_length"),
}  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """n requests in the order of arrival, the first at 0 s. All arrays are [n]; `prefix` is -1 for nobody's."""

    arrival_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    prefix: Ints
    prefix_tokens: Ints

    @property
    def size(self) -> int:
        """How many requests there are."""
        return len(self.arrival_s)

    @property
    def rate_per_s(self) -> float:
        """Requests a second over the whole trace."""
        return (self.size - 1) / float(self.arrival_s[-1])

    @property
    def burstiness(self) -> float:
        """Standard deviation of the gaps between arrivals over their mean."""
        gaps = np.diff(self.arrival_s)
        return float(gaps.std() / gaps.mean())


@lru_cache(maxsize=8)
def of_csv(text: str) -> Rows:
    """The requests of a CSV text. SpecError names the line that is wrong."""
    if len(text) > MOST_BYTES:
        raise _too_large(f"The trace has {len(text):,} characters; {MOST_BYTES:,} is the most.")
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        places = _places(next(reader, []))
        return _arrays(list(_records(reader, places)))
    except csv.Error as error:
        raise _wrong(reader.line_num, f"{error}") from None


@lru_cache(maxsize=8)
def of_gzip(text: str) -> Rows:
    """The requests of a CSV file that was packed by gzip and written in base64; unpacked only as far as we accept."""
    try:
        packed = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        hint = "Write the output of `gzip -c trace.csv | base64`, or `trace: {file: trace.csv.gz}`."
        raise SpecError(Problem("not_base64", "This is not base64 text.", "", hint)) from None
    return of_csv(_utf8(unpacked(packed)))


def unpacked(packed: bytes, *, most: int = MOST_BYTES) -> bytes:
    """What gzip packed, at most `most` bytes: beyond that it stops reading and raises TooLarge."""
    parts: list[bytes] = []
    size, rest = 0, packed
    while rest:
        stream = zlib.decompressobj(GZIP)
        while not stream.eof:
            try:
                part = stream.decompress(rest, CHUNK)
            except zlib.error:
                raise SpecError(Problem("not_gzip", "This is not a gzip file.", "", "Pack a CSV by gzip.")) from None
            rest = stream.unconsumed_tail
            size += len(part)
            if size > most:
                raise _too_large(f"The trace unpacks to more than {most:,} bytes.")
            if not part and not rest and not stream.eof:
                raise SpecError(Problem("truncated", "The gzip file ends early.", "", "Send the whole file."))
            parts.append(part)
        rest = stream.unused_data
    return b"".join(parts)


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError(Problem("not_utf8", "The trace is not UTF-8 text.", "", "Save it as UTF-8 CSV.")) from None


def _too_large(message: str) -> TooLarge:
    hint = f"Keep at most {MOST_ROWS:,} requests: an hour or a busy part of them says as much as a week."
    return TooLarge(Problem("too_large", message, "", hint))


def _wrong(line: int, message: str, hint: str = "") -> SpecError:
    return SpecError(Problem("bad_row", f"Line {line:,} of the trace: {message}", "", hint or f"Columns: {HEADER}."))


def _places(header: list[str]) -> dict[str, int]:
    """Column number of each of our columns."""
    said = [name.strip().lower() for name in header]
    found = {ours: said.index(name) for ours, names in COLUMNS.items() for name in reversed(names) if name in said}
    if "arrival_ms" in found and "arrival" not in found:
        found["arrival"] = found["arrival_ms"]
    else:
        found.pop("arrival_ms", None)
    missing = [name for name in ("arrival", "input", "output") if name not in found]
    if missing:
        shown = ", ".join(said)[:120] or "nothing"
        message = f"The trace has no column {' and no column '.join(missing)}; its first line has {shown}."
        hint = f"The first line names the columns: {HEADER}, and prefix where inputs begin alike."
        raise SpecError(Problem("wrong_columns", message, "", hint))
    return found


@dataclass(frozen=True)
class _Record:
    line: int
    arrival_s: float
    input_tokens: int
    output_tokens: int
    prefix: str
    prefix_tokens: int


def _records(reader: "Iterator[list[str]]", places: dict[str, int]) -> Iterator[_Record]:
    scale = 1e-3 if "arrival_ms" in places else 1.0
    last = -math.inf
    for number, row in enumerate(reader):
        line = number + 2
        if not any(cell.strip() for cell in row):
            continue
        if number >= MOST_ROWS:
            raise _too_large(f"The trace has more than {MOST_ROWS:,} requests.")
        if len(row) <= max(places.values()):
            raise _wrong(line, f"{len(row)} columns, and the first line has more.")
        arrival = scale * _moment(row[places["arrival"]], line)
        if arrival < 0:
            raise _wrong(line, f"arrival '{row[places['arrival']].strip()[:40]}' is negative.", "Times start at 0.")
        if arrival < last:
            message = f"arrival {arrival:g} s is before that of the line above, {last:g} s."
            raise _wrong(line, message, "Sort the requests by arrival.")
        last = arrival
        yield _Record(
            line,
            arrival,
            _tokens(row[places["input"]], "input", line),
            _tokens(row[places["output"]], "output", line),
            row[places["prefix"]].strip() if "prefix" in places else "",
            _tokens(row[places["prefix_tokens"]] or "0", "prefix_tokens", line, least=0)
            if "prefix_tokens" in places
            else -1,
        )


def _moment(text: str, line: int) -> float:
    """Seconds: a number, or a date."""
    try:
        found = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text.strip()).timestamp()
        except ValueError:
            raise _wrong(line, f"arrival '{text.strip()[:40]}' is neither seconds nor a date.") from None
    if not math.isfinite(found):
        raise _wrong(line, f"arrival '{text.strip()[:40]}' is not a finite number.")
    return found


def _tokens(text: str, name: str, line: int, *, least: int = 1) -> int:
    try:
        found = int(text)
    except ValueError:
        found = _whole(text, name, line)
    if found < least:
        what = "has no tokens" if found == 0 else f"is {found:,}"
        raise _wrong(line, f"the {name} {what}; a request has at least one.", "Leave such requests out.")
    if found > MOST_TOKENS:
        raise _wrong(line, f"the {name} has {found:,} tokens; {MOST_TOKENS:,} is the most.", "")
    return found


def _whole(text: str, name: str, line: int) -> int:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number != int(number):
        raise _wrong(line, f"{name} '{text.strip()[:40]}' is not a whole number of tokens.")
    return int(number)


def _arrays(records: list[_Record]) -> Rows:
    if len(records) < 2:
        message = f"A trace of {len(records)} requests has no rate."
        raise SpecError(Problem("too_short", message, "", "Give at least two requests, better a thousand."))
    first = records[0].arrival_s
    arrival = np.array([record.arrival_s - first for record in records])
    if arrival[-1] == 0:
        message = "All requests of the trace arrive at once, so it has no rate."
        raise SpecError(Problem("no_rate", message, "", "Give the second at which each arrived."))
    inputs = np.array([record.input_tokens for record in records], dtype=np.int64)
    prefix, tokens = _prefixes(records, inputs)
    outputs = np.array([record.output_tokens for record in records], dtype=np.int64)
    return Rows(arrival, inputs, outputs, prefix, tokens)


def _prefixes(records: list[_Record], inputs: Ints) -> tuple[Ints, Ints]:
    """Number of each request's prefix and how many tokens it has of it."""
    numbers: dict[str, int] = {}
    prefix = np.array(
        [numbers.setdefault(record.prefix, len(numbers)) if record.prefix else -1 for record in records], dtype=np.int64
    )
    if not numbers:
        return prefix, np.zeros(len(records), dtype=np.int64)
    given = np.array([record.prefix_tokens for record in records], dtype=np.int64)
    shortest = np.full(len(numbers), MOST_TOKENS, dtype=np.int64)
    np.minimum.at(shortest, prefix[prefix >= 0], inputs[prefix >= 0])
    tokens = np.where(given >= 0, np.minimum(given, inputs), shortest[prefix])
    return prefix, np.where(prefix >= 0, tokens, 0)
