import pytest

from tests.accuracy.readme import with_tables
from tests.accuracy.write import README


def test_the_readme_has_the_tables_of_the_documents_that_ship():
    text = README.read_text("utf-8")

    assert text == with_tables(text)


def test_a_kind_without_a_block_is_told():
    with pytest.raises(ValueError, match="no block for scaling"):
        with_tables("".join(f"<!-- accuracy {kind} -->\n<!-- end -->" for kind in ("training", "serving", "fleet")))
