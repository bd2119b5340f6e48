"""OpenTelemetry: one trace from the gateway to the last consumer.

Without a collector address the API's no-op tracer stays in place and a span
costs next to nothing; the trace context is passed on all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType

from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")

_EMPTY = Context()

tracer = trace.get_tracer("weneeds")
meter = metrics.get_meter("weneeds")

rpc_duration = meter.create_histogram(
    "weneeds.rpc.duration", unit="ms", description="Time to answer an RPC."
)
feature_uses = meter.create_counter(
    "weneeds.feature.uses", description="Successful calls of a feature."
)
events_published = meter.create_counter(
    "weneeds.events.published", description="Events taken by JetStream."
)
events_handled = meter.create_counter(
    "weneeds.events.handled", description="Events handled, by consumer and outcome."
)
outbox_lag = meter.create_histogram(
    "weneeds.outbox.lag", unit="ms", description="Commit to publication of an event."
)


def configure(name: str, endpoint: str) -> None:
    """Export traces and metrics of the process `name` to an OTLP/gRPC collector."""
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    resource = Resource.create({"service.name": name})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, insecure=True)))
    trace.set_tracer_provider(provider)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint, insecure=True))
    metrics.set_meter_provider(MeterProvider([reader], resource=resource))


def carry() -> dict[str, str]:
    """Return the current trace context as headers."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers)
    return headers


def continued(headers: Mapping[str, str]) -> Context | None:
    """Return the trace context that `headers` carry, or None."""
    text = headers.get("traceparent")
    if text is None:
        return None
    # What nearly every header looks like, at a quarter of the propagator's price.
    found = _TRACEPARENT.fullmatch(text)
    if found is None or "tracestate" in headers:
        return _PROPAGATOR.extract(headers)
    flags = trace.TraceFlags(int(found[3], 16))
    parent = trace.SpanContext(int(found[1], 16), int(found[2], 16), True, flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), _EMPTY)


class span:
    """`with span(...)`: start_as_current_span of a tracer, at a third of its price."""

    __slots__ = ("_span", "_token")

    def __init__(self, name: str, parent: Context | None, kind: trace.SpanKind) -> None:
        self._span = tracer.start_span(name, parent, kind)

    def __enter__(self) -> trace.Span:
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(
        self, kind: object, error: BaseException | None, trace_back: TracebackType | None
    ) -> None:
        context.detach(self._token)
        if isinstance(error, Exception) and self._span.is_recording():
            self._span.record_exception(error)
            self._span.set_status(trace.StatusCode.ERROR, f"{type(error).__name__}: {error}")
        self._span.end()


def trace_id() -> str:
    """Return the current trace's id in hex, or "" outside of one."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""
