"""The benchmark: `make bench` prints how long things take and how much memory they need, beside the targets."""
