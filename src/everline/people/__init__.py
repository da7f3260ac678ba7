"""The noun people."""
