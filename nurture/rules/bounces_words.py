"""What mail servers say when they do not take a mail, by what it means.

Each entry is one meaning with the ways of saying it, in the languages servers speak. Texts are compared
in lower case, with addresses and host names taken out and white space collapsed, so that a name such as
`spam-filter.example` says nothing. The groups are asked in the order of MEANINGS: where a sentence says
two things, the milder one is heard first.
"""

import re

MAILBOX_FULL = "mailbox_full"
GREYLISTED = "greylisted"
RATE = "rate"
SPAM = "spam"
SENDER = "sender"
UNKNOWN_USER = "unknown_user"
DISABLED = "disabled"
SUSPENDED = "suspended"
DNS = "dns"
UNKNOWN_DOMAIN = "unknown_domain"
TOO_LARGE = "too_large"
CONTENT = "content"
RELAY = "relay"
POLICY = "policy"
NETWORK = "network"
EXPIRED = "expired"
SYSTEM = "system"

_WHO = (
    r"(?:e-?mail )?(?:receiver|user(?:name)?(?:s|\(s\))?|recipient(?:s|\(s\))?|mail ?box(?:es)?|"
    r"account(?:s|\(s\))?|"
    r"address(?:es|ee)?|alias|e-?mail|customer|subscriber|person|inbox|mail ?drop)"
)
_IS = r"(?:(?:is|are|was|has been|have been|had been|does|do|could|can) ?|')?"
_NOT = r"(?:not|n't|no longer|never)"

