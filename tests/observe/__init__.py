"""What strmctl tells of itself: numbers, log lines, and one mapping or request followed."""
