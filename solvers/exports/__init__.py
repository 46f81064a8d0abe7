"""What formats of every kind share: shell scripts, refusals, and the list of formats with those that can instead."""
