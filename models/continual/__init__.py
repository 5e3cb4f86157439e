"""Keep a model good while the world moves: corrections, retraining, versions, drift."""
