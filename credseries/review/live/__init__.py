"""A report that follows what it reports on: served on loopback, and changed in the browser when something changes.

`page` cuts a page into parts, `board` holds the one that is shown now, `server` gives it out and tells of news,
`watch` looks for changes and makes the page anew.
"""
