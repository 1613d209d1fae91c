"""The environment is read once, in one place, and never trusted to be well formed."""

from __future__ import annotations

import pytest

from ocf_py.cluster import Notification
from ocf_py.environment import Environment


def test_parameters_and_meta_attributes_are_told_apart() -> None:
    environment = Environment(
        {
            "OCF_RESKEY_ip": "10.0.0.1",
            "OCF_RESKEY_CRM_meta_timeout": "20000",
            "OCF_RESKEY_crm_feature_set": "3.16.2",
            "PATH": "/bin",
        }
    )
    assert environment.parameters == {"ip": "10.0.0.1", "crm_feature_set": "3.16.2"}
    assert environment.timeout_ms == 20000
    assert environment.feature_set == (3, 16, 2)


def test_an_empty_value_means_absent() -> None:
    assert Environment({"OCF_RESKEY_nic": ""}).parameters == {}


def test_everything_may_be_absent() -> None:
    bare = Environment({})
    assert bare.version_major == "1"
    assert bare.instance == "default"
    assert (bare.check_level, bare.timeout_ms, bare.interval_ms) == (0, 0, 0)
    assert not bare.debug
    assert not bare.wants_trace


def test_nonsense_counts_as_nothing() -> None:
    odd = Environment(
        {
            "OCF_CHECK_LEVEL": "deep",
            "OCF_RESKEY_CRM_meta_timeout": "-5",
            "OCF_RESKEY_CRM_meta_interval": "١",
            "OCF_RESKEY_crm_feature_set": "three.x",
        }
    )
    assert (odd.check_level, odd.timeout_ms, odd.interval_ms) == (0, 0, 0)
    assert odd.feature_set == (0, 0)


@pytest.mark.parametrize("digits", [19, 400, 5000])
def test_a_number_beyond_all_reason_counts_as_nothing(digits: int) -> None:
    odd = Environment({"OCF_RESKEY_CRM_meta_timeout": "9" * digits})
    assert odd.timeout_ms == 0


def test_debug_follows_ha_debug_and_zero_is_no() -> None:
    assert Environment({"HA_debug": "1"}).debug
    assert not Environment({"HA_debug": "0"}).debug


def test_a_trace_is_asked_for_by_variable_or_by_parameter() -> None:
    assert Environment({"OCF_TRACE_RA": "1"}).wants_trace
    assert Environment({"OCF_RESKEY_trace_ra": "true"}).wants_trace
    assert not Environment({"OCF_RESKEY_trace_ra": "0"}).wants_trace


class TestNotification:
    def test_reads_its_lists(self) -> None:
        told = Notification(
            {
                "notify_type": "post",
                "notify_operation": "promote",
                "notify_promote_resource": "st:0",
                "notify_promote_uname": "n1",
                "notify_promoted_resource": " ",
                "notify_unpromoted_uname": "n1 n2",
            }
        )
        assert (told.kind, told.operation) == ("post", "promote")
        assert told.instances("promote") == ["st:0"]
        assert told.instances("promoted") == []
        assert told.nodes("unpromoted") == ["n1", "n2"]

    def test_understands_the_words_of_an_older_pacemaker(self) -> None:
        told = Notification({"notify_master_uname": "n1", "notify_slave_uname": "n2"})
        assert told.nodes("promoted") == ["n1"]
        assert told.nodes("unpromoted") == ["n2"]
