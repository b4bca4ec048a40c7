"""By what a bounce and an answer are told apart when no machine part says it."""

import re

from nurture.mail.inbound.fields import Fields, addresses_in, first
from nurture.rules import bounces
from nurture.rules import bounces_meanings as means
from nurture.rules.marks import unmarked, unmarked_pattern

_DAEMON = re.compile(
    r"mailer[-_. ]?d[ae]+mon|postmaster|mail[-_. ]?d[ae]+mon|mail ?delivery|delivery (?:sub)?system|"
    r"mail system|"
    r"microsoft(?:exchange)?[0-9a-f]{6,}|microsoft outlook|system administrator|systemadministrator|"
    r"mailadmin|"
    r"mail ?administrator|mail[-_. ]?robot|mmdf|smtp[-_. ]?(?:gateway|server|daemon)|internet mail "
    r"(?:delivery|connector)|"
    r"bounce|\bmdaemon\b|daemon@|errors?@|mail-?master|deliver(?:y|ies)@|(?:no-?reply|"
    r"noreply).{0,20}deliver|"
    r"mail server|administrateur|administrador|networkadmin|mail router|mail agent|\bmta\b|"
    r"(?<![\w.])root@|exchange|mailsystem",
    re.I,
)
# Names that nobody bears but those who carry mail.
_CARRIER = re.compile(
    r"mailer[-_. ]?d[ae]+mon|mail ?delivery|delivery (?:sub)?system|mail[-_. ]?d[ae]+mon|mdaemon|postmaster@|"
    r"^mailer@",
    re.I,
)
_DOMAIN = re.compile(r"@[\w.-]+")
_SUBJECT = re.compile(
    unmarked_pattern(
        r"virus|infected|quarantin|blocked|bloque|bloccat|bloquead|geblokk|blockiert|заблокир|banned|"
        r"denied|unsolicited|spam|undeliver|un-deliver|non[- ]?deliver|"
        r"not (?:be )?deliver|n't (?:be )?deliver|no deliver|"
        r"(?:mail|message|delivery|e-?mail|messages)\b.{0,30}\b(?:fail|problem|error|status|notification|"
        r"return|reject|delay|"
        r"warning|refus|unsuccess|could not|couldn't|block|bounc|not sent|system error|unknown)|"
        r"(?:fail|return|bounc|reject|delay|refus|block|unsuccess)\w*.{0,20}\b(?:mail|message|deliver|"
        r"e-?mail|notice|"
        r"notification)|delivery|returned|bounce|could not send|user unknown|unknown (?:user|recipient|"
        r"address)|"
        r"mail system error|warning: |nondeliver|nicht zustell|unzustell|zustell(?:ung|problem|fehl|bar)|"
        r"rückläufer|konnte nicht|fehlgeschlagen|non remis|non[- ]distribu|remise|distribution|impossible|"
        r"échec|echec|"
        r"retour|(?:no|not|não|non) se pudo|no (?:se )?(?:entreg|puede)|entrega|devuelto|rebot|devolvid|"
        r"n[ãa]o (?:foi )?(?:entreg|poss)|mancato recapito|recapit|consegna|mancata|onbestel|niet "
        r"(?:worden )?(?:afge|"
        r"bezorg|gelever)|afgeleverd|olever|kan inte lever|leverans|ikke lever|levering|ikke sendt|ei "
        r"voitu|toimitt|"
        r"nie (?:dostarcz|można)|niedostarcz|zwrot|nedoru|nelze doru|kézbesít|nelivr|teslim|iletilem|"
        r"не ?(?:удалось )?достав|недостав|ошибка|возврат|не може бути|недоставлен|"
        r"配信|送信(?:でき|失敗|エラー)|届|不達|エラー|返送|退信|退回|无法(?:投递|送达|传递)|未送达|"
        r"系统退信|投递失败|傳遞|"
        r"반송|배달|전송 ?실패|إرجاع|تعذر|לא (?:נמסר|ניתן)|αδυναμία|δεν είναι δυνατή|παράδοση|"
        r"abgewiesen|abgelehnt|zurückgewiesen|verzögert|weitergeleitet: |non distribu|rejet[ée]|retard|"
        r"rechazad|"
        r"rifiutat|rejeitad|geweigerd|avvisat|leverera|kan ikke|nedoručiteln|nie powiodło|odrzucon|"
        r"odmítnut|"
        r"не ?доставл|отклон|задержк|не вдалося|未传递|未傳遞|无法|失败|失敗|延迟|延遲|遅延|지연|못했|전달|"
        r"gagal|không thể|"
        r"ไม่สามารถ|neuspje|neuspeš|nesėkm|neizdev|ebaõnnestu"
    ),
    re.I,
)
_BODY = re.compile(
    unmarked_pattern(
        r"(?:could|can|was|were|did|has|have|had|is|be)(?: ?not|n't) (?:be |been |able to )?(?:\w+ "
        r")?(?:deliver|reach|sent\b|"
        r"accept|send|forward|process|complete|relay)|undeliver|unable to (?:deliver|send|relay|complete|"
        r"forward)|"
        r"fail(?:ed|ure|s)? (?:\w+ ){0,4}(?:deliver|permanently|recipient|address|to send|while|"
        r"message|for)|"
        r"deliver\w* (?:\S+ ){0,6}(?:fail|unsuccess|error|problem|not possible|delayed|impossible|abort|"
        r"reject|suspend)|"
        r"permanent (?:fatal )?(?:error|failure)|fatal errors|transcript of session|non-?deliver|returned "
        r"to (?:sender|you)|"
        r"being returned|is returned|was stopped|has been returned|bounced|reason for (?:the )?(?:fail|"
        r"return|reject)|"
        r"following (?:address|recipient|message|user|destination|error|person)|action: ?failed|"
        r"final-recipient|"
        r"(?:has been|was) (?:quarantined|blocked|held|stopped)\b|rejected (?:your|by|the)|(?:message|mail|"
        r"e-?mail) (?:\S+ ){0,4}(?:rejected|refused|blocked|"
        r"bounced|returned)|"
        r"did not reach|no such (?:user|recipient|mailbox)|user unknown|unknown user|mailbox (?:is )?full|"
        r"over quota|"
        r"will (?:keep|continue to|be) (?:try|retri)|still being retried|not yet been delivered|does "
        r"not exist|"
        r"nicht (?:\w+ ){0,3}(?:zugestellt|ausgeliefert|übermittelt)|unzustellbar|zustellung|n'a pas "
        r"(?:pu )?(?:être|été)|"
        r"non remis|pas pu|échec|no (?:se )?(?:ha )?(?:pudo|podido|entreg)|rebotad|n[ãa]o (?:foi |pode "
        r")?(?:ser )?(?:entreg|"
        r"possível)|non (?:è stat\w+ |può essere )?(?:possibile|recapitat|consegnat)|niet (?:worden "
        r")?(?:afgeleverd|bezorgd|"
        r"besteld)|kunde inte|ikke (?:leveres|levert)|nie (?:można|został|mog)|nebyl|nelze|nem "
        r"(?:sikerült|kézb)|"
        r"teslim edilem|не (?:удалось|може(?:т)? бути|может быть|было|была|доставлен)|недоставл|ошибк|"
        r"отклонен|"
        r"δεν (?:παραδόθηκ|ήταν δυνατ|μπορ)|"
        r"配信(?:でき|され|に失敗)|送信でき|送ることが|届け|見つか|エラー|"
        r"无法|無法|失败|失敗|退回|未能|傳送|배달|실패|못했|تعذر|לא (?:ניתן|נמסר)|απέτυχε|"
        r"(?:abgewiesen|abgelehnt|zurückgewiesen|nicht möglich|fehlgeschlagen|verzögert)|retard|rejet[ée]|"
        r"rechazad|rifiutat|rejeitad|geweigerd|(?:gick|går) inte att|kan (?:inte|ikke)|ei voi|"
        r"nie (?:powiodł|jest możliw)|nezdařil|nemohla|nepodařil|sikertelen|nu a (?:putut|fost)|gagal|"
        r"không thể|"
        r"ไม่สามารถ|nije (?:mogla|moguće|isporučen)|届きません|できませんでした"
    ),
    re.I,
)
_ANSWER = re.compile(
    r"^\s*(?:re|aw|antw|sv|vs|odp|ynt|ref|rv|r|rif|回复|答复|返信|ответ|отв)\s*(?:\[\d+\])?\s*[:：]", re.I
)
_REASONS = frozenset(
    (means.UNKNOWN_USER, means.UNKNOWN_DOMAIN, means.MAILBOX_FULL, means.SUSPENDED, means.DISABLED)
)


