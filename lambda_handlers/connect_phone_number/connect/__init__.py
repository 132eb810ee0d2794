"""Amazon Connect's side: the calls that are needed, and what each of their errors means here."""
