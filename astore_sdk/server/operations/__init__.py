"""The operations of the contract, each a function from a request to a response."""
