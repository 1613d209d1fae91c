"""The checks that the fake network passes too, on a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.system.network import Network
from tests.fakes.network_suite import every_check
from tests.kernel.inside import inside

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox
    from tests.fakes.network_suite import AnyNetworkCheck


@every_check
def test_the_kernel_does_what_the_fake_does(sandbox: Sandbox, check: AnyNetworkCheck) -> None:
    inside(sandbox, lambda: check(Network()))
