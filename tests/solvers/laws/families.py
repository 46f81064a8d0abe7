"""The given families of runs with parameters and tokens, as the laws of the loss see them."""

from collections.abc import Callable

import numpy as np

from solvers.laws.law import Runs, runs_of
from tests.solvers.laws.points import chinchilla, column, table

# The other readings of the figures behind Chinchilla's runs, and a data set made of them.
CHINCHILLA = "chinchilla"


def farseer() -> Runs:
    rows = table("farseer_lt_1e21")
    loss, params, tokens = (column(rows, name) for name in ("loss", "N", "D"))
    return runs_of(loss, params=params, tokens=tokens, counts="non-embedding", loss_unit="bits/char")


def gadre() -> Runs:
    rows = table("gadre_c4")
    loss, params, tokens = (column(rows, name) for name in ("loss_c4_val", "params_no_embed", "tokens"))
    return runs_of(loss, params=params, tokens=tokens, counts="non-embedding")


def isoflops(experiment: str) -> Runs:
    rows = table("isoflops_chinchilla_comma_misfitting")
    rows = [row for row in rows if row["experiment"] == experiment and row["outlier"] != "True"]
    loss, params, tokens = (column(rows, name) for name in ("loss", "params", "tokens"))
    return runs_of(loss, params=params, tokens=tokens)


def datablations() -> Runs:
    """Runs that saw no token twice."""
    rows = [row for row in table("datablations_runs_with_seeds") if float(row["tokens"]) <= float(row["unique_tokens"])]
    loss, params, tokens = (column(rows, name) for name in ("loss", "params", "tokens"))
    return runs_of(loss, params=params, tokens=tokens)


def step_law() -> Runs:
    """The best learning rate and batch of each size and length."""
    rows = table("steplaw_dense_lt_1B")
    best: dict[tuple[float, float], float] = {}
    for row in rows:
        key, loss = (float(row["N"]), float(row["D"])), float(row["smooth_loss"] or row["loss"])
        best[key] = min(best.get(key, np.inf), loss)
    params, tokens = np.array(list(best)).T
    return runs_of(list(best.values()), params=params, tokens=tokens, counts="non-embedding")


def takano() -> Runs:
    rows = table("takano_llm_df")
    loss, params, tokens = (column(rows, name) for name in ("loss", "N", "D"))
    return runs_of(loss, params=params, tokens=tokens)


FAMILIES: dict[str, tuple[str, Callable[[], Runs]]] = {
    "chinchilla": (CHINCHILLA, chinchilla),
    "massivetext": (CHINCHILLA, lambda: isoflops("ml_scalefit__massivetext__chinchilla")),
    "takano": (CHINCHILLA, takano),
    "comma": ("comma", lambda: isoflops("marin_202603__comma__llama_2")),
    "fineweb": ("fineweb", lambda: isoflops("misfitting__fineweb_c4__transformer")),
    "farseer": ("farseer", farseer),
    "gadre": ("gadre", gadre),
    "datablations": ("datablations", datablations),
    "step-law": ("step-law", step_law),
}
