"""The web page: templates that escape, one style sheet, one script, nothing from elsewhere."""
