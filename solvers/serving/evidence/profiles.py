"""Kernel profiles of an engine: seconds of a model's layers, measured one by one on one GPU, read from their tables.

A profile is a few CSV files whose names say what they are of: lss_profile_{HW}_{MODEL}_tp{N}_{KIND}.csv. Which kind of
table a file holds is told by its columns, all times are microseconds in `time_us`:
    layer, tokens                                        a layer of a step of so many tokens
    layer, sequences                                     the head and the sampler for so many sequences
    prefill_chunk, kv_prefill, n_decode, kv_decode       attention of one layer: a chunk after so many tokens, and
                                                         decodes of so many tokens each
    tokens, activated_experts                            the experts of one layer
Source of the format: profiler of LLMServingSim [cho2025llmservingsim].
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO

import numpy as np

from solvers.cost.layouts import Floats

_NAME = re.compile(r"lss_profile_(?P<hardware>[^_]+)_(?P<model>.+)_tp(?P<tp>\d+)_[a-z_]+\.csv$")
_ATTENTION = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us")
_EXPERTS = ("tokens", "activated_experts", "time_us")

Curve = tuple[Floats, Floats]


@dataclass(frozen=True)
class Profile:
    """Curves (counts, seconds) of layers and of the head's parts; rows of attention [A, 5] and of experts [E, 3].

    The last column of rows is seconds, the others are those that the module names.
    """

    layers: dict[str, Curve] = field(default_factory=dict)
    heads: dict[str, Curve] = field(default_factory=dict)
    attention: Floats = field(default_factory=lambda: np.zeros((0, 5)))
    experts: Floats = field(default_factory=lambda: np.zeros((0, 3)))


ProfileKey = tuple[str, str, int]


def read_profiles(files: Mapping[str, str]) -> dict[ProfileKey, Profile]:
    """Profiles by (hardware, model, tp) from the texts of files by their names; other files are left alone."""
    texts: dict[ProfileKey, list[str]] = defaultdict(list)
    for name, text in sorted(files.items()):
        found = _NAME.search(name)
        if found:
            texts[found["hardware"], found["model"], int(found["tp"])].append(text)
    return {key: _profile(each) for key, each in texts.items()}


def _profile(texts: list[str]) -> Profile:
    layers: dict[str, Curve] = {}
    heads: dict[str, Curve] = {}
    attention, experts = np.zeros((0, 5)), np.zeros((0, 3))
    for text in texts:
        rows = list(csv.DictReader(StringIO(text)))
        columns = set(rows[0]) if rows else set()
        if columns >= set(_ATTENTION):
            attention = _array(rows, _ATTENTION)
        elif columns >= set(_EXPERTS):
            experts = _array(rows, _EXPERTS)
        elif "sequences" in columns:
            heads |= _curves(rows, "sequences")
        elif columns >= {"layer", "tokens"}:
            layers |= _curves(rows, "tokens")
    return Profile(layers, heads, attention, experts)


def _array(rows: list[dict[str, str]], columns: Iterable[str]) -> Floats:
    table = np.array([[float(row[column]) for column in columns] for row in rows])
    table[:, -1] *= 1e-6
    return table


def _curves(rows: list[dict[str, str]], count: str) -> dict[str, Curve]:
    by_layer: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        by_layer[row["layer"]].append((float(row[count]), 1e-6 * float(row["time_us"])))
    curves = {layer: np.array(sorted(points)).T for layer, points in by_layer.items()}
    return {layer: (points[0], points[1]) for layer, points in curves.items()}


def at(counts: Floats, curve: Curve) -> Floats:
    """Seconds at `counts`, on straight lines between the points of a curve and along its ends beyond them."""
    x, y = curve
    seconds: Floats = np.interp(counts, x, y)
    if len(x) > 1:
        slope = (y[-1] - y[-2]) / (x[-1] - x[-2])
        seconds = np.where(counts > x[-1], y[-1] + slope * (counts - x[-1]), seconds)
    return seconds
