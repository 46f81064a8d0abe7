"""What a result looks like: pure functions from result documents to headline numbers, tables and Plotly figures.

One module (or folder) for each kind, named as the kind, with a `VIEW`. Nothing here sees a row, a request or a clock.
"""

from importlib import import_module

from frontend.figures.views import View


def view(kind: str) -> View:
    """How answers of this kind are shown. The name has been checked by the registry of kinds."""
    found: View = import_module(f"frontend.figures.{kind}").VIEW
    return found
