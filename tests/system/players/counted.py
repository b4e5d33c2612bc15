"""What a player decoded is counted in frames of picture and seconds of sound."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """`frames` is None for a player that shows only its clock; `seconds` is then that clock."""

    frames: int | None
    seconds: float

    def near(self, other: "Counted", frames: int, seconds: float) -> bool:
        """No further apart than that many frames and seconds."""
        apart = abs((self.frames or 0) - (other.frames or 0))
        return apart <= frames and abs(self.seconds - other.seconds) <= seconds

    def __str__(self) -> str:
        return f"{'' if self.frames is None else f'{self.frames} / '}{self.seconds:.1f}"


NOTHING = Counted(0, 0.0)
