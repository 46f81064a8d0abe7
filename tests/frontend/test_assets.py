"""Vendored assets are what their lock file says, with their licences."""

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDERS = [ROOT / "frontend" / "static" / "vendor", ROOT / "tests" / "e2e" / "vendor"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["pages", "tests"])
def test_every_vendored_file_is_in_the_lock_with_its_hash(folder: Path) -> None:
    locked = {entry["path"]: entry["sha256"] for pack in _lock(folder) for entry in pack["files"]}

    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "vendor.lock.json"
    }

    assert found == locked


@pytest.mark.parametrize("folder", FOLDERS, ids=["pages", "tests"])
def test_every_package_names_its_version_source_and_licence(folder: Path) -> None:
    for pack in _lock(folder):
        assert pack.keys() == {"package", "version", "source", "home", "licence", "licence_file", "files"}
        assert pack["source"] == f"npm pack {pack['package']}@{pack['version']}"
        assert (folder / pack["licence_file"]).read_text("utf-8").strip()


def test_the_pages_use_these_packages_and_no_others() -> None:
    packages = {pack["package"]: (pack["version"], pack["licence"]) for pack in _lock(FOLDERS[0])}

    assert packages == {
        "htmx.org": ("4.0.1", "0BSD"),
        "plotly.js-cartesian-dist-min": ("4.1.1", "MIT"),
        "@fontsource-variable/inter": ("5.3.0", "OFL-1.1"),
        "@fontsource-variable/jetbrains-mono": ("5.3.0", "OFL-1.1"),
    }


def test_no_own_script_or_sheet_names_an_address_elsewhere() -> None:
    own = [path for kind in ("js", "css") for path in (ROOT / "frontend" / "static" / kind).glob("*")]

    assert [path.name for path in own if "://" in path.read_text("utf-8")] == []


def _lock(folder: Path) -> list[dict[str, object]]:
    return json.loads((folder / "vendor.lock.json").read_text("utf-8"))
