"""Training runs as people have them (CSV, JSON lines, exports of W&B and MLflow), read for laws to be fitted to.

text -> table -> columns (known names, or as told) -> records -> tokens, conventions -> runs, flags, warnings
"""
