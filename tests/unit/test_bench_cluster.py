"""What the cluster's bench concludes from what it has seen."""

from __future__ import annotations

import pytest

from ocf_py.lab.witnesses import Answer
from tests.bench.cluster.configurations import many_addresses, name_addresses, name_resource
from tests.bench.cluster.many import ManyRun
from tests.bench.cluster.report import Measured, many_rows, report, single_rows
from tests.bench.cluster.session import PROVIDERS, order_providers
from tests.bench.cluster.single import SingleRun
from tests.bench.cluster.takeovers import (
    NeverAnsweredError,
    Takeover,
    find_takeover,
    find_takeovers,
    measure_spread,
)


def answers(*heard: tuple[float, str]) -> list[Answer]:
    return [Answer(at, at, node) for at, node in heard]


def test_an_outage_is_from_the_lost_node_s_last_answer_to_the_survivor_s_first() -> None:
    heard = answers((0.0, "n2"), (1.0, "n2"), (4.5, "n1"), (9.0, "n1"))
    takeover = find_takeover("a", heard, "n2", "n1")
    assert takeover == Takeover(1.0, 4.5)
    assert takeover.outage == 3.5


def test_what_the_survivor_answered_before_is_no_takeover() -> None:
    heard = answers((0.0, "n1"), (1.0, "n2"), (3.0, "n1"))
    assert find_takeover("a", heard, "n2", "n1") == Takeover(1.0, 3.0)


@pytest.mark.parametrize(
    ("heard", "mute"),
    [
        ((), "n2"),
        (((1.0, "n1"),), "n2"),
        (((1.0, "n2"),), "n1"),
        (((0.0, "n1"), (1.0, "n2"), (2.0, "a stranger")), "n1"),
    ],
)
def test_an_address_that_did_not_answer_is_named(
    heard: tuple[tuple[float, str], ...], mute: str
) -> None:
    with pytest.raises(NeverAnsweredError, match=f"^10.77.2.100 never answered from {mute}$"):
        find_takeovers({"10.77.2.100": answers(*heard)}, "n2", "n1")


def test_the_spread_is_between_the_first_and_the_last_address_to_answer_again() -> None:
    taken = {"a": Takeover(1.0, 4.0), "b": Takeover(0.0, 9.5), "c": Takeover(2.0, 5.0)}
    assert measure_spread(taken) == 5.5


def test_providers_change_places_from_run_to_run() -> None:
    assert [order_providers(run)[0] for run in range(4)] == [*PROVIDERS, *PROVIDERS]
    assert all(set(order_providers(run)) == set(PROVIDERS) for run in range(2))


def test_every_address_is_a_resource_of_its_own_that_begins_on_the_one_node() -> None:
    addresses = name_addresses(50)
    assert (addresses[0], addresses[-1]) == ("10.77.2.100", "10.77.2.149")
    configuration = many_addresses(addresses, "n2")
    held = configuration.findall(".//nvpair[@name='ip']")
    assert [pair.get("value") for pair in held] == addresses
    places = configuration.findall("constraints/rsc_location")
    assert [place.get("rsc") for place in places] == [name_resource(a) for a in addresses]
    assert {place.get("node") for place in places} == {"n2"}


def test_an_address_that_has_moved_is_stickier_than_its_preference() -> None:
    configuration = many_addresses(name_addresses(1), "n2")
    (preference,) = configuration.iter("rsc_location")
    (stickiness,) = configuration.findall(".//nvpair[@name='resource-stickiness']")
    assert int(stickiness.get("value", "")) > int(preference.get("score", ""))


def test_no_id_is_given_twice() -> None:
    every = many_addresses(name_addresses(3), "n2").iter()
    ids = [element.get("id") for element in every if element.get("id") is not None]
    assert len(ids) == len(set(ids))


def test_the_configuration_is_one_that_the_lab_can_load() -> None:
    sections = [section.tag for section in many_addresses(name_addresses(1), "n2")]
    assert sections == ["crm_config", "nodes", "resources", "constraints", "rsc_defaults"]


@pytest.fixture
def measured() -> Measured:
    """Ours takes half of theirs, but one run of it was a slow one."""
    outages = {"a": 2.0, "b": 4.0, "c": 9.0}
    many = [
        ManyRun(provider, up=up, up_cpu=up, idle=idle, outages=outages, spread=up)
        for provider, up, idle in (
            ("ocfpy", 5.0, 0.06),
            ("heartbeat", 10.0, 0.12),
            ("heartbeat", 10.0, 0.10),
            ("ocfpy", 5.0, 0.05),
            ("ocfpy", 90.0, 0.05),
            ("heartbeat", 10.0, 0.10),
        )
    ]
    single = [
        SingleRun(provider, outage, decision, gap)
        for provider, outage, decision, gap in (
            ("ocfpy", 2300.0, 20.0, 50.0),
            ("heartbeat", 2400.0, 20.0, 100.0),
            ("heartbeat", 3400.0, 1020.0, 100.0),
            ("ocfpy", 3300.0, 1020.0, 50.0),
        )
    ]
    return Measured([0.02, 0.02, 0.03], many, single)


def test_the_ratio_is_that_of_the_medians(measured: Measured) -> None:
    ratios = {row.title.strip(): row.ratio for row in many_rows(measured)}
    assert ratios["all up"] == 0.5
    assert ratios["idle CPU, both nodes"] == pytest.approx(0.5)
    assert ratios["above the empty 2.0 %"] == pytest.approx(3 / 8)
    assert ratios["longest outage"] == 1.0


def test_how_long_pacemaker_hesitated_is_not_compared(measured: Measured) -> None:
    comparable, gap, raw = single_rows(measured)
    assert (comparable.ours, comparable.theirs) == ([2280.0, 2280.0], [2380.0, 2380.0])
    assert gap.ratio == 0.5
    assert raw.ours == [2300.0, 3300.0]


def test_the_table_says_what_was_missed(
    measured: Measured, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(measured)
    assert "MISSED" not in capsys.readouterr().out
    slow = [ManyRun("ocfpy", 8.0, 8.0, 0.05, {"a": 2.0}, 1.0) for _ in range(3)]
    assert not report(Measured(measured.empty, slow + measured.many[1:3]))
    shown = capsys.readouterr().out.splitlines()
    (missed,) = [line for line in shown if "MISSED" in line]
    assert missed.split() == ["all", "up", *["8.00", "s", "(8.00-8.00)"], *missed.split()[5:]]
    assert missed.endswith("0.80   <= 0.70  MISSED")


def test_raw_figures_keep_every_run_and_every_address(measured: Measured) -> None:
    raw = measured.as_dict()
    assert raw["empty"] == [0.02, 0.02, 0.03]
    assert isinstance(raw["many"], list)
    assert raw["many"][0]["outages"]["c"] == 9.0
