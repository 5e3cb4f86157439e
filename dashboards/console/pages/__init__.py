"""The pages: what each reads when something changed, and does when somebody acts; no browser here."""
