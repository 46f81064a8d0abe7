"""The lines that do from a terminal or CI what a page did: the real address, project and spec in them."""

import json
import shlex

from solvers.documents import Document

PLACE = "if_…"
# A spec of more characters is fetched where it is: Linux takes no argument beyond 128 KiB, and no page shows it well.
MOST = 32 * 1024


def cli(spec_text: str, *, server: str, token: str, run: str) -> str:
    """Shell lines that write the spec to a file and solve it through this server."""
    if len(spec_text) > MOST:
        auth = '"Authorization: Bearer $ISOFLOP_TOKEN"'
        return f"{_exports(server, token)}\n{_fetched(run, auth)} > spec.json\nisoflop solve spec.json"
    return f"{_exports(server, token)}\n{_written(spec_text)}\nisoflop solve spec.yaml"


def curl(spec: Document, *, server: str, token: str, project: str, run: str) -> str:
    """The same by REST: submit, wait, fetch the result."""
    body = json.dumps({"project": project, "spec": spec}, ensure_ascii=False, indent=2)
    large = len(body) > MOST
    return "\n".join(
        (
            _exports(server, token),
            'auth="Authorization: Bearer $ISOFLOP_TOKEN"',
            *([_fetched(run, '"$auth"', project=project) + " > body.json"] if large else []),
            'run=$(curl -sS --fail-with-body "$ISOFLOP_URL/api/v1/runs" -H "$auth" \\',
            '  -H "Content-Type: application/json" \\',
            f"  --data {'@body.json' if large else shlex.quote(body)} \\",
            "  | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"id\"])')",
            'curl -sS "$ISOFLOP_URL/api/v1/runs/$run?wait=30" -H "$auth" > run.json',
            'curl -sS "$ISOFLOP_URL/api/v1/runs/$run/result" -H "$auth"',
        )
    )


def _fetched(run: str, auth: str, *, project: str = "") -> str:
    """What prints the spec of a run as JSON, within the body of a request where a project is named."""
    found = 'json.load(sys.stdin)["spec"]'
    said = f'{{"project": "{project}", "spec": {found}}}' if project else found
    return (
        f'curl -sS --fail-with-body "$ISOFLOP_URL/api/v1/runs/{run}" -H {auth} \\\n'
        f"  | python3 -c 'import json, sys; json.dump({said}, sys.stdout)'"
    )


def _exports(server: str, token: str) -> str:
    return f"export ISOFLOP_URL={shlex.quote(server)}\nexport ISOFLOP_TOKEN={shlex.quote(token or PLACE)}"


def _written(spec_text: str) -> str:
    """A here-document that ends on a word the spec does not hold."""
    end = "SPEC"
    while any(line.strip() == end for line in spec_text.splitlines()):
        end += "_"
    return f"cat > spec.yaml <<'{end}'\n{spec_text.rstrip()}\n{end}"
