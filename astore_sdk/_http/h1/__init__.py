"""The fast lane: HTTP/1.1 over sockets of our own, for direct connections to the store.

httpx spends some 80 Python calls on 64 KiB and 400 µs on a small request below its surface; here bytes go between socket and
buffer, and a small request costs one write and one read. All that is not plain goes the usual way: proxies, a transport of the
user's and mocks through httpx, answers in chunks or with an odd head through h11. `ASTORE_FAST_LANE=0` in the environment
switches it off.

`heads` and `incoming` are pure; `sync` and `aio` are twins. What goes wrong is raised as httpx would raise it, so that nothing
above sees a difference.
"""
