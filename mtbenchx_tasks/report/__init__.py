"""The report: every table and figure of a study, from what was judged."""
