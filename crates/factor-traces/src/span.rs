//! A piece of work with a beginning and an end.

use std::time::SystemTime;

use serde_json::json;

use crate::{
    context::{TraceParent, text},
    export::Tracer,
};

/// What an attribute says: a word of the program's own, or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A word.
    Word(&'static str),
    /// A number.
    Number(i64),
}

/// A piece of work. It ends when it is dropped, and is sent then.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Span(Option<Recorded>);

#[derive(Debug)]
struct Recorded {
    tracer: Tracer,
    finished: Finished,
}

/// What is sent of a span.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) context: TraceParent,
    parent: Option<[u8; 8]>,
    name: &'static str,
    /// Whether it answers somebody, in place of being a part of the work.
    serves: bool,
    began: SystemTime,
    ended: SystemTime,
    attributes: Vec<(&'static str, Value)>,
    failed: bool,
}

impl Span {
    /// One that is not recorded.
    pub const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn begin(tracer: &Tracer, name: &'static str, serves: bool, parent: Option<TraceParent>) -> Self {
        // Whoever began the trace decides whether it is recorded.
        if parent.is_some_and(|parent| !parent.sampled) {
            return Self::none();
        }
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        // Without random numbers there is nothing to tell spans apart by.
        if getrandom::fill(&mut trace).and_then(|()| getrandom::fill(&mut span)).is_err() {
            return Self::none();
        }
        let trace = parent.map_or(trace, |parent| parent.trace);
        let now = SystemTime::now();
        let finished = Finished {
            context: TraceParent { trace, span, sampled: true },
            parent: parent.map(|parent| parent.span),
            name,
            serves,
            began: now,
            ended: now,
            attributes: Vec::new(),
            failed: false,
        };
        Self(Some(Recorded { tracer: tracer.clone(), finished }))
    }

    /// Says something of it.
    pub fn says(&mut self, name: &'static str, value: Value) {
        if let Some(recorded) = &mut self.0 {
            recorded.finished.attributes.push((name, value));
        }
    }

    /// It did not end well.
    pub fn failed(&mut self) {
        if let Some(recorded) = &mut self.0 {
            recorded.finished.failed = true;
        }
    }

    /// What its children name it by; `None` where it is not recorded.
    pub fn context(&self) -> Option<TraceParent> {
        self.0.as_ref().map(|recorded| recorded.finished.context)
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(Recorded { tracer, mut finished }) = self.0.take() {
            finished.ended = SystemTime::now();
            tracer.sends(finished);
        }
    }
}

impl Finished {
    /// As OTLP's JSON has it: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.
    pub(crate) fn json(&self) -> serde_json::Value {
        const INTERNAL: u8 = 1;
        const SERVER: u8 = 2;
        const ERROR: u8 = 2;
        let nanos =
            |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos()).to_string();
        let attributes = self.attributes.iter().map(|(name, value)| attribute(name, *value));
        let mut span = json!({
            "traceId": text(&self.context.trace),
            "spanId": text(&self.context.span),
            "name": self.name,
            "kind": if self.serves { SERVER } else { INTERNAL },
            "startTimeUnixNano": nanos(self.began),
            "endTimeUnixNano": nanos(self.ended),
            "attributes": attributes.collect::<Vec<_>>(),
            "status": if self.failed { json!({"code": ERROR}) } else { json!({}) },
        });
        if let Some(parent) = self.parent {
            span["parentSpanId"] = text(&parent).into();
        }
        span
    }
}

/// An attribute as OTLP has it: whole numbers are texts there.
pub(crate) fn attribute(name: &str, value: Value) -> serde_json::Value {
    let value = match value {
        Value::Word(word) => json!({"stringValue": word}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
    };
    json!({"key": name, "value": value})
}
