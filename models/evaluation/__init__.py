"""Say how good a classifier is, and whether another is better."""
