"""What first bytes and media types say: which kind of media, a disguise, or no media at all."""
