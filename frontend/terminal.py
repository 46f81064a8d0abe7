"""The lines that do from a terminal or CI what a page did: the real address, project and spec in them."""

import json
import shlex

from solvers.documents import Document

PLACE = "if_…"


def cli(spec_text: str, *, server: str, token: str) -> str:
    """Shell lines that write the spec to a file and solve it through this server."""
    return f"{_exports(server, token)}\n{_written(spec_text)}\nisoflop solve spec.yaml"


def curl(spec: Document, *, server: str, token: str, project: str) -> str:
    """The same by REST: submit, wait, fetch the result."""
    body = json.dumps({"project": project, "spec": spec}, ensure_ascii=False, indent=2)
    return "\n".join(
        (
            _exports(server, token),
            'auth="Authorization: Bearer $ISOFLOP_TOKEN"',
            'run=$(curl -sS --fail-with-body "$ISOFLOP_URL/api/v1/runs" -H "$auth" \\',
            '  -H "Content-Type: application/json" \\',
            f"  --data {shlex.quote(body)} \\",
            "  | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"id\"])')",
            'curl -sS "$ISOFLOP_URL/api/v1/runs/$run?wait=30" -H "$auth" > run.json',
            'curl -sS "$ISOFLOP_URL/api/v1/runs/$run/result" -H "$auth"',
        )
    )


def _exports(server: str, token: str) -> str:
    return f"export ISOFLOP_URL={shlex.quote(server)}\nexport ISOFLOP_TOKEN={shlex.quote(token or PLACE)}"


def _written(spec_text: str) -> str:
    """A here-document that ends on a word the spec does not hold."""
    end = "SPEC"
    while any(line.strip() == end for line in spec_text.splitlines()):
        end += "_"
    return f"cat > spec.yaml <<'{end}'\n{spec_text.rstrip()}\n{end}"
