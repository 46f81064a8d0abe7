"""Which runs to make next: those that make the forecast of a target surest for what they cost."""
