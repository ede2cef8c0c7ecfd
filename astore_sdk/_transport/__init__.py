"""Sending: steps that say what is to be done, and the two runners, sync and async, that do it."""
