"""Evidence: published measurements of serving, what the models say of them, and what they teach."""
