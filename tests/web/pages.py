"""The addresses of pages: those that are looked at in a browser as well, and all."""

SHOWN = (
    "/",
    "/leads",
    "/imports",
    "/programs",
    "/handoffs",
    "/handoffs?show=closed",
    "/deliveries",
    "/webhooks",
    "/webhooks/messages",
    "/settings",
    "/settings/users",
    "/settings/keys",
    "/settings/users/1",
    "/settings/audit",
    "/settings/jobs",
    "/settings/mail",
    "/mails/test",
    "/account/second-factor",
    "/account/confirm",
    "/account",
)
PAGES = (
    *SHOWN,
    "/deliveries?state=sent&program=1&mail=1&since=2026-03-01&until=2026-03-03",
    "/calendar",
    "/models",
    "/settings/demo",
    "/sending/now",
)
