"""Calibration: bounded coefficients of a model, and what the model leaves unexplained, learned from measurements.

    log measured = log model(x, z) + effects(x) + discrepancy(x) + noise      [kennedy2001bayesian]

    z            coefficients on an unbounded scale, normal around their prior
    effects      normal, one for each level of a label: shrunk towards nothing
    discrepancy  Gaussian process over features of the row: learned near measurements, nothing far from them
Everything but the model is linear and Gaussian, and the model is linearised where it is likely: one posterior for all.
"""
