"""The argument parsers of the engines themselves, where their Python files can be had; no GPU, no kernels.

    ISOFLOP_VLLM=FOLDER ISOFLOP_SGLANG=FOLDER ISOFLOP_SGLANG_ROUTER=FOLDER   each an unpacked wheel

and in the environment what the parsers import: torch for the CPU, transformers, and a dozen small packages that the
first ImportError names. `python -m tests.solvers.serving.exports.engines` lists the options of those that are there in
`flags/`, which the other tests read.
"""

import argparse
import json
import os
import sys
from importlib import import_module
from pathlib import Path

FLAGS = Path(__file__).parent / "flags"
VERSIONS = {"vllm": "0.33.0", "vllm-bench": "0.33.0", "sglang": "0.5.23", "sglang-router": "0.3.2"}


def parser(name):
    """The parser of that program. ImportError where it is not there."""
    return {"vllm": _vllm, "vllm-bench": _bench, "sglang": _sglang, "sglang-router": _router}[name]()


def known(name):
    """The options of that program as the file in `flags/` lists them: name -> choices or None."""
    [path] = FLAGS.glob(f"{name}-[0-9]*.json")
    return json.loads(path.read_text())["options"]


def _vllm():
    _cuda_without_a_gpu()
    made = import_module("vllm.utils.argparse_utils").FlexibleArgumentParser(prog="vllm serve", exit_on_error=False)
    return import_module("vllm.entrypoints.common.cli_args").make_arg_parser(made)


def _bench():
    _cuda_without_a_gpu()
    made = argparse.ArgumentParser(prog="vllm bench serve", exit_on_error=False)
    import_module("vllm.benchmarks.serve").add_cli_args(made)
    return made


def _sglang():
    _from_folder("ISOFLOP_SGLANG")
    made = argparse.ArgumentParser(prog="sglang.launch_server", exit_on_error=False)
    import_module("sglang.srt.server_args").ServerArgs.add_cli_args(made)
    return made


def _router():
    _from_folder("ISOFLOP_SGLANG_ROUTER")
    made = argparse.ArgumentParser(prog="sglang_router.launch_router", exit_on_error=False)
    import_module("sglang_router.router_args").RouterArgs.add_cli_args(made, use_router_prefix=False)
    return made


def _cuda_without_a_gpu():
    """vLLM asks which device there is before it parses; the arguments are those of CUDA."""
    _from_folder("ISOFLOP_VLLM")
    platforms = import_module("vllm.platforms")
    unspecified = import_module("vllm.platforms.interface").UnspecifiedPlatform
    platforms._current_platform = type("Cuda", (unspecified,), {"device_type": "cuda"})()


def _from_folder(variable):
    folder = os.environ.get(variable, "")
    if not folder:
        raise ImportError(f"{variable} names no unpacked wheel")
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _options(made):
    return {
        option: sorted(map(str, action.choices)) if action.choices else None
        for action in made._actions
        for option in action.option_strings
        if option.startswith("--")
    }


if __name__ == "__main__":
    for program, version in VERSIONS.items():
        try:
            listed = {"program": program, "version": version, "options": _options(parser(program))}
        except ImportError as missing:
            sys.stdout.write(f"{program}: {missing}\n")
            continue
        FLAGS.mkdir(exist_ok=True)
        (FLAGS / f"{program}-{version}.json").write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n")
        sys.stdout.write(f"{program} {version}: {len(listed['options'])} options\n")
