"""Forecasts that were frozen before their outcome was known: how they are written, checked and scored."""
