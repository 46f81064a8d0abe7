"""What explains a fleet plan, each thing found by solving again with the capacities that were proven."""
