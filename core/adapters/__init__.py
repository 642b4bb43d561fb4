"""One vendor a file; vendor errors are mapped to ours at this edge."""
