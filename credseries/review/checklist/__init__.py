"""What reviewers ask of a credential conversion, answered where the tool can."""
