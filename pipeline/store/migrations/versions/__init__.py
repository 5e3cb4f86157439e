"""One module a migration; once released, a migration is never edited."""
