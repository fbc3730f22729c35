//! Many questions to one source at once, and what has been answered by a deadline.

use std::future::Future;

use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// Questions asked at once.
const IN_FLIGHT: usize = 8;

/// The answers in the order of `questions`; `None` for what has not come by `deadline`. What is under way then is
/// dropped.
pub(super) async fn by_deadline<Q, A, F>(questions: &[Q], deadline: Instant, ask: impl Fn(Q) -> F) -> Vec<Option<A>>
where
    Q: Clone,
    F: Future<Output = A>,
{
    let mut answers: Vec<Option<A>> = questions.iter().map(|_| None).collect();
    let numbered = |(at, question): (usize, Q)| {
        let answer = ask(question);
        async move { (at, answer.await) }
    };
    let asked: Vec<(usize, Q)> = questions.iter().cloned().enumerate().collect();
    // Unordered, so that a slow one does not hold back those that have arrived behind it.
    let mut arriving = stream::iter(asked).map(numbered).buffer_unordered(IN_FLIGHT);
    while let Ok(Some((at, answer))) = timeout_at(deadline, arriving.next()).await {
        answers[at] = Some(answer);
    }
    drop(arriving);
    answers
}
