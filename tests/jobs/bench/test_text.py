"""The text: the one that its source names, and what is held out is not learned from."""

import hashlib
from pathlib import Path

import jobs.bench.text
from jobs.bench.text import held_out, learned, text


def test_it_is_the_text_that_the_source_names() -> None:
    source = Path(jobs.bench.text.__file__).with_name("SOURCE.md").read_text("utf-8")

    assert f"sha256 of the text: {hashlib.sha256(text()).hexdigest()}" in source
    assert b"in the public domain, to be freely\n   used, shared, and modified" in text()


def test_a_twentieth_is_held_out() -> None:
    assert learned() + held_out() == text()
    assert len(held_out()) == len(text()) // 20
