"""The playback URLs of mappings as the settings want them: base URL, proof, extension hint."""

from strmctl.domain import playback_url
from strmctl.domain.mapping import Mapping
from strmctl.services.proofs import proof
from strmctl.settings.model import Settings


class PlaybackUrls:
    """Raises SettingsError where no usable key is to be had."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.proxy.public_base_url
        self._proof = proof(settings)

    def of(self, mapping: Mapping) -> str:
        return playback_url.build(
            self._base, mapping.identity, self._proof, extension=mapping.extension
        )
