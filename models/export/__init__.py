"""Make a served model of a trained network."""
