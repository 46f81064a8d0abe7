"""A fleet's plan on trial: what its replicas on a node's GPU would teach of their steps, and what was learned."""
