"""The publishing room: model cards and results for the Hub (empty until its issue is built)."""
