"""Ways by which a message leaves the machine, behind one interface."""
