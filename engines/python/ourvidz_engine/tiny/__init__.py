"""Models with random weights and the topology of the real ones, for tests: small, the same each time, made locally."""
