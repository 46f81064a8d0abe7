"""The fleet as a mixed-integer programme: what is asked of it, and its exact solution."""
