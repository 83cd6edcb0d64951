"""The publishing room: model cards rendered from facts, results in the Hub's formats, the metric as a Space."""
