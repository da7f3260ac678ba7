"""Programs of others, and doubles of theirs that are held against what they publish."""
