"""The small runs that make a forecast surer: their shapes, prices, order, and when to stop."""
