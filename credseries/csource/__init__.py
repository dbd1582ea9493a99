"""C as the kernel writes it: mask, outline, parse, control flow, byte-splice edits."""
