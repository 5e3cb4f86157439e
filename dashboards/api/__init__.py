"""The query API: what the store knows, read-only, over HTTP, for programs."""
