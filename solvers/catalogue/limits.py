"""The largest sizes that a model may have; beyond them a number is a slip of the pen."""

MAX_LAYERS = 1_000
MAX_WIDTH = 1_000_000
MAX_HEADS = 100_000
MAX_VOCABULARY = 10_000_000
MAX_EXPERTS = 10_000
MAX_CONTEXT = 1_000_000_000
