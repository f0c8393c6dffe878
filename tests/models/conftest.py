"""What the tests of the Keras models share."""

import pytest


@pytest.fixture(autouse=True)
def global_random_state_untouched():
    """Keras seeds NumPy's global generator by design."""
