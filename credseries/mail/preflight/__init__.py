"""Pre-flight: what must be right before a series may go out."""
