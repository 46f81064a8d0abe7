"""Serving's own calibrations: measured steps of one device and stack, beside what published closed loops teach."""
