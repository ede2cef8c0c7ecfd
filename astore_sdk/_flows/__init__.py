"""Calls that take more than one request, or more thought than one answer: pages, settling, copies."""
