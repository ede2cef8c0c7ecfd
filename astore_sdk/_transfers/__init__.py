"""Moving bytes: sources, targets, and the flows between them."""
