"""One chat endpoint: how it is asked, how it refuses, and how fast it may be asked."""
