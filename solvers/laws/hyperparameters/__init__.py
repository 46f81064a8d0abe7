"""Learning rate, batch and schedule: published rules, and a surface of the loss over both, fitted to one's own runs."""
