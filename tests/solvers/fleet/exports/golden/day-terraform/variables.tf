# The fleet isoflop-01234567: chat, planned for 24 hours.
# fleet.auto.tfvars.json holds the values. A node pool is a group that scales between nodes.min and nodes.max;
# give its nodes the labels and the taints, then the Kubernetes manifests of the same plan find them.

variable "node_pools" {
  description = "Nodes to buy or to reserve."
  type = map(object({
    provider         = string                                                          # cloud or vendor; empty where the plan names none
    region           = optional(string)                                                # null: anywhere
    zone             = optional(string)                                                # null: any of the region
    gpu              = string                                                          # GPU of the catalogue
    node             = string                                                          # node of the catalogue that the offer comes in
    instance_types   = list(string)                                                    # empty: choose one with gpus_per_node GPUs of this type
    gpus_per_node    = number                                                          # as pods ask for them
    term             = string                                                          # on_demand, reserved or spot
    spot             = bool                                                            # may be taken away
    nodes            = object({ min = number, max = number, desired = number })        # desired: at the first hour
    nodes_by_hour    = list(number)                                                    # one number an hour, from the first
    usd_per_gpu_hour = number                                                          # mean over the hours
    labels           = map(string)                                                     # pods of the plan ask for them
    taints           = list(object({ key = string, value = string, effect = string })) # effects in Kubernetes' words
  }))
}

variable "replicas" {
  description = "Replicas of each configuration."
  type = map(object({
    service = string       # as the plan calls it
    pool    = string       # a key of node_pools
    gpus    = number       # of one replica
    min     = number       # of the quietest hour
    max     = number       # of the busiest hour
    by_hour = list(number) # one number an hour, from the first
  }))
}
