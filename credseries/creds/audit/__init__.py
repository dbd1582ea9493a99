"""The audit of functions that somebody changed by hand, on the engine of `credseries.creds`."""
