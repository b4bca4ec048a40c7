"""The two queues by name: who fills and serves them lies in jobs, who shows them in web."""

PUMP, LONG = "pump", "long"
NAMES = (PUMP, LONG)
# What a worker writes into its own entry beside what RQ keeps there: the bytes that it and its job hold.
MEMORY_FIELD = "nurture_memory"
