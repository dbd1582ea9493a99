"""How benchmarks are shown: tables for a cover letter, Markdown, JSON, and pictures."""
