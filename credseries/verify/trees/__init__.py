"""Source trees of any state of a series, without checking them out."""
