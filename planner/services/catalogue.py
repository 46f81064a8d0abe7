"""A project's own hardware and models, beside the catalogue that ships with Isoflop."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from planner.models import CatalogueEntry, Project, Role
from planner.models.catalogue import Section
from planner.services import audit, projects
from planner.services.errors import invalid, not_found
from solvers import catalogue, documents
from solvers.catalogue.entry import Entry
from solvers.catalogue.own_price import own_price, wanted
from solvers.documents import Document
from solvers.errors import SpecError, UnknownName

# Which section a name is looked up in, by the field that holds it, wherever in a spec or record that field is.
SECTION_OF_FIELD = {
    "model": Section.MODELS,
    "node": Section.NODES,
    "gpu": Section.GPUS,
    "link": Section.LINKS,
    "nic": Section.LINKS,
    "between": Section.LINKS,
    "host_link": Section.LINKS,
}
# The field of a spec's hardware that a project's own price fills.
PRICE = "cost_usd_per_gpu_hour"
# Fields in which a name stays a name: what is said of a GPU by its name, not the GPU.
BY_NAME = ("available", "instances")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,78}[a-z0-9]|[a-z0-9]")
MOST_ENTRIES = 500


def entries(project: Project, section: str) -> list[CatalogueEntry]:
    """The project's own records of one section, by name."""
    _known(section)
    own = CatalogueEntry.objects.filter(project=project, section=section)
    return list(own.select_related("updated_by").order_by("name"))


def entry(project: Project, section: str, name: str) -> CatalogueEntry:
    """One of the project's own records; NotFound without it."""
    _known(section)
    found = CatalogueEntry.objects.filter(project=project, section=section, name=name).first()
    if found is None:
        raise not_found("entry of the catalogue")
    return found


@transaction.atomic
def save(project: Project, section: str, document: Document, *, user: User) -> CatalogueEntry:
    """Adds the record, or replaces the one of the same name. SpecError says what is wrong with it."""
    projects.require(user, project, Role.EDITOR)
    _known(section)
    documents.check(document)
    name = document.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        hint = "For example: our-h100-pod."
        raise invalid("name", "A name has small letters, digits, dots and dashes, at most 80.", at="/name", hint=hint)
    record_of(section, document, resolver(project))
    _room(project, name, section)
    saved, made = CatalogueEntry.objects.update_or_create(
        project=project, section=section, name=name, defaults={"document": document, "updated_by": user}
    )
    details = {"digest": documents.digest(document)}
    audit.record(user, "catalogue.added" if made else "catalogue.changed", saved, project=project, details=details)
    return saved


@transaction.atomic
def delete(project: Project, section: str, name: str, *, user: User) -> None:
    """Removes the record. Runs that used it keep what they used: it is written into their spec."""
    projects.require(user, project, Role.EDITOR)
    found = entry(project, section, name)
    found.delete()
    details = {"digest": documents.digest(found.document)}
    audit.record(user, "catalogue.deleted", found, project=project, details=details)


def resolve(project: Project, document: Document) -> Document:
    """The document with the names of the project's own records replaced by those records."""
    return resolver(project)(document)


def resolver(project: Project) -> Callable[[Document], Document]:
    """`resolve` for many documents of one project, with one query for all of them."""
    own = CatalogueEntry.objects.filter(project=project)
    records = {(row.section, plain(row.name)): row.document for row in own}

    def resolved(document: Document) -> Document:
        return {key: _resolved(key, _priced(key, value, records), records, depth=0) for key, value in document.items()}

    return resolved


def record_of(section: str, document: Document, resolve: Callable[[Document], Document]) -> Entry:
    """The document as a record, with the project's own parts; a price keeps the names of what it is the price of."""
    record: Entry = catalogue.record(section, document if section == Section.PRICES else resolve(document))
    return record


def plain(name: str) -> str:
    """A name as it is compared: without case, spaces, dashes, underscores and dots."""
    return re.sub(r"[\s._-]", "", name).lower()


