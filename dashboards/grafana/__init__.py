"""Grafana's dashboards as code: built from here into `deploy/grafana/`, or pushed over HTTP.

`boards/` holds one dashboard a file, each a function of the `Tongue` it speaks; `files` makes the files,
`plan` and `push` bring them to a running Grafana. What needs the extra `grafana` is imported by the command
alone, inside its functions.
"""
