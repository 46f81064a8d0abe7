"""What a training plan may not know and its scripts then ask for, in words."""

STEPS = "optimizer steps; the spec has no tokens to count them from"
SAVES = "steps between checkpoints"
RATE = "peak learning rate"
