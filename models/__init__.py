"""Text in; topic and tone out."""
