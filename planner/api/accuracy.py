"""`/accuracy`: how far the answers of every kind are from what was measured."""

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel

from planner.api.auth import needs
from solvers import accuracy

router = Router(tags=["accuracy"])


class AccuracyPage(BaseModel):
    """A document for each kind."""

    items: list[accuracy.Accuracy]


@router.get("/accuracy", auth=needs(""), response=AccuracyPage, operation_id="read_accuracy")
def read(request: HttpRequest) -> AccuracyPage:  # noqa: ARG001 -- ninja passes it
    """Read how accurate every kind is: what was held out, errors beside a guess and peers, data by digest."""
    return AccuracyPage(items=list(accuracy.documents()))
