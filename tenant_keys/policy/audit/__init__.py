"""What the audit stack detects, and the policies of the topic on which it tells it."""
