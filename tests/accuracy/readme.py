"""The README's accuracy tables: what stands between markers is made from the documents that ship."""

import re

from solvers.accuracy.document import Accuracy
from solvers.accuracy.shipped import documents
from solvers.accuracy.table import Table, figures, held_out, percent

BLOCK = re.compile(r"(<!-- accuracy (?P<kind>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """The text with every block made anew. ValueError where a kind has none."""
    known = {one.kind: one for one in documents()}
    missing = known.keys() - {match["kind"] for match in BLOCK.finditer(text)}
    if missing:
        raise ValueError(f"the README has no block for {', '.join(sorted(missing))}")
    return BLOCK.sub(lambda match: f"{match[1]}{block(known[match['kind']])}{match[3]}", text)


def block(one: Accuracy) -> str:
    """What the README says of a kind."""
    tables = [markdown(table) for table in (held_out(one), figures(one)) if table.rows]
    cases = "; ".join(f"{case.name} ({percent(case.error)})" if case.error else case.name for case in one.worst)
    peers = {line.peer.name: line.peer.source for line in one.lines if line.peer}
    told = " ".join(f"{name}: {source}" for name, source in peers.items())
    names = ", ".join(f"`{source.file}` {source.sha256[:12]}" for source in one.data)
    made = f"Computed on {one.date} by `{one.command}` from {names}. The guess: {one.baseline}."
    parts = [f"**{one.headline}**", one.errors_of, *tables, f"Furthest off: {cases}.", told, made]
    return "\n\n".join(part for part in parts if part) + "\n"


def markdown(table: Table) -> str:
    """A table."""
    rule = " | ".join("---:" if numeric else "---" for numeric in table.numeric)
    lines = [" | ".join(table.columns), rule, *(" | ".join(row) for row in table.rows)]
    return "\n".join(f"| {line} |" for line in lines)
