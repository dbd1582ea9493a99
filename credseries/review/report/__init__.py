"""The report: all that is known of a series as one page, for those who have to decide about it.

`model` is what there is to tell, `page` makes the HTML of it. What is known of checks, mails and benchmarks is gathered
in `cli.report`, which may ask all parts of the program.
"""
