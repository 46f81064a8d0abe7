"""What lies in the memory of one GPU of each pool, against what the GPU has."""

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table, always
from frontend.figures.serving.pools import role
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

GB = 1e9
ROW, FRAME = 44, 72
GROUPS = (
    ("Weights", "compute", "weights_bytes"),
    ("KV cache", "memory", "kv_bytes"),
    ("Activations", "data", "activation_bytes"),
    ("Runtime and graphs", "other", "other_bytes"),
)

shown = always


def title(result: Document) -> str:
    """How much is left for the KV cache."""
    pool = min(_pools(result), key=lambda pool: _kv_share(pool["memory"]))
    kv = units.show(pool["memory"]["kv_bytes"], units.SIZE)
    weights = units.show(pool["memory"]["weights_bytes"], units.SIZE)
    where = "" if len(_pools(result)) == 1 else f" of {role(pool['role']).lower()}"
    return f"A GPU{where} holds {weights} of weights and has {kv} for the KV cache"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A stacked bar for each pool with the memory of its GPU as a line."""
    pools = _pools(result)
    names = [role(pool["role"]) for pool in pools]
    capacities = [pool["memory"]["capacity_bytes"] for pool in pools]
    most = max(*capacities, *(pool["memory"]["total_bytes"] for pool in pools))
    hidden = {"visible": False, "fixedrange": True, "autorange": "reversed"}
    yaxis = theme.axis("", autorange="reversed", showgrid=False, fixedrange=True) | {"title": None}
    drawn = go.Figure(
        [_bar(group, pools, names, theme) for group in GROUPS],
        theme.layout(
            barmode="stack",
            bargap=0.3,
            height=height(result),
            xaxis=theme.axis("Memory of one GPU (GB)", range=[0, 1.1 * most / GB], fixedrange=True),
            yaxis=hidden if len(pools) == 1 else yaxis,
            margin={"l": 4 if len(pools) == 1 else 8, "r": 12, "t": 22, "b": 44},
        ),
    )
    for row, capacity in enumerate(capacities):
        drawn.add_shape(
            type="line", x0=capacity / GB, x1=capacity / GB, y0=row - 0.5, y1=row + 0.5,
            line={"color": theme["bad"], "width": 1.5, "dash": "dash"},
        )  # fmt: skip
    said = " and ".join(dict.fromkeys(units.show(capacity, units.SIZE) for capacity in capacities))
    return drawn.add_annotation(
        x=max(capacities) / GB, y=1, yref="paper", yanchor="bottom", xanchor="right", showarrow=False,
        text=f"{said} on the GPU", font={"color": theme["bad"], "size": 12},
    )  # fmt: skip


def table(result: Document) -> Table:
    """Every pool with its parts."""
    rows = tuple(
        (
            role(pool["role"]),
            *(units.show(pool["memory"][name], units.SIZE) for _, _, name in GROUPS),
            units.show(pool["memory"]["total_bytes"], units.SIZE),
            units.count(pool["engine"]["kv_blocks"]),
        )
        for pool in _pools(result)
    )
    columns = ("Pool", *(label for label, _, _ in GROUPS), "Together", "KV blocks")
    return Table("Memory of one GPU by pool", columns, rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The colours in words, with their bytes where there is one pool."""
    pools = _pools(result)
    return tuple(
        LegendEntry(colour, label, units.show(pools[0]["memory"][name], units.SIZE) if len(pools) == 1 else "")
        for label, colour, name in GROUPS
    )


def height(result: Document) -> int:
    """Pixels."""
    return FRAME + ROW * len(_pools(result))


def _pools(result: Document) -> list[Document]:
    found: list[Document] = result["plan"]["pools"]
    return found


def _kv_share(memory: Document) -> float:
    return float(memory["kv_bytes"] / memory["capacity_bytes"])


def _bar(group: tuple[str, str, str], pools: list[Document], names: list[str], theme: Theme) -> go.Bar:
    label, colour, name = group
    sizes = [pool["memory"][name] for pool in pools]
    return go.Bar(
        name=label,
        x=[size / GB for size in sizes],
        y=names,
        orientation="h",
        marker={"color": theme[f"fig-{colour}"], "line": {"color": theme["surface"], "width": 1}},
        customdata=[
            [units.show(size, units.SIZE), units.show(pool["memory"]["total_bytes"], units.SIZE)]
            for size, pool in zip(sizes, pools, strict=True)
        ],
        hovertemplate=f"<b>%{{y}}: {label}</b><br>%{{customdata[0]}} of %{{customdata[1]}}<extra></extra>",
    )
