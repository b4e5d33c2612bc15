"""What players ask for: answers with back-pressure, limits, viewers who leave."""
