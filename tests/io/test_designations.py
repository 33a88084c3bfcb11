import pytest

from gnomon.io.designations import pack, unpack

# From the MPC's page on packed designations.
KNOWN = {
    "03202": "3202", "50000": "50000", "A0345": "100345", "a0017": "360017", "K3289": "203289",
    "z9999": "619999", "~0000": "620000", "~000z": "620061", "~AZaz": "3140113", "~zzzz": "15396335",
    "J95X00A": "1995 XA", "J95X01L": "1995 XL1", "J95F13B": "1995 FB13", "J98SA8Q": "1998 SQ108",
    "J98SC7V": "1998 SV127", "J98SG2S": "1998 SS162", "K99AJ3Z": "2099 AZ193", "K08Aa0A": "2008 AA360",
    "K07Tf8A": "2007 TA418", "PLS2040": "2040 P-L", "T1S3138": "3138 T-1", "_QC0000": "2026 CA620",
    "_QC0aEM": "2026 CZ6190",
}  # fmt: skip


@pytest.mark.parametrize("packed, readable", KNOWN.items())
def test_the_published_examples(packed, readable):
    assert unpack(packed) == readable
    assert pack(readable) == packed


def test_temporary_names_stay():
    assert unpack("g0Zs001") == "g0Zs001" == pack("g0Zs001")


def test_long_names_are_refused():
    with pytest.raises(ValueError, match="too long"):
        pack("MyAsteroid")
