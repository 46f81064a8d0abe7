"""The text that small language models learn from: bytes, the last twentieth held out. `SOURCE.md` says whose it is."""

import gzip
from functools import cache
from importlib.resources import files

HELD_OUT = 20


@cache
def text() -> bytes:
    """All of it."""
    return gzip.decompress((files("jobs.bench.text") / "jargon.txt.gz").read_bytes())


def learned() -> bytes:
    """What models are trained on."""
    return text()[: -(len(text()) // HELD_OUT)]


def held_out() -> bytes:
    """What they are tested on, and never see."""
    return text()[-(len(text()) // HELD_OUT) :]
