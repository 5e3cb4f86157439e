"""What `make bench-alerts` measures, a module a bar."""
