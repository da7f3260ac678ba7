"""The back office: what the operator's people look at. audit.py proves the books."""
