"""The serving kind, as the registry has it."""

import subprocess
import sys

from tests.solvers.serving.asked import document

READ = """
import sys
from solvers import kinds
spec = kinds.parse({document!r})
kinds.spec_hash(spec)
print("numba" in sys.modules)
"""


def test_a_spec_is_read_without_the_simulators_compiler() -> None:
    reading = READ.format(document=document())

    told = subprocess.run([sys.executable, "-c", reading], capture_output=True, text=True, check=True)

    assert told.stdout == "False\n"
