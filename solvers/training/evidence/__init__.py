"""Published and own measurements: read, packed for the kernel, scored, held out."""
