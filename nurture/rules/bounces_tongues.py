"""What mail servers say in other languages than English, by what it means.

Compared like bounces_words: lower case, single spaces, no addresses and no host names. Letters of other
scripts have no word ends here: where a language has no spaces, nothing may rest on them.
"""

from nurture.rules.bounces_meanings import (
    DISABLED,
    DNS,
    MAILBOX_FULL,
    NETWORK,
    POLICY,
    SPAM,
    SUSPENDED,
    TOO_LARGE,
    UNKNOWN_DOMAIN,
    UNKNOWN_USER,
)

_GERMAN_BOX = r"(?:postfach|mailbox|konto|e-?mail-?konto|benutzerkonto|benutzer|empfänger)"
_ROMANCE_BOX = (
    r"(?:compte|bo[iî]te|cuenta|buz[oó]n|casilla|casella|conta|caixa|utilisateur|usuario|utente|usuário)"
)
_SLAVIC_BOX = r"(?:ящик|аккаунт|уч[её]тн\w+ запис|пользовател|скриньк|konto|skrzynk\w+|schránk\w+|účet)"
_NORDIC_BOX = (
    r"(?:brevl[åa]da|postlåda|inkorg|postboks|innboks|postkasse|indbakke|postilaatikko|sähköpostilaatikko)"
)

