"""One check of one URL: is it media? For `probe`, `resolver test` and the trial of a new link."""
