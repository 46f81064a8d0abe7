"""One island as the cost kernel sees it: its own GPUs and NICs, and the link to the others in place of the NICs."""

from dataclasses import dataclass, replace

from solvers.catalogue import Link
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.block import Job
from solvers.cost.cluster import Cluster, cluster_of
from solvers.cost.layouts import Layouts, Shards
from solvers.cost.step import LayerTime, layer_time
from solvers.training.islands.spec import Island, IslandsSpec
from solvers.training.job import Tables, job_of, tables_of, usable_bytes
from solvers.training.spec import TrainingSpec


@dataclass(frozen=True)
class Kernel:
    """An island's jobs and tables: `near` inside it, `far` where a message leaves it. `usable` is bytes of a GPU."""

    near: Job
    far: Job
    tables: Tables
    usable: float

    def layer_time(self, layouts: Layouts) -> LayerTime:
        """Seconds of the average layer on this island."""
        return layer_time(layouts, self.tables.block, self.tables.footprint, self.near)


def uniform(spec: IslandsSpec, hardware: Hardware) -> TrainingSpec:
    """The same question on equal nodes."""
    asked = {name: getattr(spec, name) for name in type(spec).model_fields if name != "hardware"}
    plain = {name: getattr(hardware, name) for name in Hardware.model_fields}
    return TrainingSpec.model_construct(**asked, hardware=Hardware.model_construct(**plain))


def kernel_of(spec: IslandsSpec, island: Island, shards: Shards, *, gpus: int) -> Kernel:
    """The island in a plan that uses `gpus` GPUs altogether: the slowest of all of them sets the pace."""
    asked = uniform(spec, island)
    alone = job_of(asked, nodes=island.nodes)
    paced = cluster_of(
        island.node,
        gpus=gpus,
        precision=spec.precision,
        scaling=spec.software.fp8_scaling,
        coefficients=alone.coefficients,
    )
    near = replace(alone, cluster=replace(paced, gpus=island.gpus))
    return Kernel(
        near=near,
        far=replace(near, cluster=_between(near.cluster, spec.hardware.link, island)),
        tables=tables_of(shards, near),
        usable=usable_bytes(asked, near),
    )


def _between(cluster: Cluster, link: Link, island: Island) -> Cluster:
    """A node's share of the link, spread over its GPUs, as the only link there is."""
    share = link.bytes_per_s * link.achievable / island.node.gpus
    return replace(cluster, domain=1, inter_bytes_per_s=share, inter_latency_s=link.latency_s)
