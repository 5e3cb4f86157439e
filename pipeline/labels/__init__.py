"""People's corrections of what the model said: checked, kept, and given back to learn from."""
