"""A spec as a form beside its YAML: both views of one document, and pydantic is the only judge of it."""
