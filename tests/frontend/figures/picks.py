"""What can be picked on an answer's page, and the spec that each pick asks for."""

from collections.abc import Iterator

from frontend.figures.base import Pick
from frontend.figures.views import View
from frontend.forms.values import with_value
from solvers.documents import Document


def picks(view: View, spec: Document, result: Document) -> Iterator[tuple[str, Pick, Document]]:
    """Points of the frontier and runners-up: the key, what is shown beside the chart, and the spec with its changes."""
    keys = [point.key for point in view.frontier.points(result)]
    keys += [choice.key for choice in view.choices(result)]
    for key in keys:
        picked = view.frontier.pick(result, key)
        assert picked is not None
        again = spec
        for at, value in picked.changes:
            again = with_value(again, at, value)
        yield key, picked, again
