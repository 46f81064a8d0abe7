"""The runs beside what the laws say of them, and what is strange about any.

What the laws say of a run here is their mean by their weights at the target, without what the process adds: the rest is
what a form cannot follow.
"""

import numpy as np

from solvers.documents import Document
from solvers.errors import Problem
from solvers.laws.fit import Fitted
from solvers.laws.fit.flags import Flag, after_fit
from solvers.laws.law import Floats
from solvers.scaling.forecast.known import Known, told, usable_places
from solvers.scaling.forecast.place import Place
from solvers.scaling.forecast.unlike import kinds_seen

MOST_SHOWN = 1_500


def rows(known: Known, place: Place) -> list[Document]:
    """A line for each run that was imported, as many as are shown."""
    runs = known.imported.runs
    weights = told(known, np.array([place.params]), np.array([place.tokens]), unique=place.unique).weights[:, 0]
    experts = [one.fitted for one in known.mix.experts]
    fitted = _everywhere(known, sum(w * one.residuals for w, one in zip(weights, experts, strict=True)))
    weight = _everywhere(known, sum(w * one.weights for w, one in zip(weights, experts, strict=True)))
    leverage = _everywhere(known, sum(w * one.leverage for w, one in zip(weights, experts, strict=True)))
    codes, seen = _codes(known), kinds_seen(known)
    return [
        {
            "name": runs.names[n] if runs.names else f"run {n + 1}",
            "params": float(runs.inputs["params"][n]),
            "tokens": float(runs.inputs["tokens"][n]),
            "flops": float(runs.flops[n]),
            "loss": float(runs.loss[n]) if np.isfinite(runs.loss[n]) else None,
            "fitted": None if np.isnan(fitted[n]) else float(runs.loss[n] * np.exp(-fitted[n])),
            "residual": None if np.isnan(fitted[n]) else float(fitted[n]),
            "weight": None if np.isnan(weight[n]) else float(weight[n]),
            "leverage": None if np.isnan(leverage[n]) else float(leverage[n]),
            "flags": codes.get(n, []),
            "recipe": _recipe(known, n),
            "kind": {name: float(runs.inputs[name][n]) if name in runs.inputs else 1.0 for name in seen},
        }
        for n in range(min(len(runs), MOST_SHOWN))
    ]


def _recipe(known: Known, place: int) -> str | None:
    return known.imported.records[place].words.get("recipe")


def flagged(known: Known) -> list[Document]:
    """Every flag with its reason, once for each run and code."""
    found = {(flag.run, flag.code): flag for flag in _flags(known)}
    names = known.imported.runs.names
    return [
        {"run": names[flag.run] if names else f"run {flag.run + 1}", "code": flag.code, "message": flag.message}
        for flag in sorted(found.values(), key=lambda flag: (flag.run, flag.code))
    ]


def shown(known: Known) -> list[Problem]:
    """A warning where more runs were imported than are shown."""
    count = len(known.imported.runs)
    if count <= MOST_SHOWN:
        return []
    message = f"{count:,} runs were read and used; the first {MOST_SHOWN:,} are listed."
    return [Problem("runs_not_shown", message, "/runs/csv")]


def left_out(known: Known) -> list[Problem]:
    """A warning where laws were fitted to some of the usable runs only."""
    usable = usable_places(known.imported, known.among)
    if len(known.places) >= len(usable):
        return []
    message = (
        f"Laws were fitted to {len(known.places):,} of {len(usable):,} usable runs, taken evenly by compute with the"
        " largest among them."
    )
    return [Problem("runs_thinned", message, "/runs/csv", "Leave out sizes that are far from the target.")]


def _flags(known: Known) -> list[Flag]:
    lead = _lead(known)
    later = (Flag(int(known.places[flag.run]), flag.code, _named(known, flag)) for flag in after_fit(lead))
    return [*known.imported.flags, *later]


def _lead(known: Known) -> Fitted:
    """The law that counts most at the largest run."""
    largest = int(np.argmax(known.runs.flops))
    params, tokens = (known.runs.inputs[name][largest : largest + 1] for name in ("params", "tokens"))
    return known.mix.experts[int(np.argmax(told(known, params, tokens, unique=None).weights[:, 0]))].fitted


def _named(known: Known, flag: Flag) -> str:
    """A flag of a fit calls runs by their place in it; here by their name."""
    name = known.imported.runs.names[int(known.places[flag.run])]
    return flag.message.replace(f"Run {flag.run + 1}", f"The run '{name}'", 1)


def _codes(known: Known) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for flag in _flags(known):
        if flag.code not in found.setdefault(flag.run, []):
            found[flag.run].append(flag.code)
    return found


def _everywhere(known: Known, values: Floats) -> Floats:
    """Values of the fitted runs at their places among all, nan elsewhere."""
    found = np.full(len(known.imported.runs), np.nan)
    found[known.places] = values
    return found
