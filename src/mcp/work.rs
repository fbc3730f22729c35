//! A call at work: in its time, for its user, counted, and its answer no longer than it may be.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use factor_traces::{Span, TraceParent, Tracer, Value::Word};
use factor_types::UserId;
use futures::FutureExt;
use serde_json::{Map, Value};
use tokio::{runtime::Handle, sync::Semaphore, task::spawn_blocking, time::timeout_at};

use super::{
    injected,
    tools::{Effect, TOOLS, ToolFn},
    transport::LONG,
};
use crate::{
    analysis::of_user,
    answer::{MAX_CHARS, Rendered, within},
    app::{
        App, CallLine, Payer,
        audit::{Answered, Called},
    },
    arguments::mended,
    metrics::of_tool,
    services::{Call, common_args::longest_of},
    tool_error::{CorrectedCall, ErrorCode, ToolError},
    traces::within as within_span,
};

/// Calls a tool: its answer, or what its failure looks like. Counts the call and keeps its deadline and its caller's quota.
pub(super) async fn done(app: &Arc<App>, name: &str, tool: ToolFn, call: Call) -> Result<Rendered, Rendered> {
    done_unless(app, name, tool, call, |_| false).await
}

/// [`done`], where an answer that its caller `has` already costs nothing.
pub(super) async fn done_unless(
    app: &Arc<App>,
    name: &str,
    tool: ToolFn,
    mut call: Call,
    has: impl FnOnce(&Rendered) -> bool,
) -> Result<Rendered, Rendered> {
    let started = Instant::now();
    let patience = app.settings.calls.deadline;
    let deadline = tokio::time::Instant::now() + patience;
    call.deadline = Some(deadline);
    // Work on other threads outlives this future; the token is what stops it.
    let stop = call.cancel.clone().drop_guard();
    let most = longest_of(&call.arguments);
    let aside = injected::set_aside(&mut call.arguments);
    let user = call.user;
    let mut span = app.tracer.as_ref().map_or(Span::none(), |tracer| tracer.serves("tools/call", call.trace));
    span.says("tool", Word(of_tool(name)));
    let trace = app.tracer.clone().zip(span.context());
    let line = CallLine::begin(&app.settings.slow, name, &call.arguments);
    let audited = app.audit.as_ref().map(|audit| audit.sealed(name, &call.arguments));
    let called = audited.map(|arguments| Called { user, tool: of_tool(name), arguments });
    // To be put right should it fail. Nobody reads a long call again.
    let arguments = (!weighs_over(&call.arguments, LONG)).then(|| call.arguments.clone());
    let paid = async {
        let payer = Payer::of(user, call.address);
        // A long call is read through once, and not here.
        let hangs_on = arguments.is_some().then(|| (app.clock(), app.sources.prices.revision()));
        let cost = app.quotas.take(payer, name, &call.arguments, hangs_on).await?;
        let answer =
            worked(Arc::clone(app), tool, call, trace).await.unwrap_or_else(|_panic| Err(ToolError::internal()))?;
        written_down(app, called.as_ref(), Ok(&answer)).await?;
        if !has(&answer) {
            cost.count().await?;
        }
        Ok(answer)
    };
    let outcome = timeout_at(deadline, paid).await.unwrap_or_else(|_| Err(too_late(patience)));
    let outcome = match outcome {
        // The time is up: its row is written behind its back.
        Err(error) if error.code == ErrorCode::Timeout => {
            let app = Arc::clone(app);
            tokio::spawn(async move { written_down(&app, called.as_ref(), Err(ErrorCode::Timeout)).await });
            Err(error)
        }
        Err(error) => Err(written_down(app, called.as_ref(), Err(error.code)).await.err().unwrap_or(error)),
        answered => answered,
    };
    drop(stop);
    let took = started.elapsed();
    span.says("outcome", Word(outcome.as_ref().err().map_or("ok", |error| error.code.as_str())));
    if outcome.is_err() {
        span.failed();
    }
    drop(span);
    app.ended(user, name, took, outcome.as_ref().err().map(|error| error.code));
    line.end(name, took, outcome.is_err());
    if let Err(error) = &outcome {
        tracing::info!(tool = name, code = %error.code, fields = error.problems.len(), "a call failed");
    }
    let failed = outcome.is_err();
    let answer = outcome.unwrap_or_else(|error| {
        let corrected = arguments.and_then(|arguments| corrected(name, &arguments, &error));
        Rendered::of(error.within(most.unwrap_or(MAX_CHARS), corrected.as_ref()))
    });
    let answer = finished(app, answer, aside, (most, user)).await;
    if failed { Err(answer) } else { Ok(answer) }
}

