"""Security headers."""

import re
from pathlib import Path

import pytest
from django.test import Client

TEMPLATES = Path(__file__).parent.parent.parent / "frontend" / "templates"
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|\shx-on|javascript:|\bjs:", re.IGNORECASE)
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


@pytest.mark.django_db
def test_every_answer_carries_the_policy_and_its_companions(client: Client) -> None:
    response = client.get("/sign-in")

    names = (
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "X-Frame-Options",
        "Cross-Origin-Opener-Policy",
    )
    assert {name: response[name] for name in names} == {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def test_an_error_page_carries_the_policy(client: Client) -> None:
    assert client.get("/nowhere")["Content-Security-Policy"] == POLICY


def test_no_page_has_inline_script_style_or_handlers() -> None:
    assert [path.name for path in TEMPLATES.rglob("*.html") if INLINE.search(path.read_text("utf-8"))] == []
