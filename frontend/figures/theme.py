"""The one theme of all figures: its colours are the page's own tokens (static/css/tokens.css), one for each meaning."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TOKENS = Path(__file__).parent.parent / "static" / "css" / "tokens.css"
BLOCK = re.compile(r'^\s*(:root|:root\[data-theme="dark"\])\s*\{([^}]*)\}', re.MULTILINE)
TOKEN = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
FONT = '"Inter Variable", Inter, system-ui, sans-serif'
NAMES = ("light", "dark")


@dataclass(frozen=True)
class Theme:
    """What a figure may draw with. `colours` holds every token by name: `ink`, `line`, `fig-compute`."""

    name: str
    colours: dict[str, str]

    def __getitem__(self, token: str) -> str:
        return self.colours[token]

    def tint(self, token: str, strength: float) -> str:
        """The colour with `strength` in 0..1 over the card behind it."""
        over, under = _rgb(self[token]), _rgb(self["surface"])
        mixed = [round(strength * top + (1 - strength) * bottom) for top, bottom in zip(over, under, strict=True)]
        return "#" + "".join(f"{channel:02x}" for channel in mixed)

    def on(self, colour: str) -> str:
        """The more legible of the two inks for text upon `colour`."""
        return max((self["fig-ink"], self["fig-ink-on-pale"]), key=lambda ink: _contrast(ink, colour))

    def layout(self, **more: Any) -> dict[str, Any]:
        """The layout that every figure starts from."""
        font = {"family": FONT, "size": 12, "color": self["ink-3"]}
        hover = {
            "bgcolor": self["surface"],
            "bordercolor": self["line-strong"],
            "font": {**font, "color": self["ink"]},
            "align": "left",
        }
        base = {
            "template": "none",
            "font": font,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hoverlabel": hover,
            "showlegend": False,
            "margin": {"l": 56, "r": 16, "t": 12, "b": 44},
        }
        return base | more

    def axis(self, title: str, **more: Any) -> dict[str, Any]:
        """An axis with a title (which names the unit), quiet lines and tabular ticks."""
        base = {
            "title": {"text": title, "font": {"color": self["ink-2"], "size": 12}, "standoff": 10},
            "gridcolor": self["line"],
            "linecolor": self["line-strong"],
            "zeroline": False,
            "tickfont": {"color": self["ink-3"], "size": 12},
            "automargin": True,
        }
        return base | more


def theme(name: str) -> Theme:
    """The theme called `light` or `dark`; anything else is light."""
    return _themes()["dark" if name == "dark" else "light"]


@cache
def _themes() -> dict[str, Theme]:
    blocks = dict(BLOCK.findall(re.sub(r"/\*.*?\*/", "", TOKENS.read_text("utf-8"), flags=re.DOTALL)))
    light = dict(TOKEN.findall(blocks[":root"]))
    dark = light | dict(TOKEN.findall(blocks[':root[data-theme="dark"]']))
    return {"light": Theme("light", light), "dark": Theme("dark", dark)}


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2: what the three channels of sRGB weigh for the eye."""
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
              for share in (channel / 255 for channel in _rgb(colour))]  # fmt: skip
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