def _resolved(field: object, value: Any, records: dict[tuple[str, str], Document], *, depth: int) -> Any:
    if depth > documents.MAX_DEPTH:
        return value
    match value:
        case str() if field in SECTION_OF_FIELD:
            record = records.get((SECTION_OF_FIELD[str(field)], plain(value)))
            return value if record is None else _resolved(field, record, records, depth=depth + 1)
        case dict() | list() if field in BY_NAME:
            return value
        case dict():
            return {key: _resolved(key, item, records, depth=depth + 1) for key, item in value.items()}
        case list():
            return [_resolved(field, item, records, depth=depth + 1) for item in value]
    return value


def _priced(field: object, value: Any, records: dict[tuple[str, str], Document]) -> Any:
    """Hardware that says no price gets the project's own, of its node or else of that node's GPU; so does an island.

    So does each offer of a market, of the price that says most about it.
    """
    if field == "market" and isinstance(value, list):
        return [_offer_priced(offer, records) for offer in value]
    if field == "hardware" and isinstance(value, dict) and isinstance(value.get("islands"), list):
        return {**value, "islands": [_priced("hardware", island, records) for island in value["islands"]]}
    if field != "hardware" or not isinstance(value, dict) or not isinstance(value.get("node"), str) or PRICE in value:
        return value
    node = plain(value["node"])
    own = records.get((Section.NODES, node), {})
    gpu = own.get("gpu") if own else _gpu_of(value["node"])
    for name in (node, plain(gpu) if isinstance(gpu, str) else ""):
        if "price" in records.get((Section.PRICES, name), {}):
            return {**value, PRICE: records[Section.PRICES, name]["price"]}
    return value


def _offer_priced(offer: Any, records: dict[tuple[str, str], Document]) -> Any:
    if not isinstance(offer, dict) or offer.get("price") is not None or offer.get("prices"):
        return offer
    prices = [document for (section, _), document in sorted(records.items()) if section == Section.PRICES]
    node, gpu = (_name_of(offer.get(field)) for field in ("node", "gpu"))
    if node and not gpu:
        own = offer["node"] if isinstance(offer["node"], dict) else records.get((Section.NODES, plain(node)), {})
        gpu = _name_of(own.get("gpu")) if own else _gpu_of(node)
    found = own_price(wanted(offer, node=node, gpu=_known_as(gpu)), _readable(prices)) if prices else None
    if found is None:
        return offer
    price, usd = found
    return {**offer, "price": usd, "price_from": f"the project's price {price.name}"}


def _readable(documents_of_prices: list[Document]) -> Iterator[catalogue.Price]:
    """Prices that are still read as such; the catalogue page says what is wrong with the others."""
    for document in documents_of_prices:
        with suppress(SpecError):
            yield catalogue.record("prices", document)


def _name_of(value: Any) -> str:
    name = value.get("name", "") if isinstance(value, dict) else value
    return name if isinstance(name, str) else ""


def _known_as(gpu: str) -> str:
    """The catalogue's name of a GPU; one of the project's own keeps its name."""
    try:
        return catalogue.gpu(gpu).name if gpu else ""
    except SpecError:
        return gpu


def _gpu_of(node: str) -> str:
    try:
        return str(catalogue.node(node).gpu.name)
    except UnknownName:
        return ""


def _known(section: str) -> None:
    if section not in Section.values:
        known = f"Sections: {', '.join(Section.values)}."
        raise invalid("section", f"There is no section '{section[:20]}'.", hint=known)


def _room(project: Project, name: str, section: str) -> None:
    own = CatalogueEntry.objects.filter(project=project)
    if own.count() >= MOST_ENTRIES and not own.filter(section=section, name=name).exists():
        raise invalid("too_many", f"A project holds at most {MOST_ENTRIES} records of its own.", hint="Delete some.")
