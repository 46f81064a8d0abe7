"""An own calibration: what measurements on one device with one software stack teach of it.

    recipes' result documents -> coefficients of the device (micro-benchmarks), steps measured on it, what was set aside

A coefficient that was measured on the device is the device's own: bounds and beliefs about other devices no longer
count, and what other devices teach of it teaches nothing here. All else stays as published measurements have it.
"""
