"""`/kinds` and `/validate`: what can be asked, and whether a spec asks it rightly."""

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router

from planner.api.auth import caller, needs
from planner.api.body import spec_document
from planner.api.problem import Refusal
from planner.api.schemas import KindOut, KindPage, ProblemOut, SpecAsked, ValidOut
from planner.services import runs
from solvers import kinds
from solvers.documents import Document
from solvers.errors import UnknownName

router = Router(tags=["kinds"])


@router.get("/kinds", auth=needs(""), response=KindPage, operation_id="list_kinds")
def list_(request: HttpRequest) -> KindPage:  # noqa: ARG001 -- ninja passes it
    """List the kinds of plans."""
    return KindPage(items=[_kind(name) for name in kinds.names()])


@router.get("/kinds/{name}/schema", auth=needs(""), response=Document, operation_id="read_schema")
def schema(request: HttpRequest, name: str) -> Document:  # noqa: ARG001 -- ninja passes it
    """Read the JSON Schema of a kind's spec."""
    try:
        return kinds.schema(name)
    except UnknownName as error:
        raise Refusal(HTTPStatus.NOT_FOUND, *error.problems) from None


@router.post("/validate", auth=needs("runs:read"), response=ValidOut, operation_id="validate_spec")
def validate(request: HttpRequest, body: SpecAsked) -> ValidOut:
    """Check a spec without solving it; 422 lists every problem with its field."""
    spec = runs.check(caller(request).project(body.project), spec_document(body.spec))
    return ValidOut(
        valid=True,
        kind=spec.kind,
        spec_hash=kinds.spec_hash(spec),
        spec=kinds.spec_document(spec),
        warnings=[ProblemOut(**problem.document()) for problem in kinds.get(spec.kind).noticed(spec)],
    )


def _kind(name: str) -> KindOut:
    kind = kinds.get(name)
    examples = list(kinds.examples(name))
    return KindOut(name=name, title=kind.title, summary=kind.summary, version=kind.version, examples=examples)
