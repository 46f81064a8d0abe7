"""Operator tables of the aiconfigurator-core wheel (Apache-2.0), read into arrays [aiconfigurator2026].

Only `systems/data/**.parquet` of operators is read. Needs pyarrow, which nothing else here does.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from solvers.cost.layouts import Floats

ROOT = "aiconfigurator_core/systems/data"
SYSTEMS = {
    "a100_sxm": "a100-80",
    "b200_sxm": "b200",
    "b300_sxm": "b300",
    "gb200": "gb200",
    "gb300": "gb300",
    "h100_sxm": "h100-sxm",
    "h200_sxm": "h200-sxm",
    "l40s": "l40s",
    "rtx_pro_6000_server": "rtx-pro-6000",
}
FILES = {
    "product": "gemm/{}/gemm_perf",
    "expert": "moe/{}/moe_perf",
    "decode": "attention/{}/generation_attention_perf",
    "prefill": "attention/{}/context_attention_perf",
    "latent_decode": "mla/{}/generation_mla_perf",
    "latent_prefill": "mla/{}/context_mla_perf",
    "reduce": "comm/{}/custom_allreduce_perf",
}


@dataclass(frozen=True)
class Table:
    """Columns by name, all of one length; seconds in `seconds`."""

    name: str
    gpu: str
    engine: str
    version: str
    columns: dict[str, Any]

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.columns["seconds"])

    def floats(self, name: str) -> Floats:
        """A column of numbers."""
        return np.asarray(self.columns[name], dtype=np.float64)

    def take(self, chosen: Any) -> "Table":
        """The chosen rows."""
        columns = {name: column[chosen] for name, column in self.columns.items()}
        return Table(self.name, self.gpu, self.engine, self.version, columns)


def tables(wheel: Path, operator: str) -> list[Table]:
    """All tables of `operator` in the wheel, one for each GPU, engine and version."""
    found = []
    prefix, suffix = FILES[operator].split("{}")
    with zipfile.ZipFile(wheel) as archive:
        for entry in sorted(archive.namelist()):
            parts = entry.removeprefix(f"{ROOT}/").split("/")
            if not entry.startswith(ROOT) or parts[0] not in SYSTEMS or not entry.endswith(f"{suffix}.parquet"):
                continue
            if not "/".join(parts[1:]).startswith(prefix):
                continue
            name = "/".join(parts).removesuffix(".parquet")
            gpu, engine, version = SYSTEMS[parts[0]], parts[2], parts[3]
            found.append(Table(name, gpu, engine, version, _columns(archive.read(entry))))
    return found


def _columns(content: bytes) -> dict[str, Any]:
    from pyarrow import parquet  # noqa: PLC0415 -- only this script needs it

    table = parquet.read_table(io.BytesIO(content))
    columns = {name: np.asarray(table.column(name).to_numpy(zero_copy_only=False)) for name in table.column_names}
    columns["seconds"] = np.asarray(columns["latency"], dtype=np.float64) * 1e-3
    return columns


def fingerprint(wheel: Path) -> str:
    """SHA-256 of the wheel."""
    return hashlib.sha256(wheel.read_bytes()).hexdigest()
