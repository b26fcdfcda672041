"""The settings of `[egress]`: how requests leave a closed network."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import PROXY, VARIABLE

__all__ = ["EGRESS"]

EGRESS = Section(
    "egress",
    "How requests leave a network that lets them out through a forward proxy only.",
    schema.EgressSettings,
    (
        Field(
            "proxy",
            PROXY,
            "The proxy for providers without one of their own, for alerts by HTTP and for "
            "`headgate prices update`; addresses of this machine need none.",
            otherwise="all are called directly",
            example='"http://proxy.example:3128"',
        ),
        Field(
            "proxy_auth_env",
            VARIABLE,
            "The environment variable that holds `user:password` for the proxy.",
            otherwise="the proxy is sent no credentials",
            example='"PROXY_AUTH"',
        ),
    ),
)
