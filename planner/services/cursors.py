"""Where a list goes on: the last row's place in the list's order, as one word that nobody need understand."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from planner.services.errors import Invalid, invalid


def write(field: str, value: str, last: UUID) -> str:
    """The cursor behind the row `last`, whose place in the order by `field` is `value`."""
    return base64.urlsafe_b64encode(json.dumps([field, value, last.hex]).encode()).decode().rstrip("=")


def read(cursor: str, field: str) -> tuple[str, UUID]:
    """The place that a cursor of the order by `field` stands for; Invalid where it is another's."""
    try:
        named, value, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if named != field:
            raise ValueError
        return str(value), UUID(last)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise foreign() from None


def foreign() -> Invalid:
    """What is said of a cursor that this list did not give."""
    return invalid("cursor", "This cursor does not belong to this list.", hint="Begin at the first page.")


def after(row: Any, field: str) -> str:
    """The cursor behind a row in the order by `field`, a time, falling."""
    return write(field, getattr(row, field).isoformat(), row.id)


def moment(cursor: str, field: str) -> tuple[datetime, UUID]:
    """The place that a cursor of an order by time stands for."""
    value, last = read(cursor, field)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise foreign() from None
    if at.tzinfo is None:
        raise foreign()
    return at, last


def uuid(text: str, field: str) -> UUID:
    """The id that a filter names; Invalid where it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise invalid(field, f"'{text[:40]}' is not an id.", at=f"/{field}") from None
