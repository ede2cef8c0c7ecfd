"""What flows are made of: operations, the steps that a flow asks for, retries and workers.

Flows and transfers import this room and nothing below them that speaks with the world. It is pure: it opens no socket, reads no
clock, and knows neither httpx nor an event loop. The runners carry out what is asked for here, and `_http` sends it.
"""
