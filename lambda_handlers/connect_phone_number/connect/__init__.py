"""Amazon Connect's side: the calls that are needed, and what their errors mean here."""
