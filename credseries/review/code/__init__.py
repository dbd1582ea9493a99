"""What the patches of any series do to the code, as facts that a checklist is answered from."""
