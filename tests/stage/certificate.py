"""A certificate for this machine that is its own authority."""

import subprocess
from pathlib import Path


def certificate(folder: Path, *names: str) -> Path:
    """With its key in one file; for these names too."""
    file = folder / "upstream.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += " -subj /CN=upstream -addext subjectAltName=IP:127.0.0.1,DNS:localhost"
    command += "".join(f",DNS:{name}" for name in names)
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    parts = [(folder / name).read_text() for name in ("certificate.pem", "key.pem")]
    file.write_text("".join(parts))
    return file
