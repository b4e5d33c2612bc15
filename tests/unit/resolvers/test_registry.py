"""Which resolver answers for a site."""

import pytest

from stage.asking import table
from strmctl.errors import ResolverError, SettingsError
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import ResolverSettings, Settings


def template(name: str, *sites: str, egress: str = "") -> ResolverSettings:
    options = {"url": "https://nas/{slug}"}
    return ResolverSettings(name, sites, "template", egress=egress, options=options)


def registry(*tables: ResolverSettings) -> Registry:
    return Registry.from_settings(Settings(resolvers=tables))


SOME = registry(
    template("all", "*"),
    template("glob", "*.example", "x[0-9]", egress="http://gluetun:8888"),
    template("later", "www.*", "Mixed.Case"),
    template("exact", "www.example"),
)


@pytest.mark.parametrize(
    ("site", "name"),
    [
        pytest.param("www.example", "exact", id="exact before globs"),
        pytest.param("mixed.case", "later", id="upper case in the settings"),
        pytest.param("cdn.example", "glob", id="glob before *"),
        pytest.param("www.other", "later", id="second glob"),
        pytest.param("www.an.example", "glob", id="two globs: the first of the settings"),
        pytest.param("x7", "glob", id="character class"),
        pytest.param("elsewhere", "all", id="* last, though it stands first"),
    ],
)
def test_for_site(site: str, name: str) -> None:
    assert SOME.for_site(site).name == name


def test_each_resolver_is_listed_once() -> None:
    assert sorted(resolver.name for resolver in SOME.all()) == ["all", "exact", "glob", "later"]


def test_egress() -> None:
    assert SOME.egress("cdn.example") == "http://gluetun:8888"
    assert SOME.egress("elsewhere") is None
    assert registry().egress("elsewhere") is None
    assert "gluetun" not in repr(SOME.for_site("cdn.example"))


def test_a_site_without_a_resolver_tells_what_to_add() -> None:
    with pytest.raises(ResolverError, match=r"resolver new NAME --type T --site b\.example"):
        registry(template("a", "a.example")).for_site("b.example")


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        pytest.param(
            [template("a", "x", "*.y"), template("b", "*.Y")],
            r"\[resolvers.b\] sites: '\*.y' is in \[resolvers.a\] as well",
            id="one site in two tables",
        ),
        pytest.param([template("a")], r"\[resolvers.a\] sites: name a site", id="no sites"),
        pytest.param([template("a", " ")], r"\[resolvers.a\] sites: name a site", id="blank"),
        pytest.param(
            [table("htp")], "type: 'htp' is none of http, command, template, ytdlp", id="kind"
        ),
    ],
)
def test_tables_that_cannot_be_used(tables: list[ResolverSettings], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        registry(*tables)


def test_the_same_site_twice_in_one_table_is_harmless() -> None:
    assert registry(template("a", "x", "X")).for_site("x").name == "a"
