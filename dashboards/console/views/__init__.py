"""What each page shows, as plain values: read from the store, told in the reader's language, safe to show.

Every function here is pure. Text that comes from feeds passes `printable`, and is shown as text, never as
markup. Moments are RFC 3339 in UTC.
"""
