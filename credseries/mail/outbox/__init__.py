"""The outbox: messages that were built once, the journal of what became of each, and the way out."""
