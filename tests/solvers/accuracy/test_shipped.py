"""The documents that ship are of the data and of the calibrations that ship."""

import hashlib
from pathlib import Path

import pytest

from solvers import accuracy, kinds
from solvers.errors import UnknownName
from solvers.serving import calibration as serving
from solvers.training import calibration as training

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"


def test_every_kind_has_a_document_and_another_name_has_none():
    assert [one.kind for one in accuracy.documents()] == kinds.names()
    with pytest.raises(UnknownName):
        accuracy.document("trainig")


@pytest.mark.parametrize("kind", kinds.names())
def test_the_data_that_ship_are_those_that_it_was_computed_from(kind):
    sources = [source for source in accuracy.document(kind).data if source.ships]

    assert {source.file: source.sha256 for source in sources} == {
        source.file: hashlib.sha256((ROOT / source.file).read_bytes()).hexdigest() for source in sources
    }


@pytest.mark.parametrize("kind", kinds.names())
def test_the_data_beside_the_checkout_are_those_that_it_was_computed_from(kind):
    if not SHARED.exists():
        pytest.skip("the measurements that do not ship are not beside the checkout")
    sources = [source for source in accuracy.document(kind).data if not source.ships]

    assert {source.file: source.sha256 for source in sources} == {
        source.file: hashlib.sha256((SHARED / kind / source.file).read_bytes()).hexdigest() for source in sources
    }


def test_the_calibrations_that_ship_are_those_that_were_scored():
    found = {kind: accuracy.document(kind).calibration for kind in ("training", "serving")}

    assert found == {"training": training.name_of("published"), "serving": serving.name_of("published")}


@pytest.mark.parametrize("kind", kinds.names())
def test_a_part_stands_below_a_line_and_no_error_is_beyond_its_worst_part(kind):
    lines = accuracy.document(kind).lines

    assert not lines[0].part
    assert [line.held_out for line in lines if line.worst is not None and line.mean > line.worst] == []
