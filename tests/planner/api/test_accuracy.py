"""`/accuracy`: the documents that ship."""

import json

import pytest

from solvers import accuracy

pytestmark = pytest.mark.django_db


def test_the_api_has_the_documents_that_ship(team, call):
    answer = call("GET", "/accuracy")

    assert answer.status_code == 200
    assert json.loads(answer.content) == {"items": [one.model_dump(mode="json") for one in accuracy.documents()]}