/// Writes the call into the audit, where there is one.
async fn written_down(
    app: &App,
    called: Option<&Called>,
    outcome: Result<&Rendered, ErrorCode>,
) -> Result<(), ToolError> {
    match (&app.audit, called) {
        (Some(audit), Some(called)) => audit.record(called, outcome.map(Answered::Anew)).await,
        _ => Ok(()),
    }
}

/// The call as it would be right, where its problems all say what would be. What would delete or replace another thing than
/// the one that was named is for the caller to write.
fn corrected(name: &str, arguments: &Map<String, Value>, error: &ToolError) -> Option<CorrectedCall> {
    let replaces = || TOOLS.iter().any(|tool| tool.name == name && tool.effect == Effect::Replaces);
    if error.code == ErrorCode::NotFound && replaces() {
        return None;
    }
    let arguments = mended(arguments, &error.problems)?;
    Some(CorrectedCall { name: name.to_owned(), arguments })
}

/// The answer with what was left aside, no longer than it may be.
async fn finished(
    app: &App,
    answer: Rendered,
    aside: Vec<&'static str>,
    (most, user): (Option<usize>, UserId),
) -> Rendered {
    if aside.is_empty() && most.is_none_or(|most| answer.fits(most)) {
        return answer;
    }
    // A long answer is read back: no work for an async thread.
    let results = app.results.clone();
    let finish = move || {
        let answer = injected::said(answer, &aside);
        match most {
            Some(most) => within(answer, most, (&results, user)),
            None => answer,
        }
    };
    spawn_blocking(finish).await.unwrap_or_else(|_| Rendered::of(ToolError::internal().structured()))
}

/// Calls with long arguments that are worked on at once: as many as a server over HTTP has at work, and far fewer than there may be
/// threads, which computing needs too.
static LONG_CALLS: Semaphore = Semaphore::const_new(64);

type Outcome = Result<Result<Rendered, ToolError>, Box<dyn std::any::Any + Send>>;

/// The tool's work, until the client gives up. Reading long arguments takes the processor's time: the whole call is then worked on
/// away from the async threads.
async fn worked(app: Arc<App>, tool: ToolFn, call: Call, trace: Option<(Tracer, TraceParent)>) -> Outcome {
    let is_long = weighs_over(&call.arguments, LONG);
    let (user, cancelled) = (call.user, call.cancel.clone());
    let work = async move {
        let asked = async {
            app.follow_clearing().await;
            tool(Arc::clone(&app), call).await
        };
        tokio::select! {
            outcome = within_span(trace, of_user(user, asked)) => outcome,
            () = cancelled.cancelled() => Err(ToolError::cancelled()),
        }
    };
    let work = AssertUnwindSafe(work).catch_unwind();
    if !is_long {
        return work.await;
    }
    // It is never closed.
    let _place = LONG_CALLS.acquire().await;
    let here = Handle::current();
    spawn_blocking(move || here.block_on(work)).await.unwrap_or_else(|_| Ok(Err(ToolError::internal())))
}

/// Whether arguments are longer than so many bytes of JSON, about; no more of them is looked at than that takes.
fn weighs_over(arguments: &Map<String, Value>, most: usize) -> bool {
    fn take(left: &mut usize, bytes: usize) -> bool {
        *left = left.saturating_sub(bytes);
        *left > 0
    }
    fn fits(value: &Value, left: &mut usize) -> bool {
        match value {
            Value::String(text) => take(left, text.len() + 3),
            Value::Array(items) => take(left, 2) && items.iter().all(|item| fits(item, left)),
            Value::Object(fields) => take(left, 2) && all_fit(fields, left),
            Value::Null | Value::Bool(_) | Value::Number(_) => take(left, 5),
        }
    }
    fn all_fit(fields: &Map<String, Value>, left: &mut usize) -> bool {
        fields.iter().all(|(name, value)| take(left, name.len() + 4) && fits(value, left))
    }
    !all_fit(arguments, &mut most.saturating_add(1))
}

