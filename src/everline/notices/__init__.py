"""The noun notices."""