TOLD: dict[str, tuple[str, ...]] = {
    MAILBOX_FULL: (
        r"переполнен|заполнен|квот|превы[шс]\w+ (?:\S+ ){0,3}(?:квот|лимит|размер|объ[её]м)|нет места|"
        r"недостаточно места|переповнен|заповнен|препълнен",
        r"pleine?\b|quota d[ée]pass|d[ée]pass\w+ (?:\S+ ){0,3}(?:quota|limite|capacit)|"
        r"espace (?:\S+ ){0,2}insuffisant|satur[ée]e",
        r"(?:postfach|mailbox|posteingang|speicher\w*|konto) (?:\S+ ){0,4}(?:voll\b|überfüllt|"
        r"überschritten|"
        r"erschöpft|überlaufen)|(?:speicher\w*|kontingent) (?:\S+ ){0,3}(?:ausgeschöpft|nicht aus)",
        r"buz[oó]n (?:\S+ ){0,4}llen[oa]|casilla (?:\S+ ){0,4}llena|cuota|espacio insuf|"
        r"(?:excedid|super|sobrepas)\w+ (?:\S+ ){0,3}(?:cuota|l[ií]mite|capacidad|tamaño del buz)",
        r"casella (?:\S+ ){0,4}(?:piena|esaurita)|spazio (?:\S+ ){0,3}(?:esaurito|insufficiente)",
        r"caixa (?:\S+ ){0,4}(?:cheia|lotada)|(?:cota|quota) (?:\S+ ){0,3}(?:exced|ultrapass|esgot)|"
        r"espaço insuficiente",
        r"(?:postbus|mailbox|postvak|inbox) (?:\S+ ){0,3}vol\b",
        rf"{_NORDIC_BOX}\w* (?:\S+ ){{0,3}}(?:full\b|fuld|fyldt|täynnä)|kiintiö (?:\S+ ){{0,2}}ylit",
        r"skrzynk\w+ (?:\S+ ){0,4}(?:pełn|przepełn|zapełn)|przekrocz\w+ (?:\S+ ){0,3}(?:limit|pojemno|"
        r"quot)",
        r"schránk\w+ (?:\S+ ){0,3}(?:pln|přepln|preplnen)|překroč\w+ (?:\S+ ){0,3}(?:kvót|limit|velikost)",
        r"postal[ıi]k\w* dolu|posta kutusu (?:\S+ ){0,2}dolu|kota(?:s[ıi])? (?:\S+ ){0,2}(?:doldu|aş)",
        r"(?:postafiók|postaláda)\w* (?:\S+ ){0,3}(?:megtelt|betelt|tele)|megtelt",
        r"(?:căsuț|cutia|inbox)\w* (?:\S+ ){0,4}plin[ăa]|(?:γραμματοκιβ|θυρίδα|"
        r"εισερχ)\S* (?:\S+ ){0,4}(?:πλήρ|γεμάτ)",
        r"配额|配額|容量(?:を|が|超|不足|オーバ|已|限)|已满|已滿|空间不足|空間不足|一杯|満杯|いっぱい|"
        r"空き容量",
        r"가득|용량|(?:메일함|편지함|사서함).{0,12}(?:초과|부족|꽉)|ممتلئ|המכסה|תיבת .{0,30}מלא|เต็ม|"
        r"đã đầy|kotak .{0,20}penuh",
    ),
    SPAM: (
        r"спам|нежелательн|небажан|垃圾|スパム|迷惑メール|스팸|indésirable|no deseado|unerwünscht|"
        r"ongewenst|"
        r"indesejad|indesiderat|niechcian|nevyžádan|kéretlen|istenmeyen|skräppost|søppelpost|roskaposti|"
        r"ανεπιθύμητ|werbe(?:mail|nachricht)",
    ),
    UNKNOWN_USER: (
        r"unbekannt|existiert nicht|nicht exist|nicht (?:mehr )?vorhanden|"
        r"nicht (?:\S+ ){0,2}(?:gefunden|bekannt|aufgelistet|aufgeführt|eingetragen)|"
        r"kein\w* (?:\S+ )?(?:postfach|empfänger|benutzer|konto)|(?:empfänger|adresse) (?:\S+ "
        r"){0,3}ungültig|"
        r"ungültige\w* (?:\S+ ){0,2}(?:adress|empfänger|postfach)|gibt es (?:hier )?nicht|nicht angelegt",
        r"inconnu|n'existe (?:pas|plus)|introuvable|n'a pas (?:pu être |été )trouv|"
        r"adresse (?:\S+ ){0,3}(?:invalide|erron)|destinataire invalide|inexistant",
        r"desconocid|no existe|no se (?:ha )?(?:encontr|pudo encontrar)|inexistente|"
        r"(?:direcci[óo]n|destinatario) (?:\S+ ){0,3}inv[áa]lid|no fue encontrad",
        r"sconosciut|non esiste|inesistent|non (?:è stat\w+ )?trovat|impossibile trovare|"
        r"destinatario non valido",
        r"desconhecid|n[ãa]o exist|n[ãa]o (?:foi |pôde ser )?(?:encontrad|localizad)|"
        r"destinat[áa]rio inv[áa]lid",
        r"onbekend|bestaat niet|niet (?:\S+ )?gevonden|bestaand adres",
        r"ok[äa]nd|finns inte|(?:hittades|hittas) inte|inte (?:hittas|finnas)|existerar inte|ukjent|ukendt|"
        r"(?:finnes|findes|eksisterer) ikke|(?:ble|blev) ikke (?:funnet|fundet)",
        r"ei (?:\S+ )?(?:löydy|löytynyt|ole olemassa)|tuntematon|ei ole olemas|ei leitud|tundmatu",
        r"nie (?:istnieje|odnalezion|znalezion)\w*|nie ma takiego|nieznan|nieprawidłow\w+ adres",
        r"neexistuje|neznám|nenalezen|neb[yo]l[ao]? (?:\S+ )?n[aá]jden|nebyl[ao]? nalezen|"
        r"nepodařilo se najít",
        r"ne postoji|nije pronađen|nepoznat|ne obstaja|neegzistuoja|nerastas|neeksistē|nav atrasts",
        r"nem (?:\S+ )?(?:létezik|található)|ismeretlen|nu (?:\S+ )?(?:exist|găsit)|necunoscut",
        r"bulunamad|bulunamıyor|mevcut değil|bilinmeyen|böyle bir kullanıcı",
        r"не ?существу|несуществующ|неизвестн\w+ (?:пользовател|получател|адрес)|не найден|не зарегистр|"
        r"не удалось найти|неверн\w+ адрес|"
        r"(?:пользовател|получател|адрес|ящик)\w* (?:\S+ ){0,4}(?:не ?суще|нет\b|не найд)|"
        r"такого пользователя|"
        r"не існує|не знайдено|невідом\w+ (?:користувач|одержувач|адрес)|не съществува",
        r"不存在|存在し(?:ま?せ|な)|見つか(?:り|ら|ん)|宛先不明|該当する(?:ユーザ|アドレス|宛先)|"
        r"未知(?:用户|用戶|的收件)|无此|無此|查无|查無|找不到|未找到|无法找到|没有找到|地址(?:错误|"
        r"不正确|有误)",
        r"존재하지|찾을 수 없|알 수 없는|없는 (?:사용자|계정|주소|아이디)|잘못된 (?:주소|수신)",
        r"لا يوجد|غير موجود|تعذر العثور|לא קיים|לא נמצא|δεν (?:υπάρχει|βρέθηκε|ήταν δυνατό να βρεθεί)|"
        r"άγνωστο",
        r"ไม่พบ|ไม่มี(?:ผู้ใช้|ที่อยู่)|không (?:tồn tại|tìm thấy)|tidak (?:ditemukan|dikenal|ada\b)",
    ),
    SUSPENDED: (
        rf"{_GERMAN_BOX} (?:\S+ ){{0,6}}?(?:gesperrt|deaktiviert|inaktiv|nicht (?:mehr )?aktiv)",
        rf"{_ROMANCE_BOX} (?:\S+ ){{0,6}}?(?:désactiv|suspend|bloqu|inactif|deshabilit|desactiv|inactiv|"
        r"disattiv|disabilit|sospes|desativ|inativ|suspens)",
        rf"{_SLAVIC_BOX}\S* (?:\S+ ){{0,6}}?(?:отключ[её]н|заблокирован|заморожен|приостановлен|неактив|"
        r"вимкнен|заблокован|zablokowan|nieaktywn|zawieszon|zablokov|neaktivn|deaktiv)",
        r"停用|禁用|無効|被冻结|凍結|利用停止|사용 ?중지|휴면|정지된",
    ),
    DISABLED: (
        r"gelöscht|nicht mehr (?:gültig|verfügbar|erreichbar|in gebrauch|genutzt|verwendet)|stillgelegt",
        rf"{_ROMANCE_BOX} (?:\S+ ){{0,6}}?(?:supprim|ferm[ée]|cl[oô]tur|cerrad|eliminad|chius|cessat|"
        rf"eliminat|"
        r"encerrad|exclu[ií]d|cancelad)|n'est plus (?:utilis|valide|actif|active|en service)|"
        r"ya no (?:est[áa]|existe|se usa)|non (?:è|e') più",
        r"opgeheven|verwijderd|niet meer in gebruik|usunięt|zrušen|zlikwidowan|удал[её]н|закрыт|видален",
        r"(?:使われ|使用され|利用され)て(?:お|い)(?:りま|ま)せん|注销|註銷|已删除|已刪除|削除され|退会|"
        r"삭제된|탈퇴",
    ),
    DNS: (
        r"(?:домен|хост|сервер)\w* (?:\S+ ){0,4}временно|ドメイン.{0,20}(?:一時|しばらく)",
    ),
    UNKNOWN_DOMAIN: (
        r"domain(?:e|ain)? (?:\S+ ){0,4}(?:inconnu|n'existe|introuvable|existiert nicht|nicht gefunden|"
        r"unbekannt|"
        r"bestaat niet|nie istnieje|neexistuje)|dom[äa]ne? (?:\S+ ){0,4}(?:nicht gefunden|"
        r"existiert nicht|finns)",
        r"(?:zieldomain|zielserver|zielsystem) (?:\S+ ){0,4}(?:nicht gefunden|unbekannt|existiert)",
        r"домен\w* (?:\S+ ){0,3}(?:не|неизв)|dom[ií]nio (?:\S+ ){0,3}(?:no existe|non esiste|n[ãa]o exist|"
        r"inexist|no se (?:pudo|ha) encontr)",
        r"域名(?:不存在|无法解析|错误|有误|解析失败)|網域不存在|ドメイン.{0,16}(?:存在し|見つか|不明)|"
        r"도메인.{0,12}(?:존재하지|찾을 수)",
    ),
    TOO_LARGE: (
        r"zu (?:groß|gross)\b|trop (?:volumineu|gros|grand|lourd)|demasiado grande|troppo grande|"
        r"muito grande|"
        r"te groot|för stort?\b|for stor\b|liian suuri|zbyt duż|příliš velk|túl nagy|çok büyük|"
        r"слишком больш|превышает (?:\S+ ){0,4}размер|занадто велик|大きすぎ|サイズ.{0,12}(?:超|制限)|"
        r"太大|过大|過大|너무 (?:큽|커|큰)",
    ),
    POLICY: (
        r"verweigert|abgelehnt|abgewiesen|zurückgewiesen|refus[ée]|rejet[ée]|rechazad|rifiutat|respint|"
        r"rejeitad|"
        r"recusad|geweigerd|avvisad|avvist|afvist|hylät|odrzucon|odmítnut|elutasít|reddedil|отклон|"
        r"відхилен|"
        r"拒|거부|απορρίφθηκ|رفض|נדחת|指定受信|受信拒否",
    ),
    NETWORK: (
        r"zeitüberschreitung|zeitlimit|verbindung (?:\S+ ){0,4}(?:fehlgeschlagen|abgelehnt|nicht|"
        r"unterbrochen)|"
        r"d[ée]lai (?:\S+ ){0,3}(?:d[ée]pass|expir)|tiempo de espera|tempo (?:limite|scaduto|esgotado)|"
        r"время ожидания|тайм-?аут|タイムアウト|接続(?:でき|に失敗)|超时|逾時|连接失败|시간 ?초과",
    ),
}  # fmt: skip
