"""The console: what an analyst looks at and rules with, in a browser; `tocsin console`."""
