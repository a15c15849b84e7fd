"""What `rehearsal/env` and `rehearsal/run` are made of."""
