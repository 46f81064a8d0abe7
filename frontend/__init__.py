"""What people see: pages, forms, figures, static files. Owns no table."""
