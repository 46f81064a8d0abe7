"""The house's own rules: floors, what a package holds, what the README promises, what no committed text may name."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = ("planner", "jobs", "solvers", "frontend")
BIN = Path(sys.executable).parent


def committed() -> list[str]:
    answer = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("not a git checkout")
    return [name for name in answer.stdout.splitlines() if (CHECKOUT / name).is_file()]


def readme_commands() -> list[str]:
    """Lines of the README's shell blocks, without prompts, comments and variables."""
    blocks = re.findall(
        r"```(?:sh|bash|console|shell)\n(.*?)```", (CHECKOUT / "README.md").read_text(), flags=re.DOTALL
    )
    lines = [re.sub(r"^\$ ", "", line).split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [re.sub(r"^(?:\w+=\S+ )+", "", line) for line in lines if line and not line.startswith("#")]


def help_of(*command: str) -> str:
    answer = subprocess.run([*command, "--help"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return answer.stdout


def test_the_floors_hold():
    if not (BIN / "lint-imports").exists():
        pytest.skip("import-linter is not installed: `make lint` brings it")

    contracts = (CHECKOUT / "pyproject.toml").read_text().count("[[tool.importlinter.contracts]]")

    answer = subprocess.run([BIN / "lint-imports"], cwd=CHECKOUT, capture_output=True, text=True, check=False)

    said = re.findall(r"^Contracts: .*$", answer.stdout, flags=re.MULTILINE)
    assert (answer.returncode, said) == (0, [f"Contracts: {contracts} kept, 0 broken."])


def test_the_readme_names_the_two_commands_and_only_targets_that_exist():
    targets = set(re.findall(r"^([a-z-]+):.*##", (CHECKOUT / "Makefile").read_text(), flags=re.MULTILINE))

    named = [line.split()[1] for line in readme_commands() if line.startswith("make ")]

    assert {"run", "test"} <= set(named)
    assert set(named) - targets == set()


def test_every_command_of_the_readme_exists():
    known = set(re.findall(r"^  (\w+)  +", help_of(str(BIN / "isoflop")), flags=re.MULTILINE))

    named = {
        words[1]
        for line in readme_commands()
        if (words := line.split())[0].endswith("isoflop") and not words[1].startswith("-")
    }

    assert named - known == set()


def test_no_committed_text_names_a_package_registry_or_an_index():
    # Written in two halves, so that this file does not name them either.
    hosts = [
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "registry.npmjs" + ".org",
        "index" + "-url =",
        "extra-" + "index-url",
    ]

    found = [
        f"{name}: {host}"
        for name in committed()
        for host in hosts
        if host.encode() in (CHECKOUT / name).read_bytes().lower()
    ]

    assert found == []


def test_a_built_package_holds_every_file_of_the_tree(tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        tmp_path,
    ]
    names = [name for name in committed() if name.startswith(tuple(f"{package}/" for package in PACKAGES))]
    source = tmp_path / "source"
    for name in [*names, "pyproject.toml", "README.md"]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((CHECKOUT / name).read_bytes())

    subprocess.run([*command, source], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("isoflop-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert set(names) - set(archive.namelist()) == set()


def test_the_lock_names_every_dependency_once_for_each_python():
    lines = (CHECKOUT / "requirements.lock").read_text().splitlines()
    pins = [re.fullmatch(r"([A-Za-z0-9._-]+)==([\w.+!-]+)( ; .+)?", line) for line in lines if line and line[0] != "#"]
    text = (CHECKOUT / "pyproject.toml").read_text()
    wanted = {
        re.sub(r"[-_.]+", "-", name).lower()
        for name in re.findall(r'^    "([A-Za-z][\w.-]*)[^"]*[=>~][^"]*",', text, re.MULTILINE)
    }

    assert [
        line for line, pin in zip([line for line in lines if line and line[0] != "#"], pins, strict=True) if pin is None
    ] == []
    assert wanted - {pin.group(1) for pin in pins if pin} == set()


def test_the_command_starts_without_django_or_celery():
    slow = {"celery", "django", "highspy", "plotly", "scipy", "torch"}
    script = f"import sys, planner.cli; print(sorted(set(sys.modules) & {slow}))"

    answer = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
