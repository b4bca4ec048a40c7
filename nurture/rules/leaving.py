"""Whether somebody who has answered a mail asks to be left alone, in so many words."""

import re

from nurture.rules.leaving_sentences import says_to_leave
from nurture.rules.marks import unmarked, unmarked_pattern

# A few words say it; in a longer answer a person reads what is meant.
_MOST_WORDS = 14
_MOST_LETTERS = 160

_LEAVE = (
    r"unsubscri\w*|opt[- ]?(?:me )?out|remove|stop|leave me alone|take me off|delete me|no more "
    r"(?:e-?)?mails?|"
    r"no longer wish|do(?: not|n't) (?:want|wish)|not interested in (?:your|these) (?:e-?)?mails|"
    r"abmeld\w*|abbestell\w*|austrag\w*|meld\w* (?:sie )?mich ab|bestell\w* (?:sie )?(?:\w+ )?ab|"
    r"keine (?:weiteren )?(?:e-?mails|mails|newsletter|werbung)|"
    r"désabonn\w*|désinscri\w*|désinscrivez|ne plus recevoir|plus de mails?|"
    r"darme de baja|dar(?:me)? de baja|baja|cancelar|no (?:deseo|quiero) (?:recibir )?más|"
    r"disiscri\w*|cancella\w*|non (?:desidero|voglio) (?:più )?ricevere|"
    r"descadastr\w*|não (?:quero|desejo) (?:mais )?receber|remover|sair da lista|"
    r"afmeld\w*|uitschrijv\w*|schrijf mij uit|geen (?:e-?)?mails? meer|"
    r"avregistrera\w*|avsluta|avprenumerer\w*|avanmäl\w*|avmeld\w*|framelding|frameld mig|afmeld|"
    r"peruuta\w*|poista (?:minut|tilaus)\w*|en halua|wypisz\w*|rezygnuj\w*|usuń|usunąć|wypisać|"
    r"odhlás\w*|odhlas\w*|zrušit odběr|leiratkoz\w*|iratkoz\w* le|töröljenek|dezabon\w*|"
    r"отпи[сш]\w*|удалите|уберите|не присылайте|больше не (?:пишите|присылайте)|відпис\w*|видаліть|"
    r"не надсилайте|отпишете|odjav\w*|ispiši\w*|odhlasiť|atsisak\w*|atrakst\w*|loobu\w*|"
    r"διαγραφή|διαγράψτε|abonelikten çık\w*|listeden çık\w*|aboneliğimi|"
    r"退订|取消订阅|退訂|取消訂閱|配信停止|配信を停止|登録解除|解除して|購読解除|수신 ?거부|구독 ?취소|"
    r"해지|"
    r"הסר|הסירו|להסרה|إلغاء الاشتراك|الغاء الاشتراك|ยกเลิก(?:การ)?(?:รับ|สมัคร)\w*|hủy đăng ký|"
    r"berhenti berlangganan"
)
# Around it: politeness, me, this list, these mails.
_AROUND = re.compile(
    unmarked_pattern(
        r"(?:please|pls|kindly|hi|hello|thanks?|thank you|could you|would you|can you|i(?:'d| would) "
        r"like to|i want to|"
        r"i|be|me|us|my|e-?mail|address|name|from|of|off|the|this|your|these|all|any|future|further|"
        r"sending|to|"
        r"list|mailing|newsletters?|messages?|mails?|e-?mails?|receive|receiving|get|getting|database|"
        r"now|and|here|"
        r"bitte|hallo|danke|mich|mir|ich|möchte|will|den|ihren?|ihrem|vom|von|aus|dem|der|diesen?|"
        r"verteiler|newsletter|"
        r"vielen|dank|mehr|erhalten|bekommen|schicken|senden|sie|"
        r"merci|bonjour|moi|me|de|du|votre|vos|la|le|liste|je|souhaite|veux|voudrais|s'il vous plaît|"
        r"svp|mails|"
        r"por|favor|darme|dar|baja|hola|gracias|quiero|deseo|su|lista|correos?|de|boletín|"
        r"per|favore|grazie|dalla|dalle|vostra|newsletter|mi|voglio|vorrei|vostre|"
        r"obrigad[oa]|olá|da|sua|meu|"
        r"alstublieft|graag|bedankt|wil|ik|deze|uw|nieuwsbrief|voor|tack|snälla|jag|vill|från|listan|"
        r"takk|mig|meg|fra|"
        r"kiitos|minut|proszę|mnie|z|listy|dziękuję|prosím|mě|ze|děkuji|kérem|köszönöm|a|az|"
        r"hírlevélről|vă|rog|"
        r"mulțumesc|пожалуйста|меня|от|из|рассылки|рассылка|мне|спасибо|этой|вашей|прошу|будь|ласка|"
        r"мене|з|розсилки|"
        r"molim|hvala|moju|adresu|sa|lütfen|beni|teşekkürler|"
        r"παρακαλώ|ευχαριστώ|με)"
    ),
    re.I,
)
_UNSPACED = re.compile(
    r"(?:请|請|謝謝|谢谢|我|を|お願いします|してください|して下さい|부탁드립니다|해주세요)+"
)
_WORD = re.compile(r"\w+")
_SAYS = re.compile(rf"(?:{unmarked_pattern(_LEAVE)})", re.I)
# Who asks, wonders or quotes does not tell.
_NOT_SO = re.compile(
    r"\?|？|\b(?:how|why|where|wie|warum|wieso|comment|pourquoi|como|come mai|как|почему)\b", re.I
)


# What phones put under a mail that says nothing else.
_OF_A_PHONE = re.compile(
    r"(?:sent from (?:my|mail)|get outlook for|von meinem|gesendet (?:von|mit)|envoyé de|enviado desde|"
    r"inviato da|отправлено (?:с|из))\b",
    re.I,
)


def asks_to_leave(subject: str, text: str) -> bool:
    """Whether the first line of an answer says that its sender wants no more mails, and nothing else, or in a
    sentence of its own; where there is no line at all but the one of a phone, the subject, unless it is that
    of an answer."""
    line = next((one.strip() for one in text.splitlines() if one.strip()), "")
    if not line or _OF_A_PHONE.match(line):
        line = "" if ":" in subject else subject
    return _tells(line) or says_to_leave(line)


def _tells(line: str) -> bool:
    plain = unmarked(line.replace("\u2019", "'").lower())
    if not plain or len(plain) > _MOST_LETTERS or _NOT_SO.search(plain):
        return False
    rest, found = _SAYS.subn(" ", plain)
    words = _WORD.findall(rest)
    return found > 0 and len(words) <= _MOST_WORDS and all(map(_belongs, words))


def _belongs(word: str) -> bool:
    return bool(_AROUND.fullmatch(word) or _UNSPACED.fullmatch(word))
