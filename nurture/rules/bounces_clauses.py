"""What a clause means whose exact words stand in no table: somebody or something (a user, a mailbox, a
domain), a word that denies, and a word of being (exist, find, know, list), near each other and in any order.

This holds for wordings nobody has seen, in most languages of Europe. Clauses about the sender, about
permission or about a passing state are left alone: in doubt nothing is said. Compared like bounces_words.
"""

import re

from nurture.rules.bounces_meanings import DISABLED, MAILBOX_FULL, NETWORK, UNKNOWN_DOMAIN, UNKNOWN_USER

_END = re.compile(r"[.;:!?|/]+(?:\s|$)|\s[-\u2013\u2014]+\s|[\r\n]+|\b[245]\d\d\b|\bbut\b|\bbecause\b")
_LONGEST_CLAUSE = 240

_BOX = (
    r"\b(?:mail ?box|in-?box|mail ?drop|account|folder|postfach|posteingang|konto|boite|boîte|compte|"
    r"buz[oó]n|"
    r"casilla|cuenta|caixa|conta|casella|postbus|postvak|brevl[åa]da|inkorg|postkasse|indbakke|innboks|"
    r"postilaatikko|skrzynk|schránk|účet|postafiók|postaláda|căsuț|cutia|γραμματοκιβ|θυρίδα|λογαριασμ|"
    r"ящик|скриньк|кутия|pretinac|sandučić|nabiralnik|dėžut|pastkast|postkast|kotak surat|kutusu)\w*"
)
_WHO = (
    r"(?:\b(?:user|recipient|addressee|address|alias|customer|subscriber|person|member|login|uid|username|"
    r"employee|contact|somebody|anyone|nobody|no ?one|destinat[aá]ri|destinatair|destinatar|"
    r"utilisateur|usuari|"
    r"usuári|utent|utilizator|empfänger|benutzer|teilnehmer|adress|dirección|direccion|indirizz|endereço|"
    r"adres|odbiorc|użytkownik|příjemc|uživatel|príjemc|používateľ|címzett|felhasználó|получател|"
    r"пользовател|"
    r"адрес|одержувач|користувач|потребител|alıcı|kullanıcı|mottagare|användare|modtager|bruger|mottaker|"
    r"bruker|vastaanottaj|käyttäj|osoite|ontvanger|gebruiker|παραλήπτ|χρήστη|διεύθυνσ|primatelj|primalac|"
    r"korisni|prejemnik|uporabnik|naslov|gavėj|vartotoj|saņēmēj|lietotāj|saaja|kasutaja|aadress|penerima|"
    rf"pengguna|alamat)\w*|{_BOX})"
)
_DOMAIN = (
    r"\b(?:domain|dom[äa]ne|domaine|dominio|domínio|domein|domän|domén|domena|domen|домен|tartomány|"
    r"alan adı|verkkotunnus|host ?name|destination (?:host|computer|system))\w*"
)
_NOT = (
    r"(?:\b(?:not|no|none|never|nobody|cannot|without|neither|nicht|kein\w*|niemand\w*|pas|plus|"
    r"aucun\w*|jamais|"
    r"ningún|ningun\w*|nadie|non|nessun\w*|não|nao|nenhum\w*|niet|geen|inte|ingen|inget|ikke|ej|ei|"
    r"eikä|nie|"
    r"żad\w*|není|ne|žád\w*|žiad\w*|nem|nincs\w*|nu|nici\w*|не|нет|нема|немає|ні|няма|yok\w*|değil\w*|"
    r"δεν|nije|"
    r"nema|nėra|nav|tidak|bukan)\b|n't\b|n'|\bne\w+uje\b)"
)
_BEING = (
    r"\b(?:exist|found|find|know|list|regist|live|here\b|correspond|belong|match|present|recogni|resid|"
    r"valid|"
    r"ours?\b|of (?:this|our)|(?:on|at|in|to|with|by) (?:this|our|that)|appear|defin|configured|"
    r"provision|associat|"
    r"trouv|connu|enregistr|encontr|exist|registr|conoc|válid|trovat|esist|risulta|gefunden|bekannt|"
    r"existier|"
    r"vorhanden|gültig|angelegt|geführt|verzeichn|zugeordnet|gevonden|bekend|bestaa|geregistr|hitta|"
    r"finns|fundet|"
    r"funnet|findes|finnes|kjent|kendt|löy[dt]|olemassa|znalez|istnie|zarejestr|nalez|nájd|najd|"
    r"existuj|talál|"
    r"létez|găsit|există|înregistr|cunoscut|найд|сущест|зарегистр|известн|значит|числит|знайд|існу|"
    r"зареєстр|намер|kayıtlı|bulun|mevcut|tanım|βρέθηκ|υπάρχ|postoj|pronađ|registrov|obstaj|rast[aio]|"
    r"egzist|"
    r"atrast|eksist|leitud|ditemukan|terdaftar|dikenal)\w*"
)
_GONE = (
    r"\b(?:clos|delet|remov|terminat|cancel|discontinu|retir|decommission|abandon|left\b|resign|expir|"
    r"gelösch|"
    r"aufgelöst|geschlossen|entfernt|ferm|supprim|clôtur|cerrad|eliminad|borrad|chius|eliminat|cancellat|"
    r"cessat|encerrad|excluíd|removid|apagad|opgeheven|gesloten|verwijderd|stängd|avslutad|borttag|"
    r"slett|lukket|"
    r"suljet|poistet|usunię|zamknię|zlikwid|zrušen|smazán|zmazan|megszűnt|törölt|șters|închis|"
    r"удал[её]н|закрыт|"
    r"ликвидир|видален|закрит|kapat|silin|διαγρ|obrisan|zatvoren|ukinjen|ištrint|dzēst|kustutat|"
    r"dihapus|ditutup)"
    r"\w*"
)
_FULL = (
    r"\b(?:full|overflow|exceed|over\b|limit|quota|capacit|no (?:more )?(?:room|space)|voll\b|überfüllt|"
    r"überschritt|überschreit|erschöpft|plein|satur|dépass|llen[oa]|exced|supera|límite|pien[oa]|esaurit|"
    r"superat|chei[oa]|lotad|atingi|limite|vol\b|fuld|täynnä|ylit|pełn|przekroc|przepełn|pln[áéý]|"
    r"překroč|prekroč|"
    r"betelt|megtelt|túllép|plin[ăa]|depăș|переполн|превы|заполн|перевищ|dolu|doldu|aştı|aşıldı|πλήρ|γεμάτ|"
    r"υπέρβασ|pun[ao]?\b|premaš|pilna|perpild|viršyt|pārsnie|täis|ületa|penuh|melebihi)\w*"
)
_SILENT = (
    r"\b(?:respon[ds]|answer|reach|contact|antwort|erreich|répond|joign|respond|contest|responde|rispond|"
    r"raggiung|antwoord|bereik|svar|vastaa|odpowiad|odpov|válaszol|răspun|отвеча|отвіча|доступ|yanıt|cevap|"
    r"odgovar|atsak|atbild|vasta)\w*"
)
_SERVER = (
    r"\b(?:server|host|serveur|servidor|servi?dor|servern|palvelin|serwer|serv[ei]r|kiszolgáló|сервер|"
    r"sunucu|"
    r"διακομιστ|poslužitelj|strežnik|machine|system|handset|subscriber|phone|line)\w*"
)
# What is said beside these is about somebody else, about leave to write, or about a while.
_ELSE = re.compile(
    r"\b(?:your|you\b|sender|sending|originat|from\b|accept|allow|permi|authori|relay|spam|quota|space|"
    r"verif|tempor|"
    r"moment|respon|connect|yet\b|again|trust|reputation|polic|rule|deny|denied|block|listed on|sign|"
    r"open|attachment|"
    r"subject|intended|size|absender|expéditeur|remitente|remetente|mittente|afzender|avsänd|afsend|"
    r"avsend|lähettä|"
    r"nadawc|odes[íi]l|odosiel|feladó|expeditor|отправител|відправник|подател|gönderen|αποστολ|pošiljatelj|"
    r"annehm|akzept|accett|aceit|přij|moment|zeitweise|vorübergehend|provisoir|momentan|временн|"
    r"тимчасов|geçici|"
    r"допуст|erlaub|berechtig|gestatt)\w*"
)
_OURS = re.compile(r"\b(?:here|this|our|local|hosted|relay|handled|served|reverse|ptr|client|helo|serve)\b")


