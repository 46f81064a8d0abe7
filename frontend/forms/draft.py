"""A spec that is being written: its text, what the form shows of it, and what is wrong so far.

    edited text -> document -> form          edited form -> document -> text (comments kept)

Text that cannot be read is kept as it stands, beside the last text that could be (`base`), so nothing is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

from frontend.forms import fields, text, values
from solvers import documents, kinds
from solvers.base import Spec
from solvers.documents import Document
from solvers.errors import Problem, SpecError, UnknownName

Check = Callable[[Document], Spec]
"""Resolves the project's own names and parses; raises SpecError."""


@dataclass(frozen=True)
class Draft:
    """`spec` is there when nothing is wrong; `readable` says whether `written` is YAML or JSON at all."""

    kind: str
    written: str
    base: str
    document: Document
    readable: bool
    problems: tuple[Problem, ...]
    spec: Spec | None

    @property
    def bound(self) -> tuple[values.Bound, ...]:
        """The form's fields with the document's values and problems."""
        return values.bind(fields.fields(kinds.schema(self.kind)), self.document, self.problems)

    @property
    def marks(self) -> list[tuple[int, Problem]]:
        """Each problem with the line of the text it belongs to."""
        known = text.lines(self.written)
        return [(text.line_of(problem, known), problem) for problem in self.problems]

    @property
    def size(self) -> int | None:
        """How many candidates the search will look at, where the kind can tell cheaply."""
        if self.spec is None:
            return None
        count = kinds.get(self.spec.kind).search_size
        return None if count is None else count(self.spec)


def from_text(written: str, *, kind: str, base: str = "", check: Check) -> Draft:
    """The draft of a text as its author left it."""
    try:
        document = documents.read(written)
    except SpecError as error:
        return Draft(
            kind, written, base, _readable(base, kind=kind), readable=False, problems=error.problems, spec=None
        )
    return _checked(document, written, kind=kind, check=check)


def from_form(
    post: values.Posted, written: str, *, kind: str, base: str = "", start: values.Start, check: Check
) -> Draft:
    """The draft after an edit in the form: the text follows, with its comments."""
    source = written if _is_readable(written) else base
    tree = fields.fields(kinds.schema(kind))
    before = _readable(source, kind=kind)
    document = values.document_from(post, tree, before, start)
    return _checked(document, text.edited(source, document), kind=kind, check=check)


def from_document(document: Document, *, kind: str, check: Check) -> Draft:
    """The draft of a document, as one opened from a run or with one change put in."""
    return _checked(document, documents.dump_yaml(document), kind=kind, check=check)


def _checked(document: Document, written: str, *, kind: str, check: Check) -> Draft:
    spec: Spec | None = None
    problems: tuple[Problem, ...] = ()
    try:
        spec = check(document)
    except SpecError as error:
        problems = error.problems
    return Draft(_kind_of(document, kind), written, written, document, readable=True, problems=problems, spec=spec)


def _kind_of(document: Document, otherwise: str) -> str:
    try:
        return kinds.get(str(document.get("kind", otherwise))).name
    except UnknownName:
        return otherwise


def _readable(written: str, *, kind: str) -> Document:
    return documents.read(written) if _is_readable(written) else {"kind": kind}


def _is_readable(written: str) -> bool:
    try:
        documents.read(written)
    except SpecError:
        return False
    return True
