"""Conditions of every kind, drawn by chance."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from nurture.store.leads import STAGES

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)

# Texts that fold alike, look like numbers or dates, hold what SQL and LIKE find special, or say nothing.
TEXTS = (
    "DE", "de", "Köln", "KÖLN", "Ko\u0308ln", "STRASSE", "Straße", "İzmir", "ﬁrm", "Σίσυφος", "5", "5.0",
    "05", "٥", "true", "TRUE", "false", "2026-03-01", "20260301", "2026-03-01T10:00:00+02:00",
    "0001-01-01T00:00:00+05:00", "%", "_", "a%b", "\\", "'; DROP TABLE lead; --", '"', "[\"x\"]", " de ",
    "null", "x", "-1e3", "+7", "  x  y ",
)  # fmt: skip

DAYS = (date(2026, 3, 1), date(1969, 7, 20), date(2030, 1, 1))

MOMENTS = (NOW, datetime(2026, 3, 1, 8, 0, tzinfo=UTC), datetime(1969, 7, 20, 20, 17, tzinfo=UTC))

NUMBERS = (0, 1, 5, 5.0, -1, 0.1, 0.5, 20, 50, 2**53 + 1, 1e22, 1e-7, -3.25, 20260301)

KINDS, MAILS = ("opened", "clicked", "replied"), ("welcome", "case-study")

PURPOSES = ("marketing", "Marketing", "newsletter")

TAGS = ("vip", "VIP", "Messe Köln", "messe köln", "old")

SPANS = ("1s", "1h", "1d", "5d", "30d", "2w")

SEGMENTS = ("big", "loyal")

BANT = ("budget", "authority", "need", "timing")

ANSWERS = ("unknown", "no", "partly", "yes")

scalars = st.one_of(
    st.sampled_from([text for text in TEXTS if text.strip()]),
    st.sampled_from(NUMBERS),
    st.booleans(),
    st.sampled_from(DAYS),
    st.sampled_from(MOMENTS),
    st.sampled_from(["lead", "HOT", "warm", "A", "b", "Fair"]),
)

orderable = st.one_of(
    st.sampled_from(NUMBERS), st.sampled_from(DAYS), st.sampled_from(MOMENTS), st.just("2026-03-01")
)

fields = st.sampled_from(
    [
        "first_name", "role", "country", "city", "timezone", "created_at", "email", "interest",
        "fields.score", "score",
        "fields.country", "Größe", "a.b", "fields.a.b", "dates.birthday", "dates.contract",
        "company.size", "company.industry", "company.country", "company.erp", "company.rank", "company.name",
        "company.heat", "company.temperature",
        "nothing",
        "stage", "temperature", "grade", "source", "heat", "readiness", "target_score", "touches",
        "owner", "id",
    ]
)  # fmt: skip


def compared(op, wanted):
    return st.fixed_dictionaries({"field": fields, op: wanted})


leaves = st.one_of(
    *(compared(op, scalars) for op in ("eq", "ne", "contains")),
    *(compared(op, orderable) for op in ("gt", "gte", "lt", "lte")),
    *(compared(op, st.lists(scalars, min_size=1, max_size=3)) for op in ("in", "not_in")),
    *(compared(op, st.sampled_from([t for t in TEXTS if t.strip()])) for op in ("starts", "ends")),
    compared("exists", st.booleans()),
    st.fixed_dictionaries({"tag": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2)}),
    st.fixed_dictionaries({"temperature": st.sampled_from(["cold", "warm", "hot"])}),
    st.fixed_dictionaries({"grade": st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=2)}),
    st.fixed_dictionaries({"stage": st.lists(st.sampled_from(STAGES), min_size=1, max_size=3)}),
    st.fixed_dictionaries({"source": st.sampled_from(["Fair", "FAIR", "web", "nowhere"])}),
    st.fixed_dictionaries({"consent": st.sampled_from([*PURPOSES, "none"])}),
    st.fixed_dictionaries({"segment": st.sampled_from([*SEGMENTS, "none"])}),
    st.fixed_dictionaries(
        {"bant": st.sampled_from(["all", *BANT]), "in": st.lists(st.sampled_from(ANSWERS), min_size=1)}
    ),
    st.fixed_dictionaries({"touches": st.fixed_dictionaries({"gte": st.integers(0, 6)})}),
    st.fixed_dictionaries(
        {"signal": st.sampled_from(KINDS)},
        optional={
            "mail": st.sampled_from(MAILS),
            "at_least": st.integers(1, 3),
            "within": st.sampled_from(SPANS),
        },
    ),
)  # fmt: skip

trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=4)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=4)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)
