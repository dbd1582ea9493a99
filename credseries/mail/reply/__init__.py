"""Drafts of replies to patches: what was observed below the very lines that it is about. Nothing is sent."""
