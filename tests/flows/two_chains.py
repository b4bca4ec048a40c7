"""A program of two chains."""

CHAINS = """
  cold:
    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}
    reentry: {after: 30d}
    steps: [{send: c1}, {wait: 2d}, {send: c2}, {wait: 2d}, {send: c3}]
  warm:
    enter: {when: {all: [{temperature: warm}, {consent: marketing}]}}
    steps: [{send: w1}, {wait: 2d}, {send: w2}]
"""

MAILS = "c1 c2 c3 w1 w2"
