"""Reports in the shapes that mail servers give them: our own words, invented people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

TOKEN = "a3f1.2s.AbCdEfGhIjKlMnOpQrStUv"
US = f"b+{TOKEN}@bounce.nurture.example"
ANN = "ann@garden.example"
ORIGINAL = (
    "Received: from out.nurture.example by mx.garden.example; Tue, 3 Mar 2026 10:00:00 +0000\n"
    "Date: Tue, 03 Mar 2026 10:00:00 +0000\nFrom: Roses <hello@nurture.example>\n"
    f"To: {ANN}\nSubject: Three ways to prune\n"
    "Message-ID: <0195d2a0-0000-4000-8000-000000000001@nurture.example>\n"
    "List-Unsubscribe: <https://nurture.example/u/a3f1.1.2s.AbCdEfGhIjKlMnOpQrStUv>\n"
    "MIME-Version: 1.0\nContent-Type: text/plain\n\nSpam is not what roses like; a full mailbox neither.\n"
)


@dataclass(frozen=True)
class Shape:
    """A report: what it is, and how its bytes are made; where a set tells, why, and what became of each of
    several recipients."""

    name: str
    kind: str
    raw: bytes
    address: str = ANN
    reason: str = ""
    named: Mapping[str, str] = field(default_factory=dict)


def dsn(diagnostic: str, status: str, *, action: str = "failed", intro: str = "", extra: str = "") -> bytes:
    """A well-formed RFC 3464 report."""
    lines = [
        "Return-Path: <>",
        "From: Mail Delivery System <MAILER-DAEMON@mx.relay.example>",
        f"To: {US}",
        "Subject: Undelivered Mail Returned to Sender",
        "Date: Tue, 03 Mar 2026 10:00:05 +0000",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B0/x.y"',
        "",
        "This is a MIME message.",
        "--B0/x.y",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        intro or "Your mail did not get through. The report below tells more.",
        "",
        "--B0/x.y",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.relay.example",
        "",
        f"Final-Recipient: rfc822; {ANN}",
        f"Action: {action}",
        f"Status: {status}",
        *([f"Diagnostic-Code: {diagnostic}"] if diagnostic else []),
        *([extra] if extra else []),
        "",
        "--B0/x.y",
        "Content-Type: message/rfc822",
        "",
        ORIGINAL,
        "--B0/x.y--",
        "",
    ]
    return "\r\n".join(lines).encode()


def letter(
    sender: str, subject: str, body: str, *, original: str = "", head: str = "", charset: str = "utf-8"
) -> bytes:
    """A report in plain text alone."""
    top = (
        f"From: {sender}\nTo: {US}\nSubject: {subject}\n{head}"
        f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    )
    return (top + body + "\n" + original).encode(charset)


HARD_TEXTS = {
    "unknown in a table": ("smtp; 550 5.1.1 <ann@garden.example>: Recipient address rejected: User unknown "
                           "in local recipient table", "5.1.1"),
    "no such account at a big provider": ("smtp; 550-5.1.1 The email account that you tried to "
        "reach does not "
                                          "exist. 550 5.1.1 https://help.provider.example/NoSuchUser",
                                              "5.1.1"),
    "mailbox unavailable": ("smtp;550 Requested action not taken: mailbox unavailable", "5.5.0"),
    "an exchange directory": ("smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by "
                              "SMTP address lookup", "5.1.10"),
    "the edge of a tenant": ("smtp;550 5.4.1 Recipient address rejected: Access denied. "
        "AS(201806281)", "5.4.1"),
    "no such domain": ("X-Postfix; Host or domain name not found. Name service error for "
                       "name=garden.example type=A: Host not found", "5.4.4"),
    "null mx": ("X-Postfix; Domain garden.example does not accept mail (nullMX)", "5.1.0"),
    "no mailbox here": ("smtp; 550 sorry, no mailbox here by that name (#5.1.1)", "5.0.0"),
    "not listed": ("SMTP; 550 ann... not listed in public Name & Address Book", "5.0.0"),
    "code alone": ("", "5.1.1"),
    "bad domain code": ("", "5.1.2"),
    "invalid recipient": ("smtp; 553 5.3.0 <ann@garden.example>... Invalid recipient", "5.3.0"),
    "unrouteable": ("smtp; 550 unrouteable address", "5.0.0"),
    "german": ("smtp; 550 Empfänger unbekannt", "5.0.0"),
    "russian": ("smtp; 550 Такого пользователя нет", "5.0.0"),
    "unknown in words, host named spam": ("smtp; host spam-filter.blocked.example said: 550 No such "
        "user", "5.0.0"),
}  # fmt: skip

SOFT_TEXTS = {
    "disabled": ("smtp; 550 5.2.1 The email account that you tried to reach is disabled.", "5.2.1"),
    "full": ("smtp; 552 5.2.2 <ann@garden.example>: mailbox full", "5.2.2"),
    "full under a wrong code": ("smtp; 550 5.1.1 user is over quota", "5.1.1"),
    "quota for now": ("smtp; 452-4.2.2 The email account that you tried to reach is over quota", "4.2.2"),
    "greylisted": ("smtp; 450 4.2.0 <ann@garden.example>: Recipient address rejected: Greylisted", "4.2.0"),
    "too quick": ("smtp; 450 4.2.1 The user is receiving mail too quickly", "4.2.1"),
    "listed": ("smtp; 554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using a list", "5.7.1"),
    "spam by content": ("smtp; 550 5.7.1 Our system has detected that this message is likely spam", "5.7.1"),
    "no reverse name": ("smtp; 550 5.7.25 The IP address has no PTR record", "5.7.25"),
    "unaligned": ("smtp; 550 5.7.26 Unauthenticated mail is not accepted due to the DMARC policy", "5.7.26"),
    "our fault at a big provider": ("smtp; 550 5.7.515 Access denied, sending domain does not meet the "
                                    "required authentication level", "5.7.515"),
    "too large": ("smtp; 552 5.3.4 Message size exceeds fixed limit", "5.3.4"),
    "attachment": ("smtp; 550 5.7.0 This attachment type is refused", "5.7.0"),
    "dns for now": ("X-Postfix; Host or domain name not found. Name service error for name=garden.example "
                    "type=MX: Host not found, try again", "4.4.3"),
    "timed out": ("X-Postfix; connect to mx.garden.example[192.0.2.1]:25: Connection timed out", "4.4.1"),
    "refused connection": ("X-Postfix; connect to mx.garden.example: Connection refused", "4.4.1"),
    "expired": ("smtp; 554 5.4.7 delivery expired", "5.4.7"),
    "relaying": ("smtp; 550 5.7.1 Unable to relay for ann@garden.example", "5.7.1"),
    "access denied": ("smtp; 554 5.7.1 <ann@garden.example>: Recipient address rejected: Access "
        "denied", "5.7.1"),
    "loop": ("smtp; 554 5.4.6 Too many hops", "5.4.6"),
    "members": ("smtp; 550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication "
        "required", "5.7.133"),
    "sender unknown": ("smtp; 550 5.1.8 Sender address rejected: Domain not found", "5.1.8"),
    "virus": ("smtp; 554 5.7.1 the message contains a virus", "5.7.1"),
    "policy": ("smtp; 550 5.7.1 rejected by policy", "5.7.1"),
    "tls": ("smtp; 530 5.7.0 Must issue a STARTTLS command first", "5.7.0"),
    "nothing said": ("", "5.0.0"),
    "unverified for now": ("smtp; 450 4.1.1 <ann@garden.example>: unverified address", "4.1.1"),
    "too many unknown": ("smtp; 421 4.7.0 too many invalid recipients", "4.7.0"),
    "suspended": ("smtp; 550 5.2.1 mailbox temporarily suspended", "5.2.1"),
    "disk": ("x-unix; can't create output file: disk full", "5.2.0"),
    "internal": ("smtp; 451 4.3.0 internal server error", "4.3.0"),
    "reputation": ("smtp; 554 Your access to this mail system has been rejected due to poor "
        "reputation", "5.0.0"),
}  # fmt: skip

_RULE = "-" * 30
LETTERS = [
    Shape("qmail", "hard", letter(
        "MAILER-DAEMON@mx.relay.example", "failure notice",
        "Hi. This is the mail program at mx.relay.example.\nI was not able to bring your message to these "
        f"addresses.\n\n<{ANN}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        "--- Below this line is a copy of the message.\n\n", original=ORIGINAL)),
    Shape("qmail full", "soft", letter(
        "MAILER-DAEMON@mx.relay.example", "failure notice",
        f"I wasn't able to deliver your message.\n\n<{ANN}>:\nUser is over the quota. You can try "
            f"again later. "
        "(#5.1.1)\n\n--- Below this line is a copy of the message.\n", original=ORIGINAL)),
    Shape("exim", "hard", letter(
        "Mail Delivery System <Mailer-Daemon@relay.example>", "Mail delivery failed: returning "
            "message to sender",
        "A message that you sent could not be delivered to one or more of its recipients.\n\n"
        f"  {ANN}\n    SMTP error from remote mail server after RCPT TO:<{ANN}>:\n"
        "    host mx.garden.example [192.0.2.4]: 550 Unknown user\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\n",
        original=ORIGINAL, head=f"X-Failed-Recipients: {ANN}\nAuto-Submitted: auto-replied\n")),
    Shape("exim retry", "soft", letter(
        "Mail Delivery System <Mailer-Daemon@relay.example>", "Mail delivery failed: returning "
            "message to sender",
        f"  {ANN}\n    retry timeout exceeded\n\n", original=ORIGINAL,
        head=f"X-Failed-Recipients: {ANN}\n")),
    Shape("exim warning", "soft", letter(
        "Mail Delivery System <Mailer-Daemon@relay.example>", "Warning: message 1abc delayed 24 hours",
        "This message has not been delivered to all of its recipients after more than 24 hours.\n"
        f"  {ANN}\nNo action is required on your part. Delivery attempts will continue.\n")),
    Shape("sendmail transcript", "hard", letter(
        "Mail Delivery Subsystem <MAILER-DAEMON@relay.example>", "Returned mail: see transcript for details",
        f"   ----- The following addresses had permanent fatal errors -----\n<{ANN}>\n"
        "    (reason: 550 5.1.1 User unknown)\n\n   ----- Transcript of session follows -----\n"
        f"... while talking to mx.garden.example.:\n>>> RCPT To:<{ANN}>\n<<< 550 5.1.1 User unknown\n")),
    Shape("old sendmail", "hard", letter(
        "Mail Delivery Subsystem <MAILER-DAEMON>", "Returned mail: Host unknown",
        "   ----- Transcript of session follows -----\n550 ann@garden.example... Host unknown\n\n"
        "   ----- Unsent message follows -----\n", original=ORIGINAL)),
    Shape("domino", "hard", letter(
        "Postmaster@relay.example", "DELIVERY FAILURE: User ann (ann@garden.example) not listed in "
            "Domino Directory",
        "Your message\n\n  Subject: Three ways to prune\n\nwas not delivered to:\n\n  "
            "ann@garden.example\n\nbecause:\n\n"
        "  User ann (ann@garden.example) not listed in Domino Directory\n")),
    Shape("exchange 2003", "hard", letter(
        "System Administrator <postmaster@relay.example>", "Undeliverable: Three ways to prune",
        "Your message\n\n  To:      ann@garden.example\n  Subject: Three ways to prune\n  Sent:    "
            "Tue, 3 Mar 2026\n\n"
        "did not reach the following recipient(s):\n\nann@garden.example on Tue, 3 Mar 2026 10:00:10 +0000\n"
        "    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= "
            ";p=relay\n"
        "    MSEXCH:IMS:RELAY:SITE:MX 0 (000C05A6) Unknown Recipient\n")),
    Shape("exchange full", "soft", letter(
        "Microsoft Outlook <postmaster@relay.example>", "Undeliverable: Three ways to prune",
        "Delivery has failed to these recipients or groups:\n\nann@garden.example\nThe recipient's "
            "mailbox is full and "
        "can't accept messages now. Please try resending your message later.\n\nDiagnostic information for "
        "administrators:\n\nann@garden.example\n#550 5.2.2 STOREDRV.Deliver; mailbox full. ##\n")),
    Shape("gmail text", "hard", letter(
        "Mail Delivery Subsystem <mailer-daemon@provider.example>", "Delivery Status Notification (Failure)",
        "** Address not found **\n\nYour message wasn't delivered to ann@garden.example because the "
            "address couldn't "
        "be found, or is unable to receive mail.\n\nThe response from the remote server was:\n"
        "550 5.1.1 The account does not exist\n")),
    Shape("gmail dns", "soft", letter(
        "Mail Delivery Subsystem <mailer-daemon@provider.example>", "Delivery Status Notification (Delay)",
        "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to "
            "ann@garden.example. "
        "It will be retried for 46 more hours.\n\nThe response was:\nDNS Error: 1234 DNS type 'mx' lookup of "
        "garden.example responded with code SERVFAIL\n")),
    Shape("yahoo", "hard", letter(
        "MAILER-DAEMON@provider.example", "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<ann@garden.example>:\n"
        "554: delivery error: dd This user doesn't have an account here (ann@garden.example) [0] - "
            "mx.example\n\n"
        "--- Below this line is a copy of the message.\n", original=ORIGINAL)),
    Shape("aol", "soft", letter(
        "Mail Delivery Subsystem <MAILER-DAEMON@provider.example>", "Mail Delivery Problem",
        "Your mail to the following recipients could not be delivered because they are not "
            "accepting mail from "
        "you:\n\n  ann\n")),
    Shape("mimecast", "soft", letter(
        "Postmaster <postmaster@gate.example>", "[Postmaster] Email Delivery Failure",
        "This is a delivery failure notification message indicating that an email you addressed to "
            "email address :\n"
        "-- ann@garden.example\n\ncould not be delivered. The problem appears to be :\n"
        "-- Recipient email server rejected the message\n\nAdditional information follows :\n"
        "-- 554 Email rejected due to security policies\n")),
    Shape("barracuda", "soft", letter(
        "postmaster@gate.example", "**Message you sent blocked by our bulk email filter**",
        "Your message to: ann@garden.example\nwas blocked by our filter. The email you sent with "
            "the following "
        "subject has NOT BEEN DELIVERED:\n\nSubject: Three ways to prune\n")),
    Shape("german daemon", "hard", letter(
        "Mail Delivery System <mailer-daemon@provider.example>", "Mail nicht zustellbar",
        "Diese Nachricht wurde automatisch erzeugt.\n\nIhre E-Mail konnte nicht zugestellt werden:\n\n"
        f"{ANN}\n\nDer Empfänger existiert nicht: 550 unbekannt\n")),
    Shape("french daemon", "soft", letter(
        "MAILER-DAEMON@fournisseur.example", "Message non remis",
        f"Votre message n'a pas pu être remis à {ANN} : la boîte aux lettres est pleine.\n")),
    Shape("russian daemon", "hard", letter(
        "mailer-daemon@pochta.example", "Недоставленное сообщение",
        f"Ваше сообщение не может быть доставлено: {ANN}. Такого пользователя нет.\n")),
    Shape("japanese daemon", "hard", letter(
        "MAILER-DAEMON@mail.example", "配信できません", f"次のアドレスには配信できませんでした。\n"
        f"{ANN}\n宛先不明です。\n",
        charset="iso-2022-jp")),
    Shape("chinese daemon", "hard", letter(
        "postmaster@mail.example", "系统退信", f"您的邮件无法投递到 {ANN}，收件人邮箱不存在。\n")),
]  # fmt: skip

OTHERS = [
    Shape("vacation", "autoreply", letter(
        f"Ann <{ANN}>", "Out of office: Three ways to prune", "I am in the mountains until Monday.\n",
        head="Auto-Submitted: auto-replied\nIn-Reply-To: <1@nurture.example>\n")),
    Shape("vacation by subject", "autoreply", letter(
        f"Ann <{ANN}>", "Automatic reply: Three ways to prune", "I am back on Monday.\n")),
    Shape("abwesend", "autoreply", letter(f"Ann <{ANN}>", "Abwesenheitsnotiz", "Ich bin im Urlaub.\n")),
    Shape("reply", "reply", letter(
        f"Ann <{ANN}>", "Re: Three ways to prune",
        "Please call me about the big shears.\n\nOn Tue, 3 Mar 2026, Roses wrote:\n> Three ways to prune\n",
        head="In-Reply-To: <0195d2a0-0000-4000-8000-000000000001@nurture.example>\n")),
    Shape("reply about delivery", "reply", letter(
        f"Ann <{ANN}>", "Re: your delivery", "The parcel could not be delivered, no such user at the door.\n",
        head="References: <1@nurture.example>\n")),
    Shape("a stranger", "unknown", b"From: bob@shop.example\nTo: hello@nurture.example\n\nBuy spades now.\n"),
]  # fmt: skip


def complaint(kind: str = "abuse") -> bytes:
    """An RFC 5965 report."""
    return (
        f"From: feedback@provider.example\nTo: {US}\nSubject: FW: Three ways to prune\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="arf"\n\n--arf\n'
        "Content-Type: text/plain\n\nThis is an abuse report.\n--arf\nContent-Type: "
        "message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: Some/1.0\nVersion: 1\nOriginal-Rcpt-To: <{ANN}>\n\n--arf\n"
        f"Content-Type: message/rfc822\n\n{ORIGINAL}\n--arf--\n"
    ).encode()


def every_shape() -> list[Shape]:
    """All of them, with what they are."""
    hard = [Shape(f"dsn: {name}", "hard", dsn(*one)) for name, one in HARD_TEXTS.items()]
    soft = [Shape(f"dsn: {name}", "soft", dsn(*one)) for name, one in SOFT_TEXTS.items()]
    broken = [
        Shape(f"{shape.name}, {how}", shape.kind, change(shape.raw))
        for shape in (*hard, *soft)
        for how, change in BREAKS.items()
    ]
    notices = [
        Shape("relayed", "ignore", dsn("", "2.6.0", action="relayed")),
        Shape("expanded", "ignore", dsn("", "2.0.0", action="expanded")),
        Shape("delayed", "soft", dsn("smtp; 450 4.1.1 User unknown", "4.0.0", action="delayed")),
        Shape("complaint", "complaint", complaint()),
        Shape("not spam", "ignore", complaint("not-spam")),
    ]
    return [*hard, *soft, *broken, *LETTERS, *OTHERS, *notices]


def _as_text(raw: bytes) -> bytes:
    """A gateway has forgotten that the report is MIME."""
    return raw.replace(b"Content-Type: multipart/report;", b"X-Was: multipart/report;")


def _mixed(raw: bytes) -> bytes:
    return raw.replace(b"multipart/report; report-type=delivery-status;", b"multipart/mixed;")


def _torn(raw: bytes) -> bytes:
    """The end is missing."""
    return raw[: raw.index(b"Content-Type: message/rfc822")]


def _unix(raw: bytes) -> bytes:
    return b"From MAILER-DAEMON Tue Mar  3 10:00:05 2026\n" + raw.replace(b"\r\n", b"\n")


BREAKS = {"as text": _as_text, "as mixed": _mixed, "torn": _torn, "unix": _unix}
