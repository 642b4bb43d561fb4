"""The tests, flat: test_<what>.py; helpers beside them."""
