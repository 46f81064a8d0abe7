"""What was worked out for one question, kept for the next one that differs little."""

from collections.abc import Callable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Known:
    """Answers beside what they were worked out from, compared by value: an answer never depends on what is kept."""

    def __init__(self) -> None:
        self._kept: list[tuple[tuple[object, ...], Any]] = []

    def answer(self, question: tuple[object, ...], work: Callable[[], Answer]) -> Answer:
        """What `work` makes of the question, worked out once."""
        for asked, answer in self._kept:
            if asked == question:
                found: Answer = answer
                return found
        made = work()
        self._kept.append((question, made))
        return made
