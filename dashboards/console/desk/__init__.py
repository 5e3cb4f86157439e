"""The replay desk: the past played through the detector, in a process of its own, under somebody's hand."""
