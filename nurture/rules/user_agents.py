"""What kind of program a User-Agent names: a browser or mail program, a proxy that hides people, a robot.

Words were gathered from what such programs say of themselves; the shapes matter more than the words:
people's programs introduce themselves as `Mozilla/5.0 (system) engine…` (RFC 9110, section 10.1.5, and
thirty years of imitation), robots as `compatible;`, with a web or mail address, or as `name/version`.
"""

import re
from functools import lru_cache

BROWSER = "browser"
MACHINE = "machine"
PRIVACY_PROXY = "privacy_proxy"
OTHER = "other"

# Exactly this is what Apple's Mail Privacy Protection sends when it loads every image of every mail.
BARE_MOZILLA = "Mozilla/5.0"
IMAGE_PROXIES = ("googleimageproxy", "yahoomailproxy", "duckduckgo-image-proxy", "protonmail image proxy")
# Gmail loads images ahead of the reader with this one, a browser of 2015 that nobody runs.
_GMAIL_PREFETCH = "chrome/42.0.2311.135 safari/537.36 edge/12.246 mozilla/5.0"

# (Cubot makes telephones.)
_ROBOT_WORDS = re.compile(
    r"""
      (?<!cu)bot(?:s?\b|_) | crawl | spider | scrap(?:e|er|ing|y)\b | slurp | archiver | ia_archiver
    | headless | phantomjs | puppeteer | playwright | selenium | webdriver | slimerjs | cypress | jsdom
    | preview | prefetch | unfurl | fetch(?:er)?\b | link.?check | linkscan | url.?check | validator
    | scanner | security | sentinel | protection | defen[cs]e | barracuda | mimecast | proofpoint
    | symantec | messagelabs | fireeye | trend.?micro | trendmicro | sophos | kaspersky | forcepoint
    | ironport | safelinks | avanan | cloudmark | zscaler | netcraft | phish | urlscan | virustotal
    | monitor | uptime | pingdom | statuscake | site24x7 | checker | inspection
    | facebookexternalhit | facebookcatalog | meta-external | whatsapp | telegrambot | skypeuri | embedly
    | flipboardproxy | vkshare | bitlybot | google-(?!chrome) | googleother | google\ favicon | mediapartners
    | feedfetcher | feed(?:ly|bin|parser|burner) | rss\b | lighthouse | pagespeed | gtmetrix | ptst/
    | python | urllib | aiohttp | httpx | requests/ | curl | wget | libwww | \blwp | \bperl\b | java/
    | jakarta
    | okhttp | apache-http | httpclient | http_request | go-http | golang | node-fetch | axios | undici
    | ruby | faraday | guzzle | php/ | winhttp | powershell | postman | insomnia | httpie | nmap | nikto
    | sqlmap | masscan | zgrab | nuclei | dataprovider | internet-measurement | expanse | censys | shodan
    | office\ \w+\ discovery | mcafee | web\ gateway | oembed | jetpack
    | synthetic | dynatrace | sleuth | teleport | http_client
    | \bcheck(?:s|ing|_\w+)?\b | \bhttrack | \bcopier | \bdownload(?:er|\ manager) | \bcapture | \bscreenshot
    """,
    re.VERBOSE,
)
# A robot's card: where to complain. People's programs carry none.
_CALLING_CARD = re.compile(r"https?://|www\.|[\w.+-]+@[\w-]+\.[a-z]{2,}|\bcontact:|\(via [\w-]+\.")
_ENGINE = re.compile(
    r"^mozilla/5\.0 \(.+?(?:applewebkit/\d|gecko|trident/\d)"
    r"|^mozilla/5\.0 \(windows; u; msie \d"
    # Telephones with keys (JSR 118).
    r"|profile/midp-\d"
    r"|^mozilla/[45]\.0 \(compatible; (?:msie|konqueror)"
    r"|^mozilla/4\.0 \(.*(?:msie|ms-office|microsoft outlook)"
    r"|^opera/\d"
)
_MAIL_PROGRAM = re.compile(
    r"microsoft outlook|macoutlook|outlook-(?:ios|android)|^microsoft office/|thunderbird/|^apple ?mail|"
    r"airmail|lotus-notes|^mail/|spark/|k-9 mail|emclient|mailbird|postbox/|^evolution|bluemail"
)
# People's, though they call themselves as tools do.
_TEXT_BROWSER = re.compile(r"^(?:lynx/\d|w3m/\d|e?links[/ ]\(?\d|elinks \(|dillo/\d|netsurf/\d|emacs-w3m/)")
_DISGUISED_ROBOT = re.compile(
    r"^mozilla/[\d.]+ \(compatible[;)](?! (?:msie|konqueror|ms-office|lotus-notes))"
)
# A name and a version or a remark, some bare words, or no words at all.
_TOOL = re.compile(r"^(?!mozilla/)[\w.!'-]+(?: [\w.'-]+){0,4}(?:[/ ]v?\d| \()|^\S+(?: [\w.,-]+){0,2}$|^[^\w]")


# Few names make up nearly all hits, and looking through the words takes longer than all else.
@lru_cache(maxsize=8192)
def kind_of(ua: str) -> str:
    """`browser`, `machine`, `privacy_proxy` or `other` (nothing known speaks for either)."""
    low = ua.strip().lower()
    if not low:
        return MACHINE
    if ua.strip() == BARE_MOZILLA or any(name in low for name in IMAGE_PROXIES):
        return PRIVACY_PROXY
    if _TEXT_BROWSER.match(low):
        return BROWSER
    if low.endswith(_GMAIL_PREFETCH) or _is_robot(low):
        return MACHINE
    if _ENGINE.search(low) or _MAIL_PROGRAM.search(low):
        return BROWSER
    return MACHINE if _TOOL.match(low) else OTHER


def _is_robot(low: str) -> bool:
    return bool(_ROBOT_WORDS.search(low) or _CALLING_CARD.search(low) or _DISGUISED_ROBOT.match(low))
