"""The fault campaign: `make torture` kills the real bot a thousand times while people talk to it, and counts losses."""
