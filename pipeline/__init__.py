"""Documents in, scored documents, rolling sentiment and alerts out."""
