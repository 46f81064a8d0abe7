"""`manage.py openapi [FILE]`: the OpenAPI document, as docs/openapi.json holds it."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from planner.api.app import api


class Command(BaseCommand):
    """Writes the OpenAPI document to a file, or to stdout."""

    help = "Write the OpenAPI document."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)

    def handle(self, *_args: Any, file: Path | None, **_options: Any) -> None:
        text = json.dumps(api.get_openapi_schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        if file:
            file.write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)