_TOLD: dict[str, tuple[str, ...]] = {
    MAILBOX_FULL: (
        r"quota",
        r"(?:mail ?box|mail ?folder|inbox|mail ?file|mail store|maildrop|mailspool|spool) (?:\S+ ){0,4}full",
        r"full (?:mail ?box|inbox)",
        r"(?:exceed\w*|over|out of|reached|above|past) (?:\S+ ){0,6}(?:storage|disk|mailbox size|space|"
        r"size limit "
        r"of mailbox|allocation|mailbox limit|allowed mailbox|message limit)",
        r"(?:mailbox|mail box|storage|disk|inbox) (?:\S+ ){0,4}(?:exceeded|exhausted|is over|over its|limit)",
        r"(?:insufficient|not enough|no|too little|lack of) (?:\S+ ){0,2}(?:disk )?(?:storage|space|room)\b",
        r"too (?:much|many) (?:mail data|messages in|mails? in|data in)",
        r"mailbox (?:is )?too (?:full|large|big)",
        r"(?:disk|mailbox|account) (?:is )?full\b",
        r"can ?(?:not|n't|'t)? ?(?:write|append|save) to (?:\S+ ){0,3}(?:mailbox|mail file|folder)",
        r"reached (?:its|their|the) (?:maximum|limit|capacity)",
        r"overquota|overdrawn|shutoffquota|mailbox_full|mailboxfull",
        r"переполнен|превышен\w* (?:квот|лимит|размер ящик)|нет места",
        r"pleine?\b|quota d[ée]pass|espace (?:\S+ ){0,2}insuffisant",
        r"(?:postfach|mailbox|speicher\w*) (?:\S+ ){0,4}(?:voll|überfüllt|überschritten|erschöpft)",
        r"buz[oó]n (?:\S+ ){0,4}lleno|casella (?:\S+ ){0,4}piena|caixa (?:\S+ ){0,4}cheia|cuota|espacio "
        r"insuf",
        r"postbus (?:\S+ ){0,3}vol\b|brevl[åa]da\w* (?:\S+ ){0,3}full|skrzynk\w+ (?:\S+ ){0,4}(?:pełn|"
        r"przepełn)",
        r"schránk\w+ (?:\S+ ){0,3}pln|postal[ıi]k\w* dolu|posta kutusu (?:\S+ ){0,2}dolu|megtelt",
        r"配额|容量(?:を|が|超|不足|オーバ)|已满|空间不足|一杯|満杯|いっぱい|가득|용량",
    ),
    GREYLISTED: (
        r"gr[ae]y ?-?list",
        r"try again (?:\S+ ){0,4}(?:minutes?|seconds?|hours?)",
        r"(?:first|early) (?:\S+ ){0,3}attempt",
        r"postgrey|milter-greylist",
        r"not yet (?:authorized|allowed) to deliver",
    ),
    RATE: (
        r"rate ?-?limit|rate control|throttl|too quickly|too fast|too frequent",
        r"too many (?:\S+ ){0,3}(?:connection|message|mail|recipient|session|invalid|unknown|bad|error|"
        r"concurrent|"
        r"request|attempt|delivery attempt|failed|smtp|rcpt|command|user|sender|hour)",
        r"(?:daily|hourly|sending|message|recipient|connection)s? (?:\S+ ){0,3}(?:limit|rate)\S* (?:\S+ "
        r"){0,3}"
        r"(?:exceeded|reached|hit)|exceed\w* (?:\S+ ){0,5}(?:sending|rate|hourly|daily|connection)\b",
        r"deferred due to user complaints|unusual rate|unusually high|resources (?:temporarily )?restricted",
    ),
    SPAM: (
        r"\bspam|spam(?:my|mer|ming)?\b|junk|unsolicited|\bube\b|\buce\b|bulk mail",
        r"(?:black|block|deny|reject|ban) ?-?list|blocklist|denylist|\bd?r?bl\b|dnsbl|\brbl\b|\brpbl\b",
        r"spamhaus|spamcop|\bsorbs\b|senderbase|senderscore|cloudmark|proofpoint dynamic|barracuda ?central",
        r"reputation|poor (?:sender|ip)|complaint|abus(?:e|ive)\b|suspicious|suspected|phish|scam|fraud",
        r"virus|malware|trojan|infected|worm\b|harmful|dangerous",
        r"\bspf\b|\bdkim\b|\bdmarc\b|domainkeys|sender ?id\b|authentication (?:checks|results|failed)|"
        r"unauthenticated|not (?:pass|meet) (?:\S+ ){0,2}authentication|authenticated sender",
        r"reverse (?:dns|lookup|hostname|mapping)|\bptr\b|\brdns\b|no (?:valid )?reverse|client "
        r"host(?:name)? "
        r"(?:rejected|\[|cannot)|cannot find your (?:reverse )?hostname|helo (?:command )?rejected|bad "
        r"helo|invalid helo",
        r"(?:ip|your (?:ip|host|server|network|domain)|sending (?:ip|host|server)|client|source) (?:\S+ "
        r"){0,6}"
        r"(?:blocked|banned|listed|refused|rejected|denied|not (?:accepted|allowed|welcome))",
        r"blocked (?:by|using|for|due|because|since|at|from|- see|\(|as)|"
        r"(?<!not )(?<!isn.t )listed (?:in|at|on|by)|banned|"
        r"bounced by spam",
        r"(?:message|mail|content|e-?mail) (?:\S+ ){0,4}(?:looks like|considered|identified as|classified "
        r"as|scored|"
        r"detected as|likely)|content filter|contentfilter|spamassassin|hits? spam|score (?:is )?too",
        r"(?:5\.7\.26|5\.7\.515|5\.7\.509|5\.7\.606|5\.7\.708|s3140|s3150)",
        r"срам|спам|垃圾|スパム|迷惑メール|스팸|indésirable|no deseado|poster? filt",
    ),
    SENDER: (
        r"(?:sender'?s?|originat\w+|envelope|from|return) (?:e-?mail )?(?:address|domain|host) "
        r"(?:[^\s.;]+ ){0,4}"
        r"(?:reject|denied|not (?:found|exist|verif|valid|accept|allow|resol|"
        r"authori)|unknown|refused|invalid|verify failed|blocked|failed|does not|doesn't|no such|bad|"
        r"mismatch)",
        r"sender (?:is )?(?:rejected|denied|refused|blocked|unknown|verif|not)|(?:unable|could ?n[o']t|"
        r"cannot|failed) (?:to )?verify (?:the )?sender|sender verif|callout|bad sender|"
        r"invalid sender|fake sender|domain of sender|sender is not|only accepts? (?:messages?|mails?|"
        r"e-?mails?) from|"
        r"not accept\w* (?:\S+ ){0,3}from (?:this|your|the) (?:sender|address|domain|server)|from this "
        r"sender|"
        r"null sender|empty (?:sender|envelope)|bounce messages? (?:is|are) (?:not|rejected)",
        r"not (?:permitted|authorized|authorised|allowed) to (?:send|e-?mail|post|submit|deliver|write)|"
        r"do(?:es)?(?: not|n't) have permission|notauthori[sz]ed|restricted (?:to|address|recipient)|"
        r"authrequired|"
        r"(?:must|need to|please) (?:be )?(?:authenticate|log ?in|authori)|authentication (?:is )?required|"
        r"auth(?:entication)? required",
        r"members? only|not subscribed|subscribers? only|non-?members?|moderat(?:ed|or)|must be a member|"
        r"challenge|confirm that you|whitelist|allow ?list|approved senders?",
    ),
    UNKNOWN_USER: (
        rf"(?:unknown|undefined|invalid|illegal|bad|non-?existent|unrecogni[sz]ed|incorrect|wrong|inexistent|"
        rf"undeliverable|unroutable|unrouteable) (?:local |virtual |destination |delivery |final |e-?mail |"
        rf"mail |or "
        rf"illegal |to |destination mailbox |recipient |smtp |remote )*(?:{_WHO}|local[- ]part|alias|user)",
        rf"no such (?:\S+ ){{0,3}}?(?:{_WHO}|name|local|id\b|here|entry|virtual)|no (?:mail ?box|user|"
        rf"account|"
        r"recipient|valid recipient|address|local mailbox|email account|one)s? (?:\S+ ){0,2}?(?:here|by "
        r"(?:that|this)|"
        r"found|with (?:that|this)|of (?:that|this)|under|match|at this|named|on this|exist|called|"
        r"available for)",
        rf"{_WHO} (?:[^\s.;!?]+ ){{0,6}}?{_IS}(?:unknown|un-?known|nonexist\w+|non-?existent|undefined|"
        rf"unrecogni[sz]ed|"
        r"invalid\b|misspelled)",
        rf"{_WHO} (?:[^\s.;!?]+ ){{0,6}}?{_IS} ?{_NOT}[ -]?(?:be )?(?:exist|found|known|recogni[sz]ed|"
        rf"valid|a valid|"
        r"registered|listed|defined|located|match|resolve|a (?:known|current|registered|local|deliverable)|"
        r"present|in (?:the|our|this) (?:director|domain|system|database|list)|have an? |our |on this|here\b|"
        r"deliverable|have a mailbox|a user|an? active|local)",
        r"(?:isn't|is not|are not|not) (?:a )?(?:valid|known|recogni[sz]ed|existing|current|registered|"
        r"local|defined|"
        r"deliverable) (?:\S+ ){0,2}(?:user|recipient|mailbox|account|address|alias|e-?mail|customer|"
        r"member|name)",
        r"(?:user|recipient|mailbox|account|address|alias|mail ?box)?\W{0,3}(?:isn't|is not|not|wasn't|"
        r"was not) "
        r"(?:found|known|listed) (?:at|here|in (?:the |our |this |public |name |domino |address |ldap |"
        r"active |user )*"
        r"(?:name|public|domino|directory|address|server|book|database|table|domain|system|ldap|list))",
        r"not listed in|not found in (?:\S+ ){0,4}director|could(?:n't| not) be (?:found|located) at|"
        r"wasn't found at|"
        r"(?:recipient|user|address) (?:\S+ ){0,4}could(?:n't| not) be (?:found|resolved)|"
        r"doesn't (?:have|exist)|does not (?:have an?|exist)|do not exist|did not exist|doesnt exist|not "
        r"exist\b",
        r"recip(?:ient)?notfound|exrecipnotfound|nosuchuser|unknownuser|nousers|user_unknown|userunknown|"
        r"recipientnotfound|recipient_not_found|adr\.(?:ex)?recip|invalidrecipient|unknownrecipient|"
        r"no_such_user",
        r"user not (?:known|found|local|exist|in|here)|recipient not (?:known|found|here|exist|ok\b)|not "
        r"our customer|"
        r"not known (?:here|at this)|address unknown|account unknown|mailbox unknown|name is not "
        r"recogni[sz]ed|"
        r"not a (?:\S+ ){0,2}gateway user|there is no (?:\S+ ){0,4}(?:user|mailbox|account|address|one|"
        r"person)|"
        r"nobody (?:here )?by|not (?:have|host) (?:\S+ ){0,2}(?:account|mailbox|user)",
        r"unrouteable address|unroutable address|undeliverable address|address (?:was )?(?:not|could not "
        r"be) found|"
        r"unable to find (?:\S+ ){0,2}(?:user|recipient|mailbox|account|address)|address not found|"
        r"could not find (?:\S+ ){0,2}(?:user|recipient|mailbox|account)|cannot find (?:\S+ ){0,2}(?:user|"
        r"recipient|"
        r"mailbox|account)|recipient (?:address )?(?:does|is) ?n[o']t|"
        r"delivery to this address is (?:impossible|not possible)|user lookup|verify failed for",
        r"mailbox (?:is )?unavailable(?! due)|mailbox not (?:available|accessible)|not allowed mailbox|"
        r"mailbox name not allowed",
        r"recipient address rejected:? access denied",
        r"unbekannt|existiert nicht|nicht exist|nicht (?:mehr )?vorhanden|"
        r"nicht (?:\S+ )?gefunden|nicht bekannt|"
        r"kein\w* (?:postfach|empfänger|benutzer|"
        r"konto)|"
        r"empfängeradresse (?:\S+ ){0,3}ungültig|gibt es (?:hier )?nicht",
        r"inconnu|n'existe pas|introuvable|n'a pas été trouvé|adresse (?:\S+ ){0,3}(?:invalide|erron)",
        r"desconocid|no existe|no se (?:ha )?(?:encontr|pudo encontrar)|inexistente|direcci[óo]n (?:\S+ "
        r"){0,3}inv[áa]lid",
        r"sconosciut|non esiste|inesistent|non (?:è stat\w+ )?trovat",
        r"desconhecid|n[ãa]o existe|n[ãa]o (?:foi )?encontrad|destinat[áa]rio inv[áa]lid",
        r"onbekend|bestaat niet|niet gevonden|ok[äa]nd|finns inte|hittades inte|ukjent|ukendt|finnes ikke|"
        r"findes ikke|ei löydy|tuntematon",
        r"nie istnieje|nie ma takiego|nieznan|nie znaleziono|"
        r"neexistuje|neznám|nem létezik|ismeretlen|nenalezen|nu exist|"
        r"bulunamad|mevcut değil|bilinmeyen",
        r"не существует|несуществующ|неизвестн\w+ (?:пользовател|получател|адрес)|не найден|"
        r"(?:пользовател|получател|адрес|ящик)\w* (?:\S+ ){0,4}не(?:т\b| зарегистр| суще| найд)|такого "
        r"пользователя|"
        r"не існує|не знайдено",
        r"不存在|存在し(?:ま?せ|な)|見つか(?:り|ら)|宛先不明|未知(?:用户|的收件)|无此(?:用户|邮箱|收件)|查無|找不到|"
        r"존재하지|찾을 수 없|알 수 없는",
        r"لا يوجد|غير موجود|לא קיים|לא נמצא|δεν υπάρχει|δεν βρέθηκε|ไม่พบ|không tồn tại",
    ),
    SUSPENDED: (
        r"suspended|temporar(?:y|ily) (?:\S+ ){0,2}(?:disabled|blocked|locked|inactive|unavailable|"
        r"limited|closed|"
        r"deactivated|not available|rejected|unable|restrict)|(?:account|mailbox|user|domain|mail ?box) "
        r"(?:\S+ )"
        r"{0,2}(?:frozen|on hold|locked)|maintenance|被冻结|заморожен|gesperrt",
        r"(?:disabled|blocked|locked|inactive|unavailable|closed) (?:temporarily|for now|at (?:the|this) "
        r"moment)",
    ),
    DISABLED: (
        rf"{_WHO} (?:[^\s.;!?]+ ){{0,6}}?{_IS}(?:\S+ )?(?:disabled|deactivated|inactive|in-active|"
        rf"terminated|discontinued|"
        r"closed|cancell?ed|deleted|removed|expired|decommissioned|retired|obsolete|abandoned|dead\b|"
        r"archived)",
        r"no longer (?:\S+ ){0,2}?(?:active|available|in use|in service|valid|exist\w*|accept\w*|work\w*|"
        r"used|with|"
        r"employed|at this|on (?:this|our)|here|monitored|receiv\w*|supported|a (?:valid|customer|user|"
        r"member))",
        r"(?:disabled|deactivated|inactive|closed|deleted|expired|cancell?ed|terminated|unused|dormant) "
        r"(?:e-?mail )?"
        r"(?:user|recipient|mailbox|account|address)",
        r"disableduser|user_disabled|mailboxdisabled|mailbox disabled|has (?:left|moved)|user has moved|"
        r"recipient has moved|address (?:has )?changed|new address is|not an active (?:user|address|account)|"
        r"has been (?:permanently )?(?:shut ?down|turned off)|"
        r"is (?:not|no longer) (?:with|working (?:at|for)|employed)",
        r"deaktiviert|gelöscht|nicht mehr (?:aktiv|gültig|verfügbar|erreichbar)|désactivé|supprimé|fermé|"
        r"deshabilitad|desactivad|disattivat|disabilitat|desativad|отключ[её]н|заблокирован|удал[её]н|"
        r"停用|禁用|注销|無効|已被禁",
    ),
    DNS: (
        r"(?:host|domain|name) (?:\S+ ){0,3}not found, try again|try again\b[^.]{0,40}(?:dns|name server|"
        r"lookup)",
        r"(?:dns|mx|a|cname|name|domain|host) (?:\S+ ){0,2}?(?:lookup|look-up|resolution|query|server|"
        r"service) "
        r"(?:\S+ ){0,4}?(?:temporar|time|timed|failed temp|failure, |servfail|deferred|unexpected)",
        r"temporary (?:\S+ ){0,3}(?:lookup|dns|resolution|name)|servfail|malformed or unexpected name server|"
        r"dnsqueryfailed|dns query failed|dns server (?:\S+ )?(?:failure|error)|name server (?:timeout|"
        r"failure|loop)|"
        r"lookup failed temporarily|lowest numbered mx|mx (?:\S+ ){0,4}(?:points? (?:back )?to (?!non)|"
        r"loops? back)|"
        r"loops? back to myself|hostname (?:\S+ )?lookup (?:deferred|timeout)|responded with code "
        r"(?:servfail|refused)",
    ),
    UNKNOWN_DOMAIN: (
        r"(?:host|domain|host or domain name|hostname|mail server|destination) (?:name )?(?:\S{0,3} "
        r")?(?:(?:is|was|does|could|can) ?)?(?:not found|"
        r"unknown|not exist|does not exist|doesn't exist|nonexistent|non-existent|isn't found|couldn't be "
        r"found|"
        r"could not be found|not known|invalid|cannot be (?:found|resolved)|not (?:be )?(?:resolved|"
        r"resolvable))",
        r"(?:unknown|no such|invalid|bad|illegal|non-?existent|unrouteable|unroutable|nonexisting) "
        r"(?:destination |"
        r"mail |remote |recipient |host/|or invalid )*(?:domain|host|hostname|destination system|system|"
        r"mail domain|"
        r"node|relay host)",
        r"nxdomain|nonexistentdomain|infodomainnonexistent|name or service not known|nodename nor servname|"
        r"null ?mx|does(?: not|n't) accept (?:any )?(?:e-?)?mails?\b|no mail exchanger|never accepts? mail|"
        r"domain (?:\S+ ){0,4}(?:expired|has no (?:mx|mail))|no (?:mx|a|valid mx) (?:or (?:a|mx) "
        r")?(?:record|host)|"
        r"couldn't find any host|could not find any host|no hosts? (?:\S+ )?found|all relevant mx records "
        r"point to "
        r"non-?existent|cannot resolve|can't resolve|unable to resolve|no route to (?:domain|recipient "
        r"domain)|"
        r"domain is not (?:valid|hosted)|domain is unknown|dns domain .{0,3}does not exist|hostnotfound|"
        r"host unknown|"
        r"unrouteable domain|address family .{0,10}not supported|recipient domain (?:\S+ ){0,2}(?:not|"
        r"invalid)",
        r"domain(?:e|ain) (?:\S+ ){0,3}(?:inconnu|n'existe)|dom[äa]ne? (?:\S+ ){0,4}(?:nicht gefunden|"
        r"existiert nicht)|"
        r"домен\w* (?:\S+ ){0,3}не|dominio (?:\S+ ){0,3}(?:no existe|non esiste)|域名不存在|ドメイン",
    ),
    TOO_LARGE: (
        r"(?:message|mail|size|attachment|e-?mail)s? (?:\S+ ){0,6}(?:too (?:large|big|long|heavy)|"
        r"exceed\w*|larger than|"
        r"bigger than|over (?:the )?(?:maximum|limit))|too (?:large|big) (?:a )?(?:message|mail)|"
        r"(?:maximum|max|permitted|fixed) (?:\S+ ){0,3}(?:message|mail)? ?size|size limit|messagesize|"
        r"exceeds (?:size|fixed|maximum)|zu groß|trop (?:volumineux|gros|grand)|demasiado grande|слишком "
        r"больш",
    ),
    CONTENT: (
        r"content (?:\S+ ){0,3}(?:reject|denied|not (?:allowed|accepted)|restrict|policy|blocked|prohibit|"
        r"unacceptable)|"
        r"attachment|file type|executable|header (?:\S+ ){0,4}(?:reject|invalid|missing|malformed|error)|"
        r"(?:invalid|missing|bad|malformed) (?:\S+ ){0,2}(?:header|mime|date|message-?id|rfc)|bare (?:lf|"
        r"cr|newline)|"
        r"8-?bit|line(?:s)? too long|conversion|charset|not (?:rfc|compliant)|message (?:content )?reject|"
        r"transaction failed|message refused|message (?:was )?not accepted|subject (?:\S+ ){0,2}reject|"
        r"url|link in|dlp\b|encrypt|starttls|tls (?:required|is required)|must issue",
    ),
    RELAY: (
        r"relay|not (?:a )?(?:local|gateway)|non-?local|rcpthosts|we do not (?:handle|accept|serve)|"
        r"not (?:one of )?(?:my|our) (?:domain|host)|administrative prohibition|domain (?:\S+ )?not "
        r"(?:handled|served)",
    ),
    POLICY: (
        r"polic(?:y|ies)|denied|prohibit|not (?:authori[sz]ed|permitted|allowed)|forbidden|refus|reject|"
        r"blocked|filter|"
        r"disallow|restrict|security|administrativ|verweigert|abgelehnt|refus[ée]|rechazad|rifiutat|отклон|拒",
    ),
    EXPIRED: (
        r"expired|retry (?:time|timeout)|been (?:queued|on the queue|in the queue)|queue (?:\S+ ){0,3}too "
        r"long|"
        r"too long in|timeout exceeded|time ?out (?:period )?|delivery (?:time|period)|delayed|will "
        r"(?:keep|continue|be "
        r"retr|retry|try)|not yet|still (?:being|trying)|could not be delivered (?:within|for|after)|gave "
        r"up|given up|"
        r"for (?:the last|more than|over|at least) \d+ (?:hour|day|minute)|unable to deliver (?:\S+ "
        r"){0,6}(?:hour|day)",
    ),
    NETWORK: (
        r"timed? ?-?out|connection (?:\S+ ){0,3}(?:refused|reset|lost|closed|dropped|failed|aborted|"
        r"terminated|broken)|"
        r"lost connection|could(?:n't| not) connect|cannot connect|unable to connect|no route|unreachable|"
        r"not responding|no (?:answer|response)|did not respond|connect to|hop count|too many hops|mail "
        r"?loop|"
        r"loop(?:ing)? detected|routing loop|host (?:is )?down|network error|establish|tls (?:negotiation|"
        r"handshake|"
        r"error|failed)|ssl|handshake|protocol error|bad greeting|unexpected response|eof|deferred",
    ),
    SYSTEM: (
        r"temporar|try (?:again )?later|system (?:error|busy|resources|config|failure|problem|not)|"
        r"internal (?:server )?"
        r"error|server (?:error|busy|problem|config)|local (?:error|configuration|problem)|resources|"
        r"overload|busy|"
        r"service (?:\S+ )?(?:unavailable|not available)|disk error|i/o error|cannot open|can't (?:open|"
        r"create|exec)|"
        r"permission|aliasing|forward\w* loop|delivery (?:error|agent|process)|mailer|script|backend|"
        r"database|ldap|"
        r"storedrv|not accepting (?:network )?messages|mailbox (?:\S+ ){0,2}(?:busy|locked|unavailable)",
    ),
}

MEANINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (meaning, re.compile("|".join(f"(?:{one})" for one in ways)))
    for meaning, ways in (
        (meaning, _TOLD[meaning])
        for meaning in (
            MAILBOX_FULL,
            GREYLISTED,
            RATE,
            SPAM,
            SENDER,
            SUSPENDED,
            TOO_LARGE,
            DNS,
            UNKNOWN_DOMAIN,
            UNKNOWN_USER,
            DISABLED,
            RELAY,
            CONTENT,
            POLICY,
            NETWORK,
            EXPIRED,
            SYSTEM,
        )
    )
)

# Words that can mean nothing but a mailbox that is not there.
PLAINLY_UNKNOWN = re.compile(
    r"no such (?:user|recipient|mail ?box|account|address)|(?:user|recipient|mail ?box|account) "
    r"(?:is )?(?:unknown|not found|does not exist|doesn't exist)|unknown (?:user|recipient|mail ?box)|"
    r"такого пользователя нет|benutzer unbekannt|utilisateur inconnu"
)
