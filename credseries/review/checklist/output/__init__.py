"""A checklist for people and for programs: text for a terminal, Markdown, a page, JSON."""
