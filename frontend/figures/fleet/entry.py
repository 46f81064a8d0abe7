"""What is not bought, and the price at which it would be."""

import plotly.graph_objects as go

from frontend.figures import rows
from frontend.figures.base import LegendEntry, Table
from frontend.figures.fleet import said, types
from frontend.figures.theme import Theme
from solvers.documents import Document


def shown(result: Document) -> bool:
    """Whether any unused offer would enter at some price."""
    return bool(_entering(result))


def title(result: Document) -> str:
    """The offer that is nearest to being bought."""
    near = max(_entering(result), key=lambda one: one["enters_at_usd_per_gpu_hour"] / one["price_usd_per_gpu_hour"])
    price, entry = near["price_usd_per_gpu_hour"], near["enters_at_usd_per_gpu_hour"]
    below = said.share(1 - entry / price)
    return f"At {said.price(entry)} a GPU, {below} below its price, {near['offer']} would be bought"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A row for each offer: its price, the price at which it enters, and the way between."""
    found = _entering(result)
    colours = [theme[f"fig-{types.colour(result, types.name_of(result, one['gpu']))}"] for one in found]
    ways = [
        go.Scatter(
            name=f"{one['offer']}, between",
            x=[one["enters_at_usd_per_gpu_hour"], one["price_usd_per_gpu_hour"]],
            y=[row, row],
            mode="lines",
            line={"color": theme["line-strong"], "width": 2},
            hoverinfo="skip",
        )
        for row, one in enumerate(found)
    ]
    enters = _points("Would enter", "enters_at_usd_per_gpu_hour", found)
    enters.marker = {"color": theme["surface"], "size": 11, "line": {"color": colours, "width": 2}}
    prices = _points("Price", "price_usd_per_gpu_hour", found)
    prices.marker = {"color": colours, "size": 11}
    most = max(one["price_usd_per_gpu_hour"] for one in found)
    layout = theme.layout(
        height=height(result),
        hovermode="closest",
        xaxis=theme.axis("Price of a GPU ($/h)", range=[0, 1.08 * most], fixedrange=True),
        yaxis=rows.axis(len(found)),
        annotations=rows.names([one["offer"] for one in found], theme),
        margin={"l": 8, "r": 16, "t": 4, "b": 44},
    )
    return go.Figure([*ways, enters, prices], layout)


def table(result: Document) -> Table:
    """Every offer that is not bought: its price, where it would enter, and with what, or why never."""
    found = tuple(
        (
            one["offer"],
            types.called(result, types.name_of(result, one["gpu"])),
            types.TERMS[one["term"]],
            said.price(one["price_usd_per_gpu_hour"]),
            "–" if one["enters_at_usd_per_gpu_hour"] is None else said.price(one["enters_at_usd_per_gpu_hour"]),
            str(one.get("why_not") or one.get("message") or ""),
        )
        for one in _entries(result)
    )
    return Table(
        "Offers that are not bought", ("Offer", "GPU", "Term", "Price of a GPU", "Enters at", "What then"), found
    )


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The types that are drawn."""
    names = dict.fromkeys(types.name_of(result, one["gpu"]) for one in _entering(result))
    dots = (LegendEntry("other", "Filled: its price; ring: would be bought"),)
    return (*(LegendEntry(types.colour(result, name), types.called(result, name)) for name in names), *dots)


def height(result: Document) -> int:
    """Pixels."""
    return rows.height(len(_entering(result)))


def _entries(result: Document) -> list[Document]:
    found: list[Document] = result["explanation"].get("entry_prices", [])
    return found


def _entering(result: Document) -> list[Document]:
    return [one for one in _entries(result) if one["enters_at_usd_per_gpu_hour"] is not None]


def _points(name: str, key: str, found: list[Document]) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[one[key] for one in found],
        y=list(range(len(found))),
        mode="markers",
        customdata=[[one["offer"], said.price(one[key]), one.get("message") or ""] for one in found],
        hovertemplate=f"<b>%{{customdata[0]}}</b><br>{name.lower()} %{{customdata[1]}} a GPU<br>%{{customdata[2]}}"
        "<extra></extra>",
    )
