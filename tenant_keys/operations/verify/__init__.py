"""What an estate's accounts hold, read and compared with what was to be deployed, and proved."""
