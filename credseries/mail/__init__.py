"""Cover letter, recipients, messages and the b4 adapter."""
