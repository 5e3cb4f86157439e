"""The channels that a route may take, one a file."""
