"""What other proxies get wrong, row by row (docs/peers.md), each row with a real upstream."""
