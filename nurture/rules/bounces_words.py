"""What mail servers say when they do not take a mail, by what it means.

Each entry is one meaning with the ways of saying it in English; those of other languages stand in
bounces_tongues. Texts are compared in lower case, with addresses and host names taken out and white space
collapsed, so that a name such as `spam-filter.example` says nothing. The groups are asked in the order of
MEANINGS: where a sentence says two things, the milder one is heard first.
"""

import re

from nurture.rules.bounces_meanings import (
    CONTENT,
    DISABLED,
    DNS,
    EXPIRED,
    GREYLISTED,
    MAILBOX_FULL,
    NETWORK,
    POLICY,
    RATE,
    RELAY,
    SENDER,
    SPAM,
    SUSPENDED,
    SYSTEM,
    TOO_LARGE,
    UNKNOWN_DOMAIN,
    UNKNOWN_USER,
)
from nurture.rules.bounces_tongues import TOLD
from nurture.rules.marks import unmarked_pattern

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
        r"(?:mail ?box|mail ?folder|inbox|mail ?file|mail store|maildrop|mailspool|spool) (?:\S+ "
        r"){0,4}full",
        r"full (?:mail ?box|inbox)",
        r"(?:exceed\w*|over|out of|reached|above|past) (?:\S+ ){0,6}(?:storage|disk|mailbox size|space|"
        r"size limit "
        r"of mailbox|allocation|mailbox limit|allowed mailbox|message limit)",
        r"(?:mailbox|mail box|storage|disk|inbox) (?:\S+ ){0,4}(?:exceeded|exhausted|is over|over its|"
        r"limit)",
        r"(?:insufficient|not enough|no|too little|lack of) (?:\S+ ){0,2}(?:disk )?(?:storage|space|"
        r"room)\b",
        r"too (?:much|many) (?:mail data|messages in|mails? in|data in)",
        r"mailbox (?:is )?too (?:full|large|big)",
        r"(?:disk|mailbox|account) (?:is )?full\b",
        r"can ?(?:not|n't|'t)? ?(?:write|append|save) to (?:\S+ ){0,3}(?:mailbox|mail file|folder)",
        r"reached (?:its|their|the) (?:maximum|limit|capacity)",
        r"overquota|overdrawn|shutoffquota|mailbox_full|mailboxfull",
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
        r"deferred due to user complaints|unusual rate|unusually high|resources (?:temporarily "
        r")?restricted",
    ),
    SPAM: (
        r"(?:helo|ehlo) (?:command|name|argument|reject|invalid|host|string)|\b(?:in|bad|invalid|your|"
        r"the) (?:helo|ehlo)\b|\bspam|spam(?:my|mer|ming)?\b|junk|unsolicited|\bube\b|\buce\b|bulk mail",
        r"(?:black|block|deny|reject|ban) ?-?list|blocklist|denylist|\bd?r?bl\b|dnsbl|\brbl\b|\brpbl\b",
        r"spamhaus|spamcop|\bsorbs\b|senderbase|senderscore|cloudmark|proofpoint dynamic|barracuda "
        r"?central",
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
    ),
    SENDER: (
        r"(?:sender'?s?|originat\w+|envelope|from|return) (?:e-?mail )?(?:address|domain|host) "
        r"(?:[^\s.;]+ ){0,4}"
        r"(?:reject|denied|not (?:found|exist|verif|valid|accept|allow|resol|"
        r"authori)|unknown|refused|invalid|verify failed|blocked|failed|does not|doesn't|no such|bad|"
        r"mismatch)",
        r"\b(?:your|sender'?s?|sending|from) (?:e-?mail |mail )?(?:domain|host|ip|server|address|"
        r"network)s? "
        r"(?:[^\s.;]+ ){0,3}(?:do(?:es)?(?: not|n't)|has no|have no|lacks?|without|not)\b|"
        r"sender (?:is )?(?:rejected|denied|refused|blocked|unknown|verif|not)|(?:unable|could ?n[o']t|"
        r"cannot|failed) (?:to )?verify (?:the )?sender|sender (?:verif|callout)|address in (?:the "
        r")?(?:from|header)|callout (?:\S+ "
        r"){0,4}sender|bad sender|"
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
        rf"(?:unknown|undefined|invalid|illegal|bad|non-?existent|unrecogni[sz]ed|incorrect|wrong|"
        rf"inexistent|"
        rf"malformed|unparse?able|undeliverable|unroutable|unrouteable) (?:local |virtual |destination |"
        rf"delivery |final |e-?mail |"
        rf"mail |or "
        rf"illegal |to |destination mailbox |recipient |smtp |remote )*(?:{_WHO}|local[- ]part|alias|user)",
        rf"no such (?:\S+ ){{0,3}}?(?:{_WHO}|name|local|id\b|here|entry|virtual)(?!'s)|no (?:mail ?box|"
        rf"user|"
        rf"account|"
        r"recipient|valid recipient|address|local mailbox|email account|one)s? (?:\S+ ){0,2}?(?:here|"
        r"(?:by|for) "
        r"(?:that|this)|"
        r"found|with (?:that|this)|of (?:that|this)|under|match|at this|named|on this|exist|called|"
        r"available for)",
        rf"{_WHO} (?:[^\s.;!?]+ ){{0,6}}?{_IS}(?:unknown|un-?known|nonexist\w+|non-?existent|undefined|"
        rf"unrecogni[sz]ed|"
        r"invalid\b|misspelled)",
        rf"{_WHO} (?:[^\s.;!?]+ ){{0,6}}?{_IS} ?{_NOT}[ -]?(?:be )?(?:exist|found|known|recogni[sz]ed|"
        rf"valid|a valid|"
        r"registered|listed|defined|located|match|resolve|a (?:known|current|registered|local|deliverable)|"
        r"present|in (?:the|our|this) (?:director|domain|system|database|list)|have an? |our |on this|"
        r"here\b|"
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
        r"do(?:es)?(?:n't| not) (?:exist|have (?:an? |any )?(?:\S+ ){0,3}(?:account|mail ?box|address))|"
        r"did not exist|doesnt exist|not exist\b|not (?:one )?of (?:our|my|the) (?:user|customer|"
        r"recipient)|"
        r"\brcpt\W{0,8}(?:not found|unknown|invalid)|\bname (?:is |was |could )?not (?:be )?(?:found|"
        r"known)",
        r"recip(?:ient)?notfound|exrecipnotfound|nosuchuser|unknownuser|nousers|user_unknown|userunknown|"
        r"recipientnotfound|recipient_not_found|adr\.(?:ex)?recip|invalidrecipient|unknownrecipient|"
        r"no_such_user",
        r"user not (?:known|found|local|exist|in|here)|recipient not (?:known|found|here|exist|ok\b)|not "
        r"our customer|"
        r"\bno (?:matching )?(?:name|entry|match) (?:\S+ ){0,3}(?:found|exists)|not known (?:here|at "
        r"this|on host|to this|by this)|address unknown|account unknown|mailbox unknown|name is not "
        r"recogni[sz]ed|"
        r"not a (?:\S+ ){0,2}gateway user|there is no (?:\S+ ){0,4}(?:user|mailbox|account|address|one|"
        r"person)|"
        r"nobody (?:here )?by|not (?:have|host) (?:\S+ ){0,2}(?:account|mailbox|user)",
        r"unrouteable address|unroutable address|undeliverable address|address (?:was )?(?:not|could not "
        r"be) found|"
        r"unable to find (?:\S+ ){0,2}(?:user|recipient|mailbox|account|address)|address not found|"
        r"could not find (?:\S+ ){0,2}(?:user|recipient|mailbox|account)|cannot find (?:\S+ ){0,2}(?:user|"
        r"recipient|"
        r"mailbox|account)|"
        r"delivery to this address is (?:impossible|not possible)|user lookup|verify failed for",
        r"mailbox (?:is )?unavailable(?! due)|mailbox not (?:available|accessible)|not allowed mailbox|"
        r"mailbox name not allowed",
        r"recipient address rejected:? access denied",
    ),
    SUSPENDED: (
        r"suspended|temporar(?:y|ily) (?:\S+ ){0,2}(?:disabled|blocked|locked|inactive|unavailable|"
        r"limited|closed|"
        r"deactivated|not available|rejected|unable|restrict)|(?:account|mailbox|user|domain|mail ?box) "
        r"(?:\S+ )"
        r"{0,2}(?:frozen|on hold|locked)|maintenance",
        rf"{_WHO} (?:[^\s.;!?]+ ){{0,6}}?{_IS}(?:\S+ )?(?:disabled|deactivated|de-activated|inactive|"
        rf"in-active|"
        r"dormant)\b",
        r"(?:disabled|deactivated|inactive|locked|dormant|frozen) (?:e-?mail )?"
        r"(?:user|recipient|mailbox|account|address)",
        r"disableduser|user_disabled|mailboxdisabled|not an active (?:user|address|account)|"
        r"(?:blocked|locked|unavailable|closed) (?:temporarily|for now|at (?:the|this) moment)",
    ),
    DISABLED: (
        rf"{_WHO} (?:[^\s.;!?]+ ){{0,6}}?{_IS}(?:\S+ )?(?:terminated|discontinued|"
        r"closed|cancell?ed|deleted|removed|expired|decommissioned|retired|obsolete|abandoned|dead\b|"
        r"archived)",
        r"no longer (?:\S+ ){0,2}?(?:active|available|in use|in service|valid|exist\w*|accept\w*|work\w*|"
        r"used|with|"
        r"employed|at this|on (?:this|our)|here|monitored|receiv\w*|supported|a (?:valid|customer|user|"
        r"member))",
        r"\b(?:closed|deleted|expired|cancell?ed|terminated|unused) (?:e-?mail )?"
        r"(?:user|recipient|mailbox|account|address)",
        r"has (?:left|moved)|(?:user|recipient) (?:has )?moved|address (?:has )?changed|new address is|"
        r"has been (?:permanently )?(?:shut ?down|turned off)|"
        r"is (?:not|no longer) (?:with|working (?:at|for)|employed)",
    ),
    DNS: (
        r"soft error|(?:host|domain|name) (?:\S+ ){0,3}not found, try again|try "
        r"again\b[^.]{0,40}(?:dns|name server|"
        r"lookup)",
        r"(?:dns|mx|a|cname|name|domain|host) (?:\S+ ){0,2}?(?:lookup|look-up|resolution|query|server|"
        r"service) "
        r"(?:\S+ ){0,4}?(?:temporar|time|timed|failed temp|failure, |servfail|deferred|unexpected)",
        r"temporary (?:\S+ ){0,3}(?:lookup|dns|resolution|name)|servfail|malformed or unexpected name "
        r"server|"
        r"dnsqueryfailed|dns query failed|dns server (?:\S+ )?(?:failure|error)|name server (?:timeout|"
        r"failure|loop)|"
        r"lookup failed temporarily|lowest numbered mx|mx (?:\S+ ){0,4}(?:points? (?:back )?to (?!non)|"
        r"loops? back)|"
        r"loops? back to myself|hostname (?:\S+ )?lookup (?:deferred|timeout)|responded with code "
        r"(?:servfail|refused)",
    ),
    UNKNOWN_DOMAIN: (
        r"(?:host|domain|host or domain name|hostname|mail server|destination) (?:name )?(?:\S{0,3} ){0,2}"
        r"(?:(?:is|was|does|could|can) ?)?(?:not found|"
        r"unknown|not exist|does not exist|doesn't exist|nonexistent|non-existent|isn't found|couldn't be "
        r"found|"
        r"could not be found|not known|invalid|cannot be (?:found|resolved)|not (?:be )?(?:resolved|"
        r"resolvable))",
        r"(?:unknown|no such|invalid|bad|illegal|non-?existent|unrouteable|unroutable|nonexisting) "
        r"(?:destination |"
        r"mail |remote |recipient |host/|or invalid )*(?:domain|host|hostname|destination system|system|"
        r"mail domain|"
        r"node|relay host)",
        r"\bno (?:mail |mx )?(?:hosts?|exchangers?) for|\bno (?:mx|a) or (?:mx|a)\b|"
        r"record indicated no smtp|nxdomain|nonexistentdomain|"
        r"infodomainnonexistent|name or service not known|nodename nor servname|"
        r"null ?mx|does(?: not|n't) accept (?:any )?(?:e-?)?mails?\b|no mail exchanger|never accepts? mail|"
        r"domain (?:\S+ ){0,4}(?:expired|has no (?:mx|mail))|(?:no|find|"
        r"found) (?:any )?(?:valid )?(?:mx|a) (?:or (?:a|mx) "
        r")?(?:record|host)|"
        r"couldn't find any host|could not find any host|no hosts? (?:\S+ )?found|all relevant mx records "
        r"point to "
        r"non-?existent|cannot resolve|can't resolve|unable to resolve|no route to (?:domain|recipient "
        r"domain)|"
        r"domain is not (?:valid|hosted)|domain is unknown|dns domain .{0,3}does not exist|hostnotfound|"
        r"host unknown|"
        r"unrouteable domain|address family .{0,10}not supported|recipient domain (?:\S+ ){0,2}(?:not|"
        r"invalid)",
    ),
    TOO_LARGE: (
        r"(?:message|mail|size|attachment|e-?mail)s? (?:\S+ ){0,6}(?:too (?:large|big|heavy)|"
        r"exceed\w*|larger than|"
        r"bigger than|over (?:the )?(?:maximum|limit))|too (?:large|big) (?:a )?(?:message|mail)|"
        r"(?:maximum|max|permitted|fixed) (?:\S+ ){0,3}(?:message|mail)? ?size|size limit|messagesize|"
        r"exceeds (?:size|fixed|maximum)",
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
        r"disallow|restrict|security|administrativ",
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
    (meaning, re.compile(unmarked_pattern("|".join(f"(?:{one})" for one in ways))))
    for meaning, ways in (
        (meaning, (*_TOLD[meaning], *TOLD.get(meaning, ())))
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

# Words of a rule of the server's own: what it says beside them of users and recipients is about the rule.
BY_RULE = re.compile(r"polic|\brules?\b|administrat|organi[sz]ation|block|restrict")

# Addresses and boxes that are not the reader's: what is said of them is no word about the reader.
FOREIGN = re.compile(
    r"\b(?:ip|client|return|source|network|envelope|reverse|server|host)[ -]address(?:es)?\b|"
    r"\baddress(?:es)? (?:in|of) (?:the )?(?:from|sender|header|client|server)\b|"
    r"\b(?:mailbox|mail) (?:server|store|host)s?\b|"
    r"\b(?:folder|certificate|licen[cs]e)s?\b[^.;:]{0,200}|\b[^.;:]{0,100}\bwhile (?:it|being|"
    r"we)\b[^.;:]{0,100}"
)
