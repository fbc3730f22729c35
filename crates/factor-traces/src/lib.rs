//! Traces over OTLP, for those who run the server.
//!
//! A span has a name, attributes and a parent, all of them words of the program's own or numbers: the types take no text that was put
//! together, so that nothing of a caller's can get into a trace. Finished spans wait in a queue of bounded length and are sent in
//! batches, as OTLP's JSON over HTTP; what does not fit, or cannot be sent, is dropped. Whose trace a span belongs to is read off a
//! `traceparent` of W3C Trace Context.

mod context;
mod export;
mod span;

pub use self::{
    context::{TraceParent, TraceParentError},
    export::{EndpointError, Tracer},
    span::{Span, Value},
};
