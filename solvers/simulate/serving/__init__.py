"""Requests through inference engines, step by step: a plain oracle and the compiled engine of the same semantics."""
