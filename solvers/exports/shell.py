"""Shell scripts: what the reader must fill in comes first and stops the script with a word where it is missing."""

import re
from collections.abc import Iterable, Sequence

Argument = tuple[str, ...]
Need = tuple[str, str]

PLAIN = re.compile(r"[A-Za-z0-9_./:=+-]+")


class Raw(str):
    """Text that the shell is to read as it stands, such as a variable in quotes."""

    __slots__ = ()


def arguments(name: str, given: Iterable[Argument]) -> str:
    """A bash array with one option a line."""
    lines = "\n".join("  " + " ".join(map(quoted, argument)) for argument in given)
    return f"{name}=(\n{lines}\n)"


def quoted(word: str) -> str:
    """The word as the shell takes it for one word, whatever it holds."""
    if isinstance(word, Raw) or PLAIN.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def needs(wanted: Iterable[Need]) -> str:
    """Variables without which nothing starts, each with what it is (in words without quotes: bash would read them)."""
    return "\n".join(f': "${{{name}:?is not set: {what}}}"' for name, what in wanted)


def counted(name: str, number: float | None, what: str) -> tuple[list[Need], list[str]]:
    """A number that the plan gives, unless the reader gives another; or one that the reader has to give."""
    if number is None:
        return [(name, what)], []
    return [], [f'{name}="${{{name}:-{number!r}}}"']


def comment(lines: Iterable[str]) -> str:
    """Comment lines; what people named cannot break out of them."""
    return "\n".join(f"# {one_line(line)}".rstrip() for line in lines)


def one_line(text: str) -> str:
    """Text on one line, without characters that no one sees."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def script(head: Sequence[str], *parts: str) -> str:
    """A whole script that stops at the first error."""
    return "\n\n".join(["#!/usr/bin/env bash\n" + comment(head) + "\nset -euo pipefail", *filter(None, parts)]) + "\n"
