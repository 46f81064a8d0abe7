"""Words of a schema as a form shows them."""

from django import template

from frontend.forms.recognised import Recognised
from frontend.forms.recognised import recognised as recognised_in
from frontend.forms.values import Bound
from solvers.documents import Document

register = template.Library()


@register.filter
def cut_underscores(word: str) -> str:
    """`step_time` as `step time`."""
    return word.replace("_", " ")


@register.filter
def within(label: str) -> str:
    """A label within a sentence: `traffic`, but `GPUs`."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


@register.filter
def wrong(bound: Bound) -> str:
    """What is wrong at a field, whose help need not be said twice."""
    told = ((problem.message, "" if problem.hint == bound.field.help else problem.hint) for problem in bound.problems)
    return " ".join(word for pair in told for word in pair if word)


@register.simple_tag
def recognised(document: Document, bound: Bound) -> Recognised | None:
    """What the table beside a column map was taken for."""
    return recognised_in(document, bound.field.at)
