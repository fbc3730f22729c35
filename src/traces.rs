//! Traces of calls: what runs within a call finds the call's span here, whatever lies between.
//!
//! Labels are those of the metrics: words of this program's own. A span of the caller's is found in `_meta.traceparent`, else in the
//! header `traceparent`.

use factor_traces::{Span, TraceParent, Tracer};

tokio::task_local! {
    /// The call that the task works on.
    static CALL: (Tracer, TraceParent);
}

/// Does some work within a span, where that is recorded.
pub(crate) async fn within<T>(of: Option<(Tracer, TraceParent)>, work: impl Future<Output = T>) -> T {
    match of {
        Some(of) => CALL.scope(of, work).await,
        None => work.await,
    }
}

/// Begins a part of the call that this task works on; it ends when it is dropped.
pub(crate) fn part(name: &'static str) -> Span {
    CALL.try_with(|(tracer, call)| tracer.part(name, *call)).unwrap_or(Span::none())
}
