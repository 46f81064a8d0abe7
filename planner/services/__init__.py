"""What people and workers do, as functions. Every write to a table is in here, and nothing in here knows HTTP."""
