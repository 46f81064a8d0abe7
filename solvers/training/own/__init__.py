"""Own calibrations of training: what steps and micro-benchmarks on one device say of plans for it."""
