"""What the catalogue pages show of each section: its columns, and a record's facts with their sources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from planner.models import Project
from planner.services import catalogue as own
from solvers import catalogue, units
from solvers.documents import Document
from solvers.errors import IsoflopError

TITLES = {"gpus": "GPUs", "nodes": "Nodes", "links": "Links and NICs", "models": "Models", "prices": "Prices"}
LINKS = ("https://", "http://")


@dataclass(frozen=True)
class Column:
    """A heading and what stands under it; numbers are right-aligned."""

    heading: str
    cell: Callable[[Any], str]
    number: bool = True


@dataclass(frozen=True)
class Listed:
    """A line of a section. `wrong` says why a project's own record cannot be read any more."""

    name: str
    title: str
    cells: tuple[str, ...]
    trust: str
    own: bool
    wrong: str = ""


@dataclass(frozen=True)
class Fact:
    """A field of a record in words, as its document writes it."""

    label: str
    value: str


@dataclass(frozen=True)
class Machine:
    """A line of a price list."""

    name: str
    gpus: str
    prices: str


def columns(section: str) -> tuple[Column, ...]:
    """What a section's table compares."""
    return COLUMNS[section]


def listed(project: Project, section: str, search: str = "") -> list[Listed]:
    """The project's own records first, then what ships with Isoflop; `search` looks into names, titles and aliases."""
    resolve = own.resolver(project)
    rows = [_own(resolve, section, entry.name, entry.document) for entry in own.entries(project, section)]
    rows += [_line(section, catalogue.get(section, name), own=False) for name in catalogue.names(section)]
    return [
        row for row in rows if search.lower() in f"{row.name} {row.title}".lower() or _is_alias(section, row, search)
    ]


def facts(section: str, document: Document) -> list[Fact]:
    """All fields of a document under the titles of its schema, as they are written."""
    fields = {field.alias or name: field for name, field in catalogue.SECTIONS[section].model_fields.items()}
    apart = ("name", "title", "aliases", "source", "trust", "instances")
    plain = {key: value for key, value in document.items() if key not in apart}
    return [Fact(_label(fields, key), _written(value)) for key, value in plain.items()]


def machines(section: str, document: Document) -> list[Machine]:
    """What a price list holds, with the price of a GPU-hour in each region."""
    if section != "prices":
        return []
    price: catalogue.Price = catalogue.record(section, document)
    return [
        Machine(one.name or one.gpu, f"{one.gpus} × {one.gpu}", _by_region(one.prices, gpus=one.gpus))
        for one in price.instances
    ]


def _by_region(prices: Mapping[str, float], *, gpus: int) -> str:
    shown = {region: units.show(usd / gpus, units.PRICE) for region, usd in prices.items()}
    return ", ".join(usd if region == "any" else f"{region} {usd}" for region, usd in shown.items())


def sources(document: Document) -> list[Document]:
    """Where the numbers come from; an address is a link only when it is one of the web."""
    given = document.get("source") or []
    listed_sources = [given] if isinstance(given, dict) else given
    return [{**source, "link": str(source.get("address", "")).startswith(LINKS)} for source in listed_sources]


def size(section: str, document: Document) -> list[Fact]:
    """What follows from a model's architecture."""
    if section != "models":
        return []
    model = catalogue.model(document)
    return [Fact("Parameters", _count(model.parameters)), Fact("Active for a token", _count(model.active_parameters))]


def _own(resolve: Callable[[Document], Document], section: str, name: str, document: Document) -> Listed:
    try:
        record = own.record_of(section, document, resolve)
    except IsoflopError as error:
        cells = ("",) * len(COLUMNS[section])
        return Listed(name, str(document.get("title", "")), cells, "", own=True, wrong=error.problems[0].message)
    return _line(section, record, own=True)


def _line(section: str, record: Any, *, own: bool) -> Listed:
    cells = tuple(column.cell(record) for column in COLUMNS[section])
    return Listed(record.name, record.title, cells, record.trust, own=own)


def _is_alias(section: str, row: Listed, search: str) -> bool:
    return not row.own and any(search.lower() in other for other in _others(catalogue.get(section, row.name)))


def _others(record: Any) -> list[str]:
    """What else a record is found by: its aliases, and the machines of a price list with their GPUs."""
    machines = getattr(record, "instances", ())
    return [alias.lower() for alias in record.aliases] + [f"{one.name} {one.gpu}".lower() for one in machines]


def _label(fields: dict[str, Any], key: str) -> str:
    title = fields[key].title if key in fields else None
    return title or key.replace("_", " ").capitalize()


def _written(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {_written(item)}" for key, item in value.items())
        case list():
            return ", ".join(_written(item) for item in value)
        case int():
            return f"{value:,}"
    return str(value)


def _count(number: float) -> str:
    return units.show(number, units.COUNT)


def _shown(name: str, quantity: units.Quantity) -> Callable[[Any], str]:
    def cell(record: Any) -> str:
        value = getattr(record, name)
        return "" if value is None else units.show(value, quantity)

    return cell


def _peak(precision: str) -> Callable[[Any], str]:
    return lambda gpu: units.show(gpu.peak_flops_per_s[precision], units.SPEED) if gpu.has(precision) else ""


def _network(node: Any) -> str:
    return f"{node.nics} × {node.nic.shown}" if node.nic else ""


def _priced(price: Any) -> str:
    if price.instances:
        return f"{len({one.gpu for one in price.instances})} GPUs, {len(price.instances)} machines"
    return str(price.node or price.gpu or price.name)


def _gpu_hour(price: Any) -> str:
    low, high = price.range_usd_per_gpu_hour
    ends = dict.fromkeys(units.show(usd, units.PRICE) for usd in (low, high))
    return " to ".join(ends)


COLUMNS: dict[str, tuple[Column, ...]] = {
    "gpus": (
        Column("Memory", _shown("memory_bytes", units.SIZE)),
        Column("Bandwidth", _shown("memory_bytes_per_s", units.RATE)),
        Column("BF16", _peak("bf16")),
        Column("FP8", _peak("fp8")),
        Column("Power", _shown("power_w", units.POWER)),
    ),
    "nodes": (
        Column("GPUs", lambda node: f"{node.gpus} × {node.gpu.shown}", number=False),
        Column("Between GPUs", lambda node: node.link.shown, number=False),
        Column("Network", _network, number=False),
        Column("Per GPU", lambda node: units.show(node.nic_bytes_per_s_per_gpu, units.RATE) if node.nic else ""),
    ),
    "links": (
        Column("Kind", lambda link: link.kind, number=False),
        Column("Bandwidth, one way", _shown("bytes_per_s", units.RATE)),
        Column("Latency", _shown("latency_s", units.DURATION)),
        Column("GPUs joined", lambda link: str(link.domain or "")),
    ),
    "models": (
        Column("Family", lambda model: model.family, number=False),
        Column("Parameters", lambda model: _count(model.parameters)),
        Column("Active", lambda model: _count(model.active_parameters) if model.moe else ""),
        Column("Layers", lambda model: str(model.layers)),
        Column("Hidden", lambda model: f"{model.hidden:,}"),
        Column("Context", lambda model: f"{model.context:,}" if model.context else ""),
    ),
    "prices": (
        Column("For", _priced, number=False),
        Column("A GPU-hour", _gpu_hour),
        Column("Provider", lambda price: price.provider, number=False),
        Column("Term", lambda price: (price.term or "").replace("_", " "), number=False),
        Column("On", lambda price: price.date, number=False),
    ),
}
