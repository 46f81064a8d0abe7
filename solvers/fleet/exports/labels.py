"""Names as clusters take them."""

import re
from collections.abc import Iterable

# A Deployment's pods add 11 characters to its name, a ReplicaSet's hash among them; a label holds 63 (RFC 1123).
LONGEST = 52


def unique(names: Iterable[str], *, longest: int = LONGEST) -> dict[str, str]:
    """A label for each name, no two alike; the second of those that would be is numbered."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = label(name, longest=longest)
        chosen, number = plain, 1
        while chosen in taken:
            number += 1
            chosen = f"{plain[: longest - len(str(number)) - 1].rstrip('-')}-{number}"
        taken.add(chosen)
        found[name] = chosen
    return found


def label(name: str, *, longest: int = LONGEST) -> str:
    """The name in lower case, digits and hyphens, with a letter in front, as Services want it (RFC 1035)."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return (plain if plain[:1].isalpha() else f"x-{plain}")[:longest].strip("-")


def variable(name: str) -> str:
    """The label as part of a shell variable's name."""
    return name.upper().replace("-", "_")
