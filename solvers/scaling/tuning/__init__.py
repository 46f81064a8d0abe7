"""Learning rate, batch and schedule of any run of the family: from the runs' own surface, else from published rules."""
