"""The `tocsin` command: one module a subcommand."""
