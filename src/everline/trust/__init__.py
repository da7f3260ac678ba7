"""The noun trust."""
