"""Answer texts with a finished model; no torch needed."""
