"""One dashboard a file, in the order of `tongue.BOARDS`."""
