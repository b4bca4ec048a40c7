"""A chain of cold leads."""

COLD = "  cold:\n    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}\n    steps:\n"

STEPS = """\
      - send: one
      - {key: wait, wait: 2d}
      - key: click
        wait_for: {signal: clicked, mail: one, within: 3d}
        then: [{send: thanks}]
        else: [{send: again}]
      - {key: size, branch: [{when: {tag: large}, steps: [{send: large}]}]}
      - {key: marked, tag: [seen]}
      - {key: tuesday, wait_until: {weekday: [tue], at: "10:00"}}
      - send: last
  warm:
    steps:
      - send: w-one
      - wait: 1d
      - send: w-two
"""
