"""A list of mappings as a form fills it: a card for each, one more on demand, one less where it is taken away."""

from dataclasses import replace
from typing import Any, Protocol

from frontend.forms.fields import EACH, Field

# Inputs whose text names a card where it has no name, and how many of them do.
TELLING = ("text", "select", "reference")
TOLD = 4


class Pressed(Protocol):
    """What is read of a QueryDict."""

    def __contains__(self, key: object) -> bool:
        """Whether `key` was sent at all."""


def is_list(value: Any) -> bool:
    """Whether cards can show the value: a list of mappings."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def cards(field: Field, value: Any) -> tuple[Field, ...]:
    """A group for each mapping of the list, called by what it says first; none where the value is no such list."""
    if not is_list(value):
        return ()
    return tuple(_card(field, place, item) for place, item in enumerate(value))


def changed(field: Field, post: Pressed, value: Any) -> list[Any]:
    """The list without the cards that were taken away, and with one more where that was asked for."""
    kept = [item for place, item in enumerate(value) if f"drop:{field.at}/{place}" not in post]
    if f"add:{field.at}" not in post:
        return kept
    like = {key: item for key, item in kept[-1].items() if key != "name"} if kept else {}
    return [*kept, like]


def _card(field: Field, place: int, item: dict[str, Any]) -> Field:
    children = tuple(_moved(child, f"{field.at}/{EACH}", f"{field.at}/{place}") for child in field.children)
    return Field(at=f"{field.at}/{place}", label=_label(children, item, place), widget="group", children=children)


def _label(children: tuple[Field, ...], item: dict[str, Any], place: int) -> str:
    if isinstance(item.get("name"), str):
        return str(item["name"])
    told = [_told(item.get(child.name)) for child in children if child.widget in TELLING]
    return " ".join([word for word in told if word][:TOLD]) or f"{place + 1}."


def _told(value: Any) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else value if isinstance(value, str) else ""


def _moved(field: Field, start: str, to: str) -> Field:
    return replace(
        field,
        at=to + field.at.removeprefix(start),
        children=tuple(_moved(child, start, to) for child in field.children),
        others=tuple(tuple(_moved(child, start, to) for child in form) for form in field.others),
    )
