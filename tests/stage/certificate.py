"""A certificate for this machine that is its own authority."""

import subprocess
from pathlib import Path


def certificate(folder: Path) -> Path:
    """With its key in one file."""
    file = folder / "upstream.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += " -subj /CN=upstream -addext subjectAltName=IP:127.0.0.1,DNS:localhost"
    names = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    parts = [(folder / name).read_text() for name in ("certificate.pem", "key.pem")]
    file.write_text("".join(parts))
    return file
