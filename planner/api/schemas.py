"""What goes in and what comes out, as ninja checks and OpenAPI describes it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from planner.models import Membership, Project, Role, Run, State, Token
from planner.services import tokens
from planner.services.comparison import MOST
from solvers.documents import MAX_BYTES, Document

RoleName = Literal["viewer", "editor", "owner"]
Scope = Literal[*tokens.SCOPES]  # type: ignore[valid-type]  # the one list of scopes
SpecIn = Annotated[
    dict[str, Any] | Annotated[str, Field(max_length=MAX_BYTES)],
    Field(description="The spec as a mapping, or as YAML in one text. GET /kinds/{name}/schema says what it holds."),
]


class Asked(BaseModel):
    """A request body: unknown keys are errors, so that a typing mistake is not silently left out."""

    model_config = ConfigDict(extra="forbid")


# Fields that every spec may have and no request body has.
SPEC_FIELDS = frozenset({"kind", "model", "hardware", "objective", "constraints", "options", "seed"})


class SpecCarrier(Asked):
    """A body with a spec; a spec alone is taken for the whole body."""

    spec: SpecIn

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, body: Any) -> Any:
        alone = isinstance(body, dict) and "spec" not in body and SPEC_FIELDS & body.keys()
        return {"spec": body} if alone else body


class RunAsked(SpecCarrier):
    """A plan is asked for."""

    project: str = Field("", max_length=60, description="The project's slug; a token's own project if left out.")
    fresh: bool = Field(default=False, description="Solve anew, even if history has the answer.")


class SpecAsked(SpecCarrier):
    """A spec is to be checked."""

    project: str = Field("", max_length=60, description="Whose own catalogue entries the spec may name.")


class AnnotationAsked(Asked):
    """Another name or other tags; what is left out stays."""

    name: str | None = Field(None, max_length=200)
    tags: list[str] | None = Field(None, max_length=20)


class ComparisonAsked(Asked):
    """Runs to be put side by side."""

    runs: list[UUID] = Field(min_length=2, max_length=MOST, description="Ids of runs of one project.")


class ProjectAsked(Asked):
    """A new project."""

    name: str = Field(min_length=1, max_length=100)


class MemberAsked(Asked):
    """A member's role."""

    role: RoleName


class TokenAsked(Asked):
    """A new token."""

    name: str = Field(min_length=1, max_length=100, description="Where it will be used.")
    scopes: list[Scope] = Field(min_length=1)
    days: int = Field(90, ge=1, le=tokens.MAX_DAYS, description="Days until it expires.")
    project: str = Field("", max_length=60, description="The project it is bound to; the caller's token's if left out.")


class EntryAsked(RootModel[dict[str, Any]]):
    """A catalogue entry, in the form in which specs and files write it; its name is in the address."""


class ProblemOut(BaseModel):
    """One thing that is wrong, where, and what to do."""

    code: str
    message: str
    at: str = Field(description='JSON pointer into the spec or the body; "" is all of it.')
    hint: str


class ErrorOut(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    problems: list[ProblemOut]


class RunLine(BaseModel):
    """A run as lists show it."""

    id: UUID
    project: str
    kind: str
    name: str
    tags: list[str]
    state: Literal[*State.values]  # type: ignore[valid-type]  # the one list of states
    source: str
    created_by: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    spec_hash: str
    summary: Document = Field(description="Headline, label and estimates of the answer, when there is one.")
    links: dict[str, str]


class RunOut(RunLine):
    """A run with its progress, its problems and its spec."""

    attempts: int
    cancel_requested: bool
    progress: Document
    problems: list[ProblemOut]
    spec: Document


class RunPage(BaseModel):
    """One page of runs; `next_cursor` is empty on the last."""

    items: list[RunLine]
    next_cursor: str


class ProjectOut(BaseModel):
    """A project and the caller's role in it."""

    slug: str
    name: str
    role: RoleName
    created: datetime


class ProjectPage(BaseModel):
    items: list[ProjectOut]


class MemberOut(BaseModel):
    """A member and the role."""

    username: str
    role: RoleName
    since: datetime


class MemberPage(BaseModel):
    items: list[MemberOut]


class TokenOut(BaseModel):
    """A token, of which only the first characters are known."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    project: str | None
    user: str
    created: datetime
    expires: datetime
    last_used: datetime | None
    revoked: datetime | None


class TokenPage(BaseModel):
    items: list[TokenOut]


class IssuedOut(BaseModel):
    """A new token with its secret, which is shown this once."""

    token: TokenOut
    secret: str


class KindOut(BaseModel):
    """A kind of plan."""

    name: str
    title: str
    summary: str
    version: int
    examples: list[str]


class KindPage(BaseModel):
    items: list[KindOut]


class ValidOut(BaseModel):
    """A spec without problems: as it was understood, in SI units with every default, and what its data show."""

    valid: Literal[True]
    kind: str
    spec_hash: str
    spec: Document
    warnings: list[ProblemOut]


class EntryLine(BaseModel):
    """A catalogue entry as lists show it."""

    name: str
    title: str
    own: bool = Field(description="True when it is the project's own.")


class EntryPage(BaseModel):
    items: list[EntryLine]


class EntryOut(BaseModel):
    """A catalogue entry, in the form in which specs and files write it."""

    section: str
    name: str
    own: bool
    document: Document


def run_line(run: Run) -> RunLine:
    """The run as a list shows it; its project and user must have been fetched with it."""
    return RunLine(**_line(run))


def run_out(run: Run) -> RunOut:
    """The run as its own address shows it."""
    return RunOut(
        **_line(run),
        attempts=run.attempts,
        cancel_requested=run.cancel_requested,
        progress=run.progress,
        problems=[ProblemOut(**{"at": "", "hint": "", **problem}) for problem in run.problems],
        spec=run.spec,
    )


def _line(run: Run) -> Document:
    own = f"/api/v1/runs/{run.id}"
    answered = run.state in (State.SOLVED, State.INFEASIBLE)
    links = {"self": own, "page": f"/p/{run.project.slug}/runs/{run.id}"}
    return {
        "id": run.id,
        "project": run.project.slug,
        "kind": run.kind,
        "name": run.name,
        "tags": run.tags,
        "state": run.state,
        "source": run.source,
        "created_by": run.created_by.username,
        "created": run.created,
        "started": run.started,
        "finished": run.finished,
        "spec_hash": run.spec_hash,
        "summary": run.summary,
        "links": links | ({"result": f"{own}/result"} if answered else {"cancel": f"{own}/cancel"}),
    }


def project_out(project: Project, role: str) -> ProjectOut:
    """The project with the caller's role."""
    return ProjectOut(slug=project.slug, name=project.name, role=Role(role).value, created=project.created)


def member_out(membership: Membership) -> MemberOut:
    """The member with the role; the user must have been fetched with it."""
    role = Role(membership.role).value
    return MemberOut(username=membership.user.username, role=role, since=membership.created)


def token_out(token: Token) -> TokenOut:
    """The token without its secret; its user and project must have been fetched with it."""
    return TokenOut(
        id=token.id,
        name=token.name,
        prefix=token.prefix,
        scopes=token.scopes,
        project=token.project.slug if token.project else None,
        user=token.user.username,
        created=token.created,
        expires=token.expires,
        last_used=token.last_used,
        revoked=token.revoked,
    )
