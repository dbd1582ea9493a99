"""Checklists for authors, reviewers and maintainers."""
