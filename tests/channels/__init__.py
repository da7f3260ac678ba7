"""The conformance suite: what every channel must do, whatever it looks like."""
