"""What a column of runs does to every law of N and D: it makes parameters or tokens count as more or fewer.

phi [S, K]   parameters of the effect without bounds, after those of the law that it acts on
u, z [M]     ln(input / reference) of what it acts on, and of its own input
worth(phi, u, z) -> what it adds to u [S, M] and the slopes of that in phi [S, M, K]
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from solvers.laws.law import Coefficients, Floats, Input, Parameter, Scale


@dataclass(frozen=True, eq=False)
class Effect:
    """An effect of `input` on `acts_on`, an input of laws; `centre` of its prior is what was published, never more.

    usual   the input's value at which it does nothing: one expert, stream or replica; None: no run repeats a token
    laws    laws of the registry that see the input themselves, for runs of a single length
    """

    title: str
    form: str
    input: Input
    acts_on: str
    parameters: tuple[Parameter, ...]
    worth: Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]
    natural: Callable[[Floats, Scale], Mapping[str, Floats]]
    from_natural: Callable[[Coefficients, Scale], Floats]
    source: str
    caveat: str = ""
    usual: float | None = 1.0
    laws: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return len(self.parameters)
