"""Exports read back: scripts are run with engines that tell their arguments, manifests are parsed."""

import os
import subprocess
from pathlib import Path

import yaml

FILLED = {
    "MODEL": "hub/model", "DRAFT_MODEL": "hub/draft", "MASTER_ADDR": "first", "NODE_RANK": "1",
    "IMAGE": "registry/engine:1", "SERVE_URLS": "http://a:8000 http://b:8000",
    "PREFILL_URLS": "http://a:8000 http://b:8000", "DECODE_URLS": "http://c:8000",
    **{f"{role}_{number}": f"{role.lower()}-{number}:8000" for role in ("PREFILL", "DECODE") for number in range(4)},
}  # fmt: skip
TELL = '#!/usr/bin/env bash\nprintf "%s\\0" "$(basename "$0")" "$@" >> "${TOLD}"\n[ -t 0 ] || cat >> "${TOLD}.input"\n'
SHOW = (
    TELL.splitlines()[0]
    + """
printf "%s\\0" "$(basename "$0")" "$@" >> "${TOLD}"
cat "${@: -1}" >> "${TOLD}.input" || true
"""
)
TOOLS = {"vllm": TELL, "python3": TELL, "trtllm-serve": SHOW, "kubectl": TELL, "helm": TELL}


def written(files, folder):
    """The files in a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def run(script, folder, *, without=(), **more):
    """What the script started, as words; and how it ended. What the tool was given to read is in `told.input`."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in TOOLS.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    told = folder / "told"
    told.unlink(missing_ok=True)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "TOLD": str(told), **FILLED, **more}
    for name in without:
        environment.pop(name, None)
    done = subprocess.run(
        ["bash", str(folder / script)],
        env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    words = told.read_text().split("\0")[:-1] if told.exists() else []
    return done, words


def options(words):
    """`--name value...` as a mapping; names without a value hold nothing."""
    found, name = {}, None
    for word in words:
        if word.startswith("--"):
            name = word
            found[name] = []
        elif name:
            found[name].append(word)
    return found


def commands(files):
    """Every engine's command in manifests and compose files: each a list of words."""
    found = []
    for name, text in files.items():
        if name.endswith(".yaml") and not name.startswith(("serve.yaml.", "trtllm", "disaggregated")):
            for document in yaml.safe_load_all(text):
                found += list(_commands(document))
    return found


def _commands(node):
    if isinstance(node, dict):
        words = [*(node.get("command") or []), *(node.get("entrypoint") or []), *(node.get("args") or [])]
        if any(str(word).startswith("--") for word in words):
            yield [str(word) for word in words]
        for child in node.values():
            yield from _commands(child)
    elif isinstance(node, list):
        for child in node:
            yield from _commands(child)
