"""The REST interface below /api/v1: JSON (or YAML) in, a service, JSON out."""