fn too_late(deadline: Duration) -> ToolError {
    ToolError::new(
        ErrorCode::Timeout,
        format!("The call took longer than its {} s", deadline.as_secs()),
        "Ask for fewer categories, a shorter range or fewer sections, or call again: prices fetched so far are kept",
    )
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, thread};

    use serde_json::json;

    use super::*;
    use crate::settings::Settings;

    fn app(settings: &[(&'static str, &str)]) -> Arc<App> {
        App::build(Settings::with(settings).unwrap()).unwrap()
    }

    fn call(arguments: Value) -> Call {
        let Value::Object(arguments) = arguments else { panic!("no object") };
        Call { arguments, ..Call::default() }
    }

    /// The thread on which a tool was called last.
    static CALLED_ON: Mutex<Option<thread::ThreadId>> = Mutex::new(None);

    fn says_where(_app: Arc<App>, _call: Call) -> futures::future::BoxFuture<'static, Result<Rendered, ToolError>> {
        *CALLED_ON.lock().unwrap() = Some(thread::current().id());
        async { Ok(Rendered::json(&json!({"status": "success"}))) }.boxed()
    }

    fn waits_for_ever(_app: Arc<App>, _call: Call) -> futures::future::BoxFuture<'static, Result<Rendered, ToolError>> {
        std::future::pending().boxed()
    }

    fn answers_at_length(
        _app: Arc<App>,
        _call: Call,
    ) -> futures::future::BoxFuture<'static, Result<Rendered, ToolError>> {
        async { Ok(Rendered::json(&json!({"status": "success", "rows": vec!["a row"; 20_000]}))) }.boxed()
    }

    #[tokio::test]
    async fn long_arguments_are_read_away_from_the_async_threads() {
        let app = app(&[]);
        let here = thread::current().id();
        done(&app, "list_factors", says_where, call(json!({"query": "x".repeat(LONG - 1_000)}))).await.unwrap();
        assert_eq!(*CALLED_ON.lock().unwrap(), Some(here));
        done(&app, "list_factors", says_where, call(json!({"query": vec!["x"; 20_000]}))).await.unwrap();
        assert_ne!(*CALLED_ON.lock().unwrap(), Some(here));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_at_its_deadline_and_not_after_it() {
        let app = app(&[("FACTOR_CALL_DEADLINE", "7")]);
        let began = tokio::time::Instant::now();
        let failed = done(&app, "list_factors", waits_for_ever, Call::default()).await.unwrap_err();
        assert_eq!(began.elapsed(), Duration::from_secs(7));
        assert_eq!(failed.structured.value()["error"]["code"], "timeout");
    }

    #[tokio::test]
    async fn what_a_call_allows_is_kept_to_whatever_its_tool_does() {
        let app = app(&[]);
        for (most, allowed) in
            [(None, MAX_CHARS), (Some(json!("2000")), 2_000), (Some(json!(1)), MAX_CHARS), (Some(json!(0)), usize::MAX)]
        {
            let mut asked = call(json!({"toolCallId": "a"}));
            asked.arguments.extend(most.map(|most| ("max_chars".to_owned(), most)));
            let answer = done(&app, "list_factors", answers_at_length, asked).await.unwrap();
            assert!(answer.fits(allowed), "{allowed}");
            assert_eq!(answer.links.len(), usize::from(allowed < usize::MAX));
            assert!(answer.structured.value()["note"].as_str().unwrap().contains("toolCallId"));
        }
    }

    #[test]
    fn arguments_are_weighed_no_further_than_needed() {
        let over = |value: Value| weighs_over(value.as_object().unwrap(), 1_000);
        assert!(!over(json!({})) && !over(json!({"a": "x".repeat(900)})));
        assert!(over(json!({"a": "x".repeat(1_000)})) && over(json!({"x".repeat(1_000): 1})));
        assert!(over(json!({"a": vec![1; 300]})) && over(json!({"a": [[["x".repeat(2_000)]]]})));
    }
}
