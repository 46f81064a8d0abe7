"""What runs say about a run that was not made: several laws, what they leave out, and an interval that holds."""
