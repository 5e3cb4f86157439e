"""Whether a run counted right: all of it recomputed through the same core, and held against what is kept."""
