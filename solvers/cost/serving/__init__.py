"""Seconds and bytes of an inference engine: what one step costs, and what fits beside the weights."""
