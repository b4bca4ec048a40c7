"""Sentences by which whoever answers a mail asks to be left alone, whatever they add behind them: "please
take me off your list, we have bought elsewhere". Words alone are told in rules/leaving.
"""

import re

_NICE = (
    r"(?:please|kindly|bitte|por favor|per favore|s'il vous pla[îi]t|svp|пожалуйста|прошу|"
    r"proszę|graag|hi|hello|hallo)"
)
_AFTER = (
    r"(?:please|bitte|por favor|s'il vous pla[îi]t|svp|per favore|пожалуйста|proszę|alstublieft|"
    r"thanks?(?: you)?|thx|danke|vielen dank|merci|gracias|grazie|спасибо|now|immediately|sofort)"
)
_LIST = r"(?:e-?mail(?:ing)?s?|mail(?:ing)?s?|newsletters?|list|lists|database|distribution|and|contact)"
_FROM = rf"(?: (?:from|off|of))?(?: (?:this|these|your|the|all|any|future))*(?: {_LIST})*"
_SENTENCES = (
    # English
    rf"(?:(?:can|could|would|will) you )?(?:please )?(?:unsubscribe|remove|delete|take) (?:me|"
    rf"us|my (?:e-?mail )?address|this (?:e-?mail )?address){_FROM}",
    rf"(?:i|we) (?:want|wish|would like|'d like) to (?:unsubscribe|opt out|be (?:removed|"
    rf"unsubscribed|taken off)){_FROM}",
    r"(?:please )?(?:stop|cease|quit) (?:send|e-?mail|mail|writ|contact|spamm?)ing(?: to)?(?: me| us)?"
    r"(?: (?:any|more|these|your|such|further|e-?mails?|mails?|messages?|newsletters?|spam|"
    r"stuff|anymore))*",
    r"(?:please )?(?:do not|don'?t|never) (?:send|e-?mail|mail|write|contact|spam)(?: to)?(?: me| us)?"
    r"(?: (?:any|more|these|your|such|further|e-?mails?|mails?|messages?|newsletters?|again|"
    r"anymore|ever))*",
    r"no more (?:e-?mails?|mails?|newsletters?|messages?)",
    # German
    r"(?:melden sie|meldet|melde) (?:mich|uns)(?: (?:von|vom|aus|der|dem|ihrem|diesem|eurem|"
    r"verteiler|newsletter|liste|mailingliste))* ab",
    r"(?:ich (?:möchte|will)|wir möchten) (?:mich |uns )?(?:(?:von|vom|aus|den|dem|ihren|"
    r"ihrem|diesem|newsletter|verteiler) )*"
    r"(?:abmelden|abbestellen|austragen|keine (?:e-?mails|mails|newsletter) mehr(?:"
    r" (?:erhalten|bekommen))?)",
    r"(?:entfernen|streichen|nehmen|löschen|tragen) sie (?:mich|uns|meine (?:e-?mail-?)?adresse)"
    r"(?: (?:aus|von|dem|der|ihrem|ihrer|diesem|dieser|verteiler|liste|mailingliste|"
    r"newsletter|datenbank))*",
    r"(?:mich |uns )?(?:(?:vom|aus dem|den|von der) )?(?:newsletter|verteiler|liste)"
    r" (?:abmelden|abbestellen|austragen|löschen|streichen)",
    r"(?:bitte )?keine (?:weiteren )?(?:e-?mails|mails|newsletter|werbung|nachrichten) mehr(?:"
    r" (?:an mich|senden|schicken|zusenden))*",
    # Russian
    r"(?:отпишите|удалите|уберите|исключите) (?:меня|нас|мой адрес|этот адрес)(?: (?:от|из|с|"
    r"вашей|этой|рассылки|рассылок|базы|списка))*",
    r"(?:больше )?не (?:присылайте|пишите|шлите|отправляйте)(?: (?:мне|нам|больше|письма|"
    r"писем|рассылку|ничего|сюда))*",
    r"(?:я )?хочу отписаться(?: (?:от|рассылки|вашей|этой))*",
    # French, Spanish, Italian, Dutch, Polish, Portuguese
    r"(?:merci de |veuillez )?(?:me d[ée]sinscrire|me d[ée]sabonner|me retirer|retirez[- ]moi|"
    r"supprimez[- ]moi|d[ée]sinscrivez[- ]moi)"
    r"(?: (?:de|la|cette|votre|vos|liste|listes|newsletter|diffusion|fichiers?))*",
    r"ne m'envoyez plus(?: (?:de|d'|vos|e-?mails?|mails?|courriels?|messages?))*",
    r"(?:quiero|deseo|quisiera) (?:darme|que me den) de baja(?: (?:de|la|su|lista|newsletter|boletín))*",
    r"(?:denme|deme|dadme|dame) de baja(?: (?:de|la|su|lista|newsletter|boletín))*",
    r"no me (?:env[íi]en|mand[ée]n|escriban)(?: (?:más|mas|correos?|e-?mails?|mensajes?))*",
    r"(?:cancellatemi|toglietemi|rimuovetemi|eliminatemi)(?: (?:dalla|dal|vostra|lista|"
    r"mailing list|newsletter))*",
    r"non (?:inviatemi|mandatemi|scrivetemi) più(?: (?:mail|e-?mail|messaggi|newsletter))*",
    r"(?:haal|verwijder|schrijf) (?:mij|me)(?: (?:van|uit|de|deze|uw|lijst|mailinglijst|"
    r"nieuwsbrief))* ?(?:af|uit)?",
    r"(?:proszę )?(?:wypisać|usunąć|wypiszcie|usuńcie) mnie(?: (?:z|listy|newslettera|bazy|tej))*",
    r"(?:remova|retire|descadastre)(?:-me| me)(?: (?:da|desta|sua|lista))*",
)  # fmt: skip
_SAID = re.compile(rf"\W*(?:{_NICE}\W+)*(?:{'|'.join(_SENTENCES)})(?:\W+{_AFTER})*\W*", re.IGNORECASE)
_ENDS = re.compile(r"[.!?;\n]+")
_LONGEST = 200


def says_to_leave(line: str) -> bool:
    """Whether the first sentence of a line is a wish to be left alone."""
    first = _ENDS.split(line.replace("\u2019", "'")[:_LONGEST], maxsplit=1)[0]
    return _SAID.fullmatch(first) is not None
