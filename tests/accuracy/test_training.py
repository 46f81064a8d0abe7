"""A line of the document, computed again from the measurements that ship."""

from solvers import accuracy
from solvers.accuracy.document import Line
from solvers.training import tables
from solvers.training.accuracy import score
from tests.accuracy.parts import rounded, rows
from tests.accuracy.training import SIZES, _line


def test_a_line_is_what_its_rows_say():
    line = next(one for one in tables.LINES if one.name == SIZES[1])
    scored = [row for row in rows(tables.SHIPPED) if line.keep(row)]

    found = _line(line, score(scored, protocol=line.protocol))

    told = next(one for one in accuracy.document("training").lines if one.held_out == line.name)
    assert Line.model_validate(rounded(found.model_dump())) == told
