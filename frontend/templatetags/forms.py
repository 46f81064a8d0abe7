"""Words of a schema as a form shows them."""

from django import template

from frontend.forms.fields import Field
from solvers.errors import Problem

register = template.Library()


@register.filter
def cut_underscores(word: str) -> str:
    """`step_time` as `step time`."""
    return word.replace("_", " ")


@register.filter
def said_at(problem: Problem, field: Field) -> str:
    """A problem beside its field, whose help need not be said twice."""
    return problem.message if problem.hint == field.help else f"{problem.message} {problem.hint}".strip()
