"""The noun jobs."""
