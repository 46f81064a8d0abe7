"""Where the curves come from: a fit of operator tables that others measured. Not needed to plan."""
