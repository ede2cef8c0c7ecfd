"""HTTP as both runners speak it: requests and responses, and which connections they travel over.

Flows never import this room; they meet it only through `_core`. Requests go over the fast lane (`h1`) where nothing stands
between, and over httpx (`over_httpx`) with a proxy, a mock or a transport of the user's.
"""
