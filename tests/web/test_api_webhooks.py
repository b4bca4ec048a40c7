"""Receivers of webhooks through the API."""

from tests.web.api_caller import Caller, api, app, caller, problem

__all__ = ["api", "app", "caller"]


def test_an_endpoint_from_its_making_to_its_end(api: Caller):
    made = api.post("/webhook_endpoints", json={"url": "https://crm.example.com/x", "types": ["lead.hot"]})
    assert (made.status_code, made.json["secret"][:6]) == (201, "whsec_")
    number = made.json["id"]
    shown = api.get(f"/webhook_endpoints/{number}").json
    assert "secret" not in shown
    assert shown["types"] == ["lead.hot"]
    changed = api.patch(f"/webhook_endpoints/{number}", json={"types": []})
    assert changed.json["types"] == []
    test = api.post(f"/webhook_endpoints/{number}/test")
    assert test.status_code == 202
    message = api.get(f"/webhook_messages/{test.json['message_id']}").json
    assert message["body"]["type"] == "webhook.test"
    assert message["posts"][0]["state"] == "pending"
    assert api.post(f"/webhook_messages/{message['id']}/replay").json == {"posts": 1}
    assert [one["id"] for one in api.get("/webhook_messages").json["data"]] == [message["id"]]
    assert api.post(f"/webhook_endpoints/{number}/secret").json["secret"] != made.json["secret"]
    assert api.delete(f"/webhook_endpoints/{number}").status_code == 204
    assert api.get(f"/webhook_endpoints/{number}").json["disabled_at"]
    problem(api.get("/webhook_endpoints/99"), 404)
    problem(api.post("/webhook_messages/msg_none/replay"), 404)
    assert (
        "types"
        in problem(
            api.post("/webhook_endpoints", json={"url": "https://x.example.com", "types": ["no"]}), 422
        )["errors"]
    )
