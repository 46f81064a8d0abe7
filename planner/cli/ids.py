"""Ids as people give them to the command line."""

from uuid import UUID

from planner.cli.exits import usage


def is_id(text: str) -> bool:
    """Whether the text can be the id of anything."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def run_id(text: str) -> str:
    """The id of a run; a usage error says where ids are shown."""
    return _checked(text, "run", "runs")


def forecast_id(text: str) -> str:
    """The id of a forecast, in the same way."""
    return _checked(text, "forecast", "forecast")


def _checked(text: str, what: str, command: str) -> str:
    if not is_id(text):
        hint = f"`isoflop {command} list` shows them; give all 36 characters."
        raise usage("bad_id", f"'{text}' is no id of a {what}.", hint)
    return text
