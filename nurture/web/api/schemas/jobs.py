"""Queues, workers and failed jobs as the API speaks of them."""

from marshmallow import Schema, fields


class QueueOut(Schema):
    """One queue. Jobs only wake workers; what is due stands in `work`."""

    name = fields.String()
    waiting = fields.Integer()
    oldest = fields.String(allow_none=True)
    failed = fields.Integer()
    workers = fields.Integer()


class WorkerOut(Schema):
    """One worker process; `memory` in bytes, its job's included."""

    name = fields.String()
    queue = fields.String()
    host = fields.String()
    pid = fields.Integer(allow_none=True)
    job = fields.String()
    since = fields.String(allow_none=True)
    heard = fields.String(allow_none=True)
    memory = fields.Integer(allow_none=True)
    done = fields.Integer()


class JobsOut(Schema):
    """How the work stands. `work` counts rows that are due, `oldest_s` how long the oldest of each waits."""

    queues = fields.List(fields.Nested(QueueOut))
    workers = fields.List(fields.Nested(WorkerOut))
    work = fields.Dict(keys=fields.String(), values=fields.Integer())
    oldest_s = fields.Dict(keys=fields.String(), values=fields.Float())
    hits_waiting = fields.Integer()


class FailedOut(Schema):
    """A job that broke, and why in plain words."""

    id = fields.String()
    queue = fields.String()
    job = fields.String()
    at = fields.String(allow_none=True)
    why = fields.String()


class ManyOut(Schema):
    """How many jobs that was done to."""

    jobs = fields.Integer()
