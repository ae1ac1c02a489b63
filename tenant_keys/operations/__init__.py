"""Talks to AWS, git and the file system on behalf of the commands."""
