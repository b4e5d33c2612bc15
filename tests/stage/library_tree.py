"""What lies in the library of a test's working folder."""

from pathlib import Path


def files(library: Path) -> dict[str, str]:
    root = library / "library"
    return {str(f.relative_to(root)): f.read_text() for f in root.rglob("*") if f.is_file()}


def mtimes(library: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in (library / "library").rglob("*.strm")}