def _near(one: str, other: str) -> str:
    return rf"{one}\W+(?:[\w'-]+\W+){{0,4}}?{other}|{other}\W+(?:[\w'-]+\W+){{0,2}}?{one}"


_IS_NOT = re.compile(_near(_NOT, _BEING))
_NO_ANSWER = re.compile(_near(_NOT, _SILENT))
_SOMEBODY, _MAILBOX, _PLACE = re.compile(_WHO), re.compile(_BOX), re.compile(_DOMAIN)
_MACHINE, _IS_GONE, _IS_FULL = re.compile(_SERVER), re.compile(_GONE), re.compile(_FULL)
_NEGATED = re.compile(_NOT)


def meaning(plain: str) -> str:
    """What the clauses of a text say that bounces_words does not know, "" for nothing. The text is made
    plain already; of two clauses the milder one is heard."""
    heard = {_of(clause) for clause in _END.split(plain) if 0 < len(clause) <= _LONGEST_CLAUSE}
    return next(
        (one for one in (MAILBOX_FULL, NETWORK, UNKNOWN_DOMAIN, UNKNOWN_USER, DISABLED) if one in heard), ""
    )


def _of(clause: str) -> str:
    if _MAILBOX.search(clause) and _IS_FULL.search(clause):
        return MAILBOX_FULL
    if _MACHINE.search(clause) and _NO_ANSWER.search(clause):
        return NETWORK
    if _ELSE.search(clause):
        return ""
    if _PLACE.search(clause) and _IS_NOT.search(clause) and not _OURS.search(clause):
        return UNKNOWN_DOMAIN
    if not _SOMEBODY.search(clause):
        return ""
    if _IS_NOT.search(clause):
        return UNKNOWN_USER
    return DISABLED if _IS_GONE.search(clause) and not _NEGATED.search(clause) else ""
