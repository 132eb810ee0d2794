"""A phone number's lifecycle: what requests mean, and how claims are opened, kept and closed. No HTTP here."""
