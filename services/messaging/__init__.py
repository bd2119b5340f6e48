"""Messaging: mails, and the stream of notices to browsers."""
