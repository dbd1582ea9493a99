"""The checklist of a series: what reviewers ask, answered.

`credseries.review.checklist.checking.checklist(subject, audience)` makes a `model.Checklist` of a `subject.Subject`.
What a subject is filled with comes from all over the program, so commands make it:
`credseries.cli.checklist.branch_checklist(repo, branch)` of a series that was made here, and
`source_checklist(repo, source)` there of any (`credseries.cli.checklist.source.find_source` reads a command line).
"""
