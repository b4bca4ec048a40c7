"""The attacks that products of this kind have fallen to, each as a test against one haunted company.

| class | where |
|---|---|
| stored and reflected XSS, from the public and from lower roles | test_xss |
| CSRF, changes by a mere look | test_csrf |
| code in templates, headers in mails | test_mails, tests/mail/test_compile |
| SQL by sort, filter, condition, number | test_injection |
| inner addresses behind webhooks, mail services and reports | test_outgoing, tests/webhooks |
| uploads, bombs, names and paths of files | test_uploads |
| pickles in the queues | test_queues |
| formulas in every table that goes out | test_exports |
| other people's numbers, links, keys and answers | test_idor, tests/web/test_others_things |
| sessions, cookies, headers, frames | test_answers |
| who is known, by answer, by length, by work done | test_enumeration, tests/web/test_sign_in |
| where a link may lead, and whose host it names | test_redirects |
| secrets that can be guessed, or read where they do not belong | test_secrets, tests/test_logs |
| sessions that outlive a password, a role, a person | tests/web/test_access, tests/web/test_users |
| how often a stranger may try | test_rate_limits |
| each role at each address | tests/web/test_access, tests/web/test_api_sweep |
"""
