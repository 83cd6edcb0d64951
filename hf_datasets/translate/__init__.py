"""Translation: what is sent, to whom, what must survive it, and what people say of the result."""
