"""What programs call themselves: robots and scanners on one side, what people read mail and pages with on
the other, one a line. Put together from how such programs are known to introduce themselves."""

from pathlib import Path

_HERE = Path(__file__).parent
BROWSERS = tuple((_HERE / "browsers.txt").read_text().splitlines())
ROBOTS = ("", *(_HERE / "robots.txt").read_text().splitlines())

# Sent by many people's mail programs at once: nobody's opens.
PROXIES = (
    "Mozilla/5.0",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.example/kb/yahoo-mail-proxy.html",
)
