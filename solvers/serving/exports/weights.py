"""Which checkpoint an engine starts from: the published one, or one of the plan's precision that the reader names."""

from solvers.exports.shell import Need
from solvers.serving.exports.served import Served

# Sixteen bit is what models are published in.
PLAIN = ("bf16", "fp16")
WORDS = {
    "fp8": "FP8 weights",
    "w8a8": "8-bit integer weights and activations",
    "w4a16": "4-bit weights (AWQ or GPTQ)",
    "nvfp4": "NVFP4 weights (ModelOpt)",
}


def default(served: Served, *, online: tuple[str, ...]) -> str:
    """The published model where the engine can serve it in the plan's precision; empty where the reader names one.

    `online` are the precisions to which the engine itself quantises as it loads.
    """
    kinds = {pool.weights for pool in served.pools}
    return served.published_as if kinds <= {*PLAIN, *online} else ""


def wanted(served: Served, *, online: tuple[str, ...]) -> list[Need]:
    """What the reader has to name, in words."""
    if default(served, online=online):
        return []
    kinds = [pool.weights for pool in served.pools if pool.weights not in (*PLAIN, *online)]
    what = f"with {WORDS[kinds[0]]}" if kinds else "in sixteen bit"
    return [("MODEL", f"name or folder of a checkpoint of {words(served.title)} {what}")]


def words(text: str) -> str:
    """A name in a message that bash reads: only what is plain."""
    return "".join(letter for letter in text if letter.isalnum() or letter in " .-_/")
