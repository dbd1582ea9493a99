"""Credential overrides of a kernel tree: found, proven, rewritten, split into a series, and sent."""
