"""The publishing room: model cards and results for the Hub (nothing here yet)."""
