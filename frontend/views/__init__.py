"""Views: fetch, call a service, answer."""
