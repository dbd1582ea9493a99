"""The credential flow of a function as data: what every line runs under, for a terminal or a report to draw."""
