"""The worst upstream that a viewer should not notice."""
