"""The tasks' YAML files; lm_eval reads this folder."""
