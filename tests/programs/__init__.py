"""Random C functions, rewritten and run beside the originals: the executed check of what the proof promises."""
