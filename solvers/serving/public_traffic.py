"""Make the traces and length sets that ship, from public files: data/README.md says where those come from.

    python -m solvers.serving.public_traffic FOLDER        writes data/*.csv.gz

A set of lengths keeps MOST pairs, evenly spread over the file. Mooncake's requests name their blocks of 512 tokens by
hash: a request's prefix is the leading blocks that another request has too, and its group the conversation, which the
second block tells.
"""

import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
MOST = 10_000
BLOCK = 512

Line = tuple[object, ...]


def spread(rows: Sequence[Line]) -> list[Line]:
    """At most MOST rows, evenly spread, one a second."""
    step = max(len(rows) / MOST, 1.0)
    kept = [rows[int(number * step)] for number in range(min(MOST, len(rows)))]
    return [(second, *row) for second, row in enumerate(kept)]


def pairs(path: Path, *, columns: tuple[str, ...]) -> list[Line]:
    """The named columns of a CSV file, without requests that have no answer."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [tuple(row[name] for name in columns) for row in csv.DictReader(file)]
    return [row for row in rows if int(row[-1]) > 0 and int(row[-2]) > 0]


def shared_blocks(requests: Sequence[dict[str, Any]]) -> list[Line]:
    """Arrival, input, output, prefix and its tokens of requests that name their blocks."""
    times = Counter(block for request in requests for block in request["hash_ids"])
    return [_shared(request, times) for request in requests if request["output_length"] > 0]


def _shared(request: dict[str, Any], times: Counter[int]) -> Line:
    blocks = request["hash_ids"]
    leading = next((place for place, block in enumerate(blocks) if times[block] < 2), len(blocks))
    group = blocks[min(leading, 2) - 1] if leading else ""
    tokens = min(leading * BLOCK, request["input_length"])
    return (request["timestamp"] / 1000, request["input_length"], request["output_length"], group, tokens)


def packed(header: str, rows: Iterable[Line]) -> bytes:
    """The rows as packed CSV; the same rows give the same bytes."""
    lines = [header, *(",".join(str(cell) for cell in row) for row in rows)]
    return gzip.compress("\n".join([*lines, ""]).encode(), compresslevel=9, mtime=0)


def main(folder: Path) -> None:
    """Write the files."""
    plain, both = "arrival,input,output", ("ContextTokens", "GeneratedTokens")
    for name, file in (("azure-2023-conv", "azure_llm_2023_conv"), ("azure-2023-code", "azure_llm_2023_code")):
        rows = pairs(folder / f"{file}.csv", columns=("t", *both))
        (DATA / f"{name}.csv.gz").write_bytes(packed(plain, rows))
    for name, file, columns in (
        ("sharegpt", "lengths_sharegpt_nanoflow", both),
        ("lmsys", "lengths_lmsys_nanoflow", both),
        ("arxiv-summarization", "arxiv_summarization_lengths", ("num_prefill_tokens", "num_decode_tokens")),
    ):
        (DATA / f"{name}.csv.gz").write_bytes(packed(plain, spread(pairs(folder / f"{file}.csv", columns=columns))))
    for name in ("conversation", "synthetic"):
        lines = (folder / f"mooncake_{name}.jsonl").read_text("utf-8").splitlines()
        rows = shared_blocks([json.loads(line) for line in lines])
        (DATA / f"mooncake-{name}.csv.gz").write_bytes(packed(f"{plain},prefix,prefix_tokens", rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
