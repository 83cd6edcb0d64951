"""The stock lm_eval: our tasks in it, two turns in one run, and how it finds them."""
