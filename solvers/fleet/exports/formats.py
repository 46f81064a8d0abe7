"""The formats of fleet plans, in the order in which menus list them."""

from solvers.exports.formats import Writers, exports
from solvers.fleet.exports import kubernetes, tables, terraform

WRITERS: Writers = {
    "tables": ("CSV: what to buy, configurations, routing weights, hours", tables.write),
    "kubernetes": ("Kubernetes: deployments, autoscaling by load or by the hour, node pools, routes", kubernetes.write),
    "terraform": ("Terraform: node pools and replicas as variables", terraform.write),
}
EXPORTS = exports(WRITERS, kind="fleet")
