"""What runs on a node: one module for each recipe of `solvers.recipes`, measured with torch. Nothing of the server."""
