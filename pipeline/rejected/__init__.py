"""Dead letters: what was refused, looked at safely, and published again once it can be read."""
