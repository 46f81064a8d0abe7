"""How accurate it is: every kind's document that ships, and what this installation's own nodes measured."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render

from frontend import learned
from frontend.figures import dots
from frontend.figures.base import Head, split
from frontend.figures.theme import theme
from frontend.views.scope import SignedIn, signed_in
from planner.models import Calibration
from planner.services import own_accuracy
from solvers import accuracy, kinds
from solvers.accuracy import table
from solvers.accuracy.document import Accuracy, Groups, Peer


@dataclass(frozen=True)
class Chart:
    """A chart of groups and its table twin."""

    place: int
    of: Groups
    title: str
    rows: table.Table


@dataclass(frozen=True)
class Told:
    """A kind as the pages show it."""

    document: Accuracy
    title: str
    heads: tuple[Head, ...]
    held_out: table.Table


@dataclass(frozen=True)
class Learned:
    """An own calibration, and the median error of measured steps before it and after, each step left out."""

    calibration: Calibration
    before: str
    after: str


@signed_in
def page(request: SignedIn) -> HttpResponse:
    """All kinds in short, then the nodes of the reader's projects."""
    context = {
        "kinds": [_told(one) for one in accuracy.documents()],
        "measured": own_accuracy.measured(request.user),
        "learned": [Learned(one, *learned.errors(one.document)) for one in own_accuracy.learned(request.user)],
    }
    return render(request, "accuracy/page.html", context)


@signed_in
def kind(request: SignedIn, kind: str) -> HttpResponse:
    """One kind: its charts, its worst cases, other figures, the data."""
    one = _document(kind)
    charts = [Chart(place, of, dots.title(of), table.groups(one, of)) for place, of in enumerate(one.groups)]
    context = {
        "kind": _told(one),
        "document": one,
        "first": charts[0],
        "others": charts[1:],
        "figures": table.figures(one),
        "worst": table.worst(one),
        "peers": _peers(one),
        "kinds": [_told(each) for each in accuracy.documents()],
    }
    return render(request, "accuracy/kind.html", context)


@signed_in
def figure(request: SignedIn, kind: str, place: int) -> HttpResponse:
    """The groups of a kind, as Plotly's JSON."""
    groups = _document(kind).groups
    if place >= len(groups):
        raise Http404(f"there is no chart {place} of {kind}")
    drawn = dots.figure(groups[place], theme(request.GET.get("theme", "light")))
    return HttpResponse(drawn.to_json(validate=False), content_type="application/json")


def _document(kind: str) -> Accuracy:
    if kind not in kinds.names():
        raise Http404(f"there is no kind {kind}")
    return accuracy.document(kind)


def _told(one: Accuracy) -> Told:
    return Told(one, kinds.get(one.kind).title, _heads(one), table.held_out(one))


def _heads(one: Accuracy) -> tuple[Head, ...]:
    """The figures of the line that the headline is about."""
    line = one.lines[one.main]
    found = [
        _head("Mean error", line.mean, f"held out: {line.held_out}"),
        _head("Guess", line.baseline, one.baseline),
    ]
    if line.peer:
        here = f", here {table.percent(line.peer.here)} on its rows" if line.peer.here is not None else ""
        found.append(_head("Best peer", line.peer.error, line.peer.name + here))
    if one.interval_level is not None:
        found.append(_head("Intervals hold", line.coverage, f"{100.0 * one.interval_level:.0f} % was promised"))
    return tuple(found)


def _head(title: str, share: float | None, note: str) -> Head:
    return Head(title, *split(table.percent(share)), note)


def _peers(one: Accuracy) -> list[Peer]:
    """Each figure's source once."""
    return list({line.peer.source: line.peer for line in one.lines if line.peer}.values())
