"""kill -9 at random moments: what a command was doing is done, or was never begun."""
