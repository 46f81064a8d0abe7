"""Why the answer is what it is: what binds, where doubt comes from, and what another question would have got."""
