"""Small bars as SVG: every length is an attribute in percent, so no style attribute and no distortion."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

# The track of an interval spans at least a quarter either side of the value, so that bars of different cards compare.
LEAST_SPAN = 0.25
ROOM = 1.2
# A label goes inside a segment only where about this share of the width holds one character of it.
CHARACTER = 0.013


@register.simple_tag
def interval_bar(low: float, value: float, high: float) -> SafeString:
    """An interval with its value marked. The track is +-25 % of the value, wider only where the interval is."""
    if value == 0:
        return SafeString("")
    reach = max(LEAST_SPAN, ROOM * (high - value) / abs(value), ROOM * (value - low) / abs(value)) * abs(value)
    left, right = _percent((low - value + reach) / (2 * reach)), _percent((high - value + reach) / (2 * reach))
    return format_html(
        '<svg class="bar rng" height="10" aria-hidden="true"><rect class="track" y="3" width="100%" height="4" rx="2"/>'
        '<rect class="span" x="{}%" y="3" width="{}%" height="4" rx="2"/><rect class="at" x="50%" width="2" height="10"/></svg>',
        left,
        round(right - left, 2),
    )


@register.simple_tag
def fill_bar(share: float, colour: str = "memory", height: int = 4) -> SafeString:
    """How full something is, from 0 to 1."""
    return format_html(
        '<svg class="bar" height="{}" aria-hidden="true"><rect class="track" width="100%" height="100%"/>'
        '<rect class="fig-{}" width="{}%" height="100%"/></svg>',
        height,
        colour,
        _percent(share),
    )


@register.simple_tag
def stack_bar(segments: Iterable[tuple[float, str, str]], height: int = 38) -> SafeString:
    """Segments side by side: (share of the whole width, colour, label). A label that does not fit is left to the key."""
    drawn = []
    start = 0.0
    for share, colour, label in segments:
        drawn.append((_percent(start), _percent(share), colour, label if len(label) * CHARACTER < share else "", height))
        start += share
    body = format_html_join("", SEGMENT, ((x, width, height, colour, round(height / 2 + 4), text) for x, width, colour, text, _ in drawn))
    return format_html('<svg class="bar stack" height="{}" aria-hidden="true"><rect class="track" width="100%" height="100%"/>{}</svg>', height, body)


SEGMENT = '<svg x="{}%" width="{}%" height="{}"><rect class="fig-{}" width="100%" height="100%"/><rect class="gap" x="100%" width="1" height="100%"/><text x="8" y="{}">{}</text></svg>'


def _percent(share: float) -> float:
    return round(100 * min(max(share, 0.0), 1.0), 2)
