"""PostgreSQL and Redis from their wheels when no URL is given, and the supervision of `up`."""

from nurture.embedded.addresses import Addresses
from nurture.embedded.servers import running, servers
from nurture.embedded.throwaway import Throwaway, throwaway

__all__ = ["Addresses", "Throwaway", "running", "servers", "throwaway"]
