"""The cost kernel: seconds, bytes and dollars of one training step, for many layouts at once."""
