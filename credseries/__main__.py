"""`python -m credseries`."""

from credseries.cli.main import main

main()
