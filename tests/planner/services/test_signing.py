import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from planner.services import signing

TEXT = '{"job":"ü"}'


def verify(text: str, signature: str, key: str) -> None:
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(base64.b64decode(signature), text.encode())


def test_a_signature_holds_for_its_text_and_no_other():
    key = signing.public_key()

    signature = signing.sign(TEXT, trusted=key)

    verify(TEXT, signature, key)
    with pytest.raises(InvalidSignature):
        verify(TEXT + " ", signature, key)


def test_the_key_is_that_of_the_secret_key_and_is_32_bytes(settings):
    before = signing.public_key()
    settings.SECRET_KEY = "another secret key, which is long enough to be one"

    after = signing.public_key()

    assert (len(base64.b64decode(before)), before != after) == (32, True)


def test_a_node_is_served_with_the_key_that_it_trusts_while_that_is_listed(settings):
    old_secret, old_key = settings.SECRET_KEY, signing.public_key()
    settings.SECRET_KEY = "another secret key, which is long enough to be one"

    without = signing.sign(TEXT, trusted=old_key)
    settings.SECRET_KEY_FALLBACKS = [old_secret]
    listed = signing.sign(TEXT, trusted=old_key)

    verify(TEXT, listed, old_key)
    verify(TEXT, without, signing.public_key())
    with pytest.raises(InvalidSignature):
        verify(TEXT, without, old_key)
