"""What every catalogue entry has: its name, other names, where its numbers come from and how far to trust them."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Trust = Literal["datasheet", "measured", "estimated"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$", examples=["my-cluster"])]
Title = Annotated[str, Field(max_length=200)]


class Source(BaseModel):
    """Where a number was read: a document or an address, and the day on which it said so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, max_length=400, title="Title")
    address: str = Field(default="", max_length=400, title="Address or document")
    date: str = Field(default="", max_length=20, title="Date", examples=["2026-11-21"])


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, dict | Source) else value


Sources = Annotated[tuple[Source, ...], BeforeValidator(_as_tuple), Field(max_length=8)]


class Entry(BaseModel):
    """A frozen record. Documents use the short keys (`memory`), code the names with units (`memory_bytes`)."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_by_alias=True, validate_by_name=True
    )

    name: Name = Field(default="own", title="Name", description="Lower-case words joined by dashes.")
    title: Title = Field(default="", title="Title", description="How people call it.")
    aliases: tuple[str, ...] = Field(
        default=(), max_length=40, title="Other names", json_schema_extra={"x-advanced": True}
    )
    source: Sources = Field(
        default=(), title="Source", description="Where the numbers come from.", json_schema_extra={"x-advanced": True}
    )
    trust: Trust = Field(
        default="estimated",
        title="Trust",
        description="Whether the numbers are a data sheet's, measured, or an estimate.",
        json_schema_extra={"x-advanced": True},
    )

    @property
    def shown(self) -> str:
        """What a page calls it."""
        return self.title or self.name


def key(name: str) -> str:
    """The form in which names are compared: case, spaces, dashes, underscores and slashes do not count; dots do."""
    return re.sub(r"[\s_/:-]+", "", name).lower()
