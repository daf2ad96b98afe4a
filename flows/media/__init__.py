"""Drawings and loops of the exercises: poses in, pictures out. Nothing else imports this package."""