def from_daemon(fields: Fields) -> bool:
    """Whether a machine that carries mail has written this: by its name, or since nobody shall answer it and
    it answers nothing itself (the empty return path is that of vacations, too)."""
    unanswerable = first(fields, "return-path").strip() == "<>"
    return named_daemon(fields) or (unanswerable and not answers_something(fields))


def named_daemon(fields: Fields) -> bool:
    """Whether it says so by its name; what its domain is called says nothing."""
    sender = f"{first(fields, 'from')} {first(fields, 'sender')}"
    return bool(_DAEMON.search(_DOMAIN.sub("@", sender)))


def carries_mail(fields: Fields) -> bool:
    """Whether its name is one that only a mail system has."""
    return bool(_CARRIER.search(_DOMAIN.sub("@", first(fields, "from"))))


def bounce_subject(subject: str) -> bool:
    return bool(_SUBJECT.search(unmarked(subject)))


def bounce_words(text: str) -> bool:
    """Whether a text tells that a mail did not arrive, or why none can."""
    told = unmarked(" ".join(text[:12_000].split()))
    return bool(_BODY.search(told)) or tells_a_reason(text)


def tells_a_reason(text: str) -> bool:
    """Whether a text says something of a mailbox or a domain that keeps mails from arriving."""
    return bounces.heard(text[:2_000]) in _REASONS


def answers_something(fields: Fields) -> bool:
    """Whether it is written as an answer to a mail."""
    return "in-reply-to" in fields or "references" in fields or answers(first(fields, "subject"))


def answers(subject: str) -> bool:
    """Whether a subject is that of an answer: Re:, AW:, Odp: …"""
    return bool(_ANSWER.match(subject))


def sender_of(fields: Fields) -> str:
    """The address it is from, "" without one."""
    found = addresses_in(first(fields, "from")) or addresses_in(first(fields, "sender"))
    return found[0] if found else ""
