"""The sizes that a ladder may have, evenly in ln N up to the target's, as the family has them."""

from solvers.scaling.ladder.family import Family, shaped, sizes
from solvers.scaling.ladder.limits import Limits, smallest

# Sizes up to the target's at most, and the least factor between neighbours (estimates: candidates closer to one another
# hardly differ in what they tell).
SIZES, SIZE_STEP = 24, 1.3
# Of N at least this much is not embeddings or head (estimate: what is learned of tables is not learned of layers).
BODY = 0.5


def tried(of: Family, counts: str, within: Limits) -> tuple[float, ...]:
    """N of members up to the target's, whatever the budget: more of it adds runs and takes none away.

    Of a first ladder those whose body is too small a share of N are left out, unless all are.
    """
    low = min(smallest(within), within.params)
    step = max(SIZE_STEP, (within.params / low) ** (1.0 / (SIZES - 1)))
    found = sizes(of, low, within.params, counts, step=step)
    if within.least_flops > 0.0:
        return found
    body = "active" if counts == "active" else "non-embedding"
    return tuple(one for one in found if shaped(of, one, counts).params(body) >= BODY * one) or found
