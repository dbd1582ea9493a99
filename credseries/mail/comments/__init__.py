"""What was said of a series, kept: the mails, what its author decided about each remark, and what is left to do."""
