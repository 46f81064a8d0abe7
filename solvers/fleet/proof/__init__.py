"""Fleet plans tried by simulation: tightened until they hold, then judged on requests that nobody tightened by."""
