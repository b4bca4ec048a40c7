"""Who takes the mail of a domain: the big mailbox providers and gateways by their domains and by their MX.

Thousands of domains are the same few providers, and a provider counts what it gets from us over all of them.
"""

from collections.abc import Sequence

OTHERS = "others"

NAMES = {
    "google": "Google",
    "microsoft": "Microsoft",
    "yahoo": "Yahoo and AOL",
    "apple": "Apple iCloud",
    "gmx": "GMX, WEB.DE, mail.com",
    "t-online": "Telekom",
    "proton": "Proton",
    "yandex": "Yandex",
    "mailru": "Mail.ru",
    "orange": "Orange",
    "free": "Free",
    "laposte": "La Poste",
    "libero": "Libero",
    "comcast": "Comcast",
    "naver": "Naver",
    "qq": "QQ",
    "netease": "NetEase",
    "zoho": "Zoho",
    "proofpoint": "Proofpoint",
    "mimecast": "Mimecast",
    "barracuda": "Barracuda",
    "cisco": "Cisco",
    "ionos": "IONOS",
    "ovh": "OVH",
}

_BY_DOMAIN = {
    "google": "gmail.com googlemail.com",
    "microsoft": "outlook.com hotmail.com live.com msn.com hotmail.co.uk hotmail.de hotmail.fr hotmail.it"
    " live.de live.fr live.nl live.co.uk outlook.de outlook.fr outlook.es windowslive.com passport.com",
    "yahoo": "yahoo.com ymail.com rocketmail.com aol.com aim.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it"
    " yahoo.es yahoo.co.jp yahoo.ca yahoo.com.br verizon.net",
    "apple": "icloud.com me.com mac.com",
    "gmx": "gmx.de gmx.net gmx.com gmx.at gmx.ch web.de mail.com",
    "t-online": "t-online.de magenta.de",
    "proton": "proton.me protonmail.com pm.me",
    "yandex": "yandex.ru yandex.com ya.ru",
    "mailru": "mail.ru inbox.ru list.ru bk.ru internet.ru",
    "orange": "orange.fr wanadoo.fr",
    "free": "free.fr",
    "laposte": "laposte.net",
    "libero": "libero.it virgilio.it",
    "comcast": "comcast.net xfinity.com",
    "naver": "naver.com",
    "qq": "qq.com foxmail.com",
    "netease": "163.com 126.com yeah.net",
    "zoho": "zoho.com zohomail.com",
}
# The end of an MX host's name.
_BY_MX = {
    "google": "google.com googlemail.com smtp.goog",
    "microsoft": "protection.outlook.com mx.microsoft hotmail.com olc.protection.outlook.com",
    "yahoo": "yahoodns.net",
    "apple": "icloud.com apple.com",
    "gmx": "gmx.net web.de mail.com kundenserver.de",
    "ionos": "ionos.com ionos.de 1and1.com 1and1.co.uk",
    "t-online": "t-online.de t-ipnet.de",
    "proton": "protonmail.ch",
    "yandex": "yandex.net yandex.ru",
    "mailru": "mail.ru",
    "zoho": "zoho.com zoho.eu zohomail.com",
    "proofpoint": "pphosted.com ppe-hosted.com",
    "mimecast": "mimecast.com mimecast.co.za",
    "barracuda": "barracudanetworks.com cudamail.com",
    "cisco": "iphmx.com",
    "ovh": "ovh.net",
    "qq": "qq.com",
    "netease": "netease.com",
}

_DOMAINS = {domain: name for name, domains in _BY_DOMAIN.items() for domain in domains.split()}
_HOSTS = {host: name for name, hosts in _BY_MX.items() for host in hosts.split()}


def by_domain(domain: str) -> str | None:
    """The provider of a domain that is known by itself; None for one whose MX has to be asked."""
    return _DOMAINS.get(domain.lower().rstrip("."))


def by_exchangers(hosts: Sequence[str]) -> str:
    """The provider behind MX hosts, in order of preference; OTHERS when it is none of the known ones."""
    for host in hosts:
        labels = host.lower().rstrip(".").split(".")
        for start in range(len(labels)):
            found = _HOSTS.get(".".join(labels[start:]))
            if found is not None:
                return found
    return OTHERS


def name_of(provider: str) -> str:
    """As people know it."""
    return NAMES.get(provider, provider)
