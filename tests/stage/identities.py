"""Identities of every shape, for hypothesis."""

from hypothesis import strategies as st

from strmctl.domain.identity import Identity

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=25).filter(
    lambda text: text.strip()
)
NUMBERS = st.integers(0, 99_999)

IDENTITIES = st.one_of(
    st.builds(Identity, NAMES, NAMES, NAMES, provider=st.none() | NAMES),
    st.builds(
        Identity, NAMES, NAMES, NAMES, season=NUMBERS, episode=NUMBERS, provider=st.none() | NAMES
    ),
)
