"""Forms of a site and how source text is rewritten into them."""
