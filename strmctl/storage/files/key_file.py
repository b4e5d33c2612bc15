"""The key file is old or new, never half, and whoever changes it, its owner's alone."""

import os
import secrets
from pathlib import Path

from strmctl.errors import SettingsError
from strmctl.storage.files.durable import replace_file, sync


def read_lines(file: Path) -> list[str]:
    """As they stand there, comments too; raises SettingsError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()  # Windows editors write a BOM.
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None


def replace_lines(file: Path, lines: list[str]) -> None:
    """Raises SettingsError where it cannot be replaced, as in a folder that is read only."""
    # Kubernetes mounts secrets as links: the link stays.
    target = Path(os.path.realpath(file))
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(8)}.tmp")
    content = "".join(f"{line}\n" for line in lines).encode()
    try:
        replace_file(temporary, target, content, owner=target.stat().st_uid)
        sync(target.parent)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be replaced: {error.strerror}") from None
