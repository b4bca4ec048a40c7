"""The shapes of drafts, plans, versions and the words of mails."""

from marshmallow import Schema, fields, validate

from nurture.web.api.schemas import ID_MOST, LONG, In

_INSIDE = validate.OneOf(("move", "finish"))
_TEXT = validate.Length(max=500_000)


class FaultOut(Schema):
    """One thing wrong or doubtful: the file, the line (0: the whole file), and a sentence."""

    path = fields.String()
    line = fields.Integer()
    sentence = fields.String()


class MailWords(Schema):
    """The words of a mail; `others` says the same in other languages. `sender` is in whose name it goes out:
    the key of a sender, house (the default), owner, or an address; "" as its program says."""

    key = fields.String()
    name = fields.String()
    subject = fields.String()
    preheader = fields.String()
    format = fields.String()
    layout = fields.String()
    language = fields.String()
    sender = fields.String()
    body = fields.String()
    others = fields.List(fields.Nested(lambda: MailWords(exclude=("others",))))


class ProgramDraftOut(Schema):
    """A draft; at revision 0 nothing is drafted, and it is the newest version. `program` is the plain form
    with the key of every step, null while the YAML cannot be read."""

    program_id = fields.Integer()
    revision = fields.Integer()
    base_version = fields.Integer()
    updated_at = fields.String(allow_none=True)
    updated_by = fields.String()
    can_undo = fields.Boolean()
    can_redo = fields.Boolean()
    yaml = fields.String()
    program = fields.Raw(allow_none=True)
    mails = fields.List(fields.Nested(MailWords))
    faults = fields.List(fields.Nested(FaultOut))
    warnings = fields.List(fields.Nested(FaultOut))


class MailWordsIn(In):
    """The words of one mail to keep; what is left out stays."""

    key = fields.String(required=True, validate=validate.Length(1, 63))
    name = fields.String(validate=LONG)
    subject = fields.String(validate=validate.Length(max=500))
    preheader = fields.String(validate=validate.Length(max=500))
    format = fields.String(validate=validate.OneOf(("md", "mjml", "html")))
    layout = fields.String(validate=LONG)
    sender = fields.String(validate=validate.Length(max=254), metadata={"example": "events"})
    body = fields.String(validate=_TEXT)


class DraftIn(In):
    """A draft as it shall be, from the revision that was read: `yaml` as text or `program` in plain form
    (its text keeps remarks and order), the mails to write, and the keys of those to take out."""

    revision = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))
    yaml = fields.String(validate=_TEXT)
    program = fields.Dict(keys=fields.String())
    mails = fields.List(fields.Nested(MailWordsIn), validate=validate.Length(max=300))
    remove_mails = fields.List(fields.String(), validate=validate.Length(max=300))


class RevisionIn(In):
    """The revision that was read."""

    revision = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))


class RevisionQuery(Schema):
    """The revision that was read, in the address."""

    revision = fields.Integer(required=True, validate=validate.Range(0, 2**31 - 1))


class PublishIn(In):
    """What becomes of those inside (move to the new version, or finish on theirs), and the revision of the
    draft that was looked at, if that matters."""

    inside = fields.String(load_default="move", validate=_INSIDE)
    revision = fields.Integer(load_default=None, strict=True, validate=validate.Range(0, 2**31 - 1))


class RollbackIn(In):
    """The number of the version to publish again."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**31 - 1))
    inside = fields.String(load_default="move", validate=_INSIDE)


class WentLiveOut(Schema):
    """What publishing did: the version that is live, leads that go on at another step, leads that entered."""

    version = fields.Integer()
    moved = fields.Integer()
    entered = fields.Integer()


class EffectOut(Schema):
    """What happens to `leads` at a step: goes_on (at `to`), comes_to_the_end, rests, looks_again, new_words,
    passes_over."""

    what = fields.String()
    chain = fields.String()
    step = fields.String()
    leads = fields.Integer()
    to = fields.String(allow_none=True)


class DifferenceOut(Schema):
    """Settings, steps and mails that differ; each setting as it was and as it is."""

    settings = fields.Raw()
    chains = fields.Raw()
    mails = fields.Raw()
    count = fields.Integer()


class PlanOut(Schema):
    """What publishing would do, in words and numbers."""

    revision = fields.Integer()
    live_version = fields.Integer(allow_none=True)
    inside = fields.Integer()
    on_older_versions = fields.Integer()
    changes = fields.String()
    sentences = fields.List(fields.String())
    effects = fields.List(fields.Nested(EffectOut))
    difference = fields.Nested(DifferenceOut)
    faults = fields.List(fields.Nested(FaultOut))
    warnings = fields.List(fields.Nested(FaultOut))
    overtaken_by = fields.Integer(allow_none=True)


class ProgramVersionOut(Schema):
    """A version; `leads` are the active ones that go by it."""

    version = fields.Integer()
    created_at = fields.String()
    created_by = fields.String()
    published_at = fields.String(allow_none=True)
    published_by = fields.String()
    live = fields.Boolean()
    leads = fields.Integer()


class VersionsOut(Schema):
    """The newest fifty."""

    data = fields.List(fields.Nested(ProgramVersionOut))


class DiffQuery(Schema):
    """Two versions by number; without `to` the draft."""

    from_ = fields.Integer(required=True, data_key="from", validate=validate.Range(1, 2**31 - 1))
    to = fields.Integer(load_default=None, validate=validate.Range(1, 2**31 - 1))


class ProgramIn(In):
    """A new program: from nothing, or `like` another as that is drafted now."""

    key = fields.String(required=True, validate=validate.Length(1, 63))
    name = fields.String(required=True, validate=LONG)
    like = fields.Integer(load_default=None, strict=True, validate=validate.Range(1, ID_MOST))


class ProgramMade(Schema):
    """The new program."""

    id = fields.Integer()


class MailChange(In):
    """Words of a mail to change in the draft of its program."""

    revision = fields.Integer(load_default=None, strict=True, validate=validate.Range(0, 2**31 - 1))
    name = fields.String(validate=LONG)
    subject = fields.String(validate=validate.Length(max=500))
    preheader = fields.String(validate=validate.Length(max=500))
    format = fields.String(validate=validate.OneOf(("md", "mjml", "html")))
    layout = fields.String(validate=LONG)
    sender = fields.String(validate=validate.Length(max=254), metadata={"example": "events"})
    body = fields.String(validate=_TEXT)


class MailMade(MailChange):
    """A new mail of a program."""

    program_id = fields.Integer(required=True, strict=True, validate=validate.Range(1, ID_MOST))
    key = fields.String(required=True, validate=validate.Length(1, 63))


class DraftedMail(Schema):
    """A mail as its program's draft has it; `revision` is the draft's, `id` null before it was published."""

    id = fields.Integer(allow_none=True)
    program_id = fields.Integer()
    revision = fields.Integer()
    mail = fields.Nested(MailWords)


class LeadQuery(Schema):
    """As which lead to see it."""

    lead = fields.Integer(load_default=None, validate=validate.Range(1, ID_MOST))


class MailPreviewOut(Schema):
    """The mail as the lead would see it; `sender` as its From says it."""

    sender = fields.String()
    subject = fields.String()
    html = fields.String()
    text = fields.String()


class CheckOut(Schema):
    """Everything wrong in the words of a mail."""

    faults = fields.List(fields.Nested(FaultOut))
    sent_by = fields.List(fields.Raw())
