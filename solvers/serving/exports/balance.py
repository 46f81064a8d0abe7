"""nginx before equal replicas: in turn, or to the one with the fewest open requests."""

from collections.abc import Iterable

from solvers.exports.refuse import Rule
from solvers.serving.exports.served import Served

IMAGE = "nginx:1.27"
FILE = "router.conf"
METHODS = {"round_robin": "", "least_work": "  least_conn;\n"}
TEXT = """# {title}
upstream replicas {{
{method}{servers}
}}
server {{
  listen {port};
  client_max_body_size 64m;
  location / {{
    proxy_pass http://replicas;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_read_timeout 1h;
  }}
}}
"""


def rules(plan: Served) -> list[Rule]:
    """What nginx does not know."""
    return [
        Rule(
            plan.apart,
            "/plan/mode",
            "A plain balancer does not take a request from prefill to decode.",
        ),
        Rule(
            plan.routing == "prefix_aware" and plan.replicas > 1,
            "/plan/routing",
            "A plain balancer does not know which replica holds a prefix.",
            "Plan again with `options: {forbid: [prefix_aware_routing]}`.",
        ),
    ]


def text(plan: Served, servers: Iterable[str], *, port: int) -> str:
    """The configuration."""
    order = "in turn" if plan.routing == "round_robin" else "to the one with the fewest open"
    return TEXT.format(
        title=f"{plan.replicas} replicas, requests {order}.",
        method=METHODS[plan.routing],
        servers="\n".join(f"  server {server};" for server in servers),
        port=port,
    )
