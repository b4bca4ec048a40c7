"""Why a mail was sent, is not sent yet, or is not sent at all."""

from nurture.rules.why.counts import (
    StepReasons,
    Waiting,
    not_sent_words,
    reason_words,
    reasons_sentence,
    waiting_sentence,
    waiting_words,
)
from nurture.rules.why.ledger import GRANTED, Said, refusal_at, standing_at
from nurture.rules.why.newsletters import newsletter_answer
from nurture.rules.why.saying import sentence
from nurture.rules.why.steps import answer, answers
from nurture.rules.why.values import (
    DONE,
    NO,
    NOT_YET,
    SENT,
    Answer,
    Around,
    EventRecord,
    Known,
    MailRecord,
    NewsletterKnown,
    RunRecord,
)

__all__ = [
    "DONE",
    "GRANTED",
    "NO",
    "NOT_YET",
    "SENT",
    "Answer",
    "Around",
    "EventRecord",
    "Known",
    "MailRecord",
    "NewsletterKnown",
    "RunRecord",
    "Said",
    "StepReasons",
    "Waiting",
    "answer",
    "answers",
    "newsletter_answer",
    "not_sent_words",
    "reason_words",
    "reasons_sentence",
    "refusal_at",
    "sentence",
    "standing_at",
    "waiting_sentence",
    "waiting_words",
]
