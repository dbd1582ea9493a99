"""Verification: every patch of a series proven, checked for style, compiled, built and booted."""
