"""Who asks: an endpoint live, by batch, or a model in this process; within a budget, or only planning."""
