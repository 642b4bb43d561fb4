"""What is counted, in Prometheus' terms; the first four names are the original's (SEED.md)."""

from prometheus_client import Counter, Gauge, Histogram

leads_processed = Counter("leads_processed", "Leads that are through their pipeline")
lead_processing_seconds = Histogram(
    "lead_processing_seconds",
    "From receipt to the end of the pipeline",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
active_connections = Gauge("active_connections", "HTTP requests under way")
llm_response_seconds = Histogram(
    "llm_response_seconds", "Answers of the language model", buckets=(0.5, 1, 2, 5, 10, 20, 30, 60)
)
failures = Counter("failures", "Calls of a service that failed", ["service"])
deliveries = Counter("deliveries", "Submissions received", ["source", "outcome"])
calls_refused = Counter("calls_refused", "Calls that were too many of their kind", ["limit"])
connections_cut = Counter("connections_cut", "Connections that asked for nothing, or too slowly", ["why"])
queue_depth = Gauge("queue_depth", "Workflows by queue and state", ["queue", "state"])
oldest_waiting_lead_seconds = Gauge(
    "oldest_waiting_lead_seconds", "Age of the oldest lead that is not through its pipeline"
)
parts_waiting = Gauge("parts_waiting", "Leads that miss a part until its service is back", ["part"])
