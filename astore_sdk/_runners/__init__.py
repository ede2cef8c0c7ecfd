"""The runners, which carry flows out: `sync` for `Client`, `aio` for `AsyncClient`, and `threads` for the workers of both.

A runner waits, sleeps and schedules. It decides nothing: what is sent again, and when, is decided by the flow.
"""
