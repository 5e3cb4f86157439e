"""The stages of a route, one a file; `alerts.delivery.notify` puts them in order."""
