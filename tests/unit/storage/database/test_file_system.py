"""The file system below a path, from lines as Linux writes them."""

from pathlib import Path

import pytest

from strmctl.storage.database.file_system import file_system, is_network

MOUNTS = r"""22 28 0:21 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /mnt/nas rw,relatime shared:2 - nfs4 nas:/media rw,vers=4.2
31 30 0:31 / /mnt/nas/local rw - xfs /dev/sdb1 rw
32 22 0:32 / /mnt/with\040blank rw - fuse.sshfs user@host:/ rw
33 22 0:33 / /mnt/twice rw - cifs //host/share rw
34 22 0:34 / /mnt/twice rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/strmctl.db", "ext4"),
        ("/mnt/nas/strmctl.db", "nfs4"),
        ("/mnt/nasty/strmctl.db", "ext4"),
        ("/mnt/nas/local/deep/strmctl.db", "xfs"),
        ("/mnt/with blank/strmctl.db", "fuse.sshfs"),
        ("/mnt/twice/strmctl.db", "tmpfs"),
    ],
    ids=str,
)
def test_the_innermost_mount_counts(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_nothing_is_known_without_mounts() -> None:
    assert file_system(Path("/srv"), "") == ""


def test_this_very_system_tells() -> None:
    assert file_system(Path("/proc/self")) == "proc"


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        *((name, True) for name in ("nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "davfs2")),
        *((name, True) for name in ("fuse.sshfs", "fuse.rclone", "glusterfs")),
        *((name, False) for name in ("ext4", "btrfs", "xfs", "zfs", "tmpfs", "overlay", "")),
        *((name, False) for name in ("fuse.ntfs", "fuseblk", "nfsd")),
    ],
    ids=str,
)
def test_network_file_systems(kind: str, network: bool) -> None:
    assert is_network(kind) is network
