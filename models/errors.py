"""What can go wrong with a model, said so that a person can mend it."""


class ModelError(Exception):
    """A model, its files or its training data cannot be used; the message says why and what to do."""
