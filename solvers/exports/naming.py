"""What a model is called, by people and on the hub."""

import re

from solvers.catalogue import Model

PUBLISHED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")


def called(model: Model) -> str:
    """The model as people call it."""
    return model.title or ("your own model" if model.name == "own" else model.name)


def published_as(model: Model) -> str:
    """The model's name on the Hugging Face hub; empty where the catalogue knows none."""
    return next((alias for alias in model.aliases if PUBLISHED.fullmatch(alias)), "")
