"""What a process takes: memory, descriptors, CPU, as the kernel counts them."""

import os
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Footprint:
    process_id: int

    def memory(self, field: str = "VmRSS") -> int:
        """Resident bytes; `VmHWM` is the most since `forget_peak`."""
        status = (self._folder / "status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith(f"{field}:")]
        return int(line.split()[1]) * 1024

    def peak(self) -> int:
        return self.memory("VmHWM")

    def forget_peak(self) -> None:
        (self._folder / "clear_refs").write_text("5", encoding="ascii")

    def descriptors(self) -> int:
        return len(list((self._folder / "fd").iterdir()))

    def busy(self) -> float:
        """Seconds of CPU so far."""
        fields = (self._folder / "stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def waited(self) -> float:
        """Seconds for which its first thread would have run, had others not had the CPU."""
        text = (self._folder / "task" / str(self.process_id) / "schedstat").read_text()
        return int(text.split()[1]) / 1e9

    @property
    def _folder(self) -> Path:
        return Path(f"/proc/{self.process_id}")
