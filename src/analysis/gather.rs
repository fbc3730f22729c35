//! Many questions to one source at once, and what has been answered by a deadline.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// Why something is missing that had not come by the deadline.
pub(super) const LATE: &str = "not fetched in time";

/// Questions asked at once: what vendors put up with from one client.
const IN_FLIGHT: usize = 8;

/// When all are asked and nothing has come for so long, the rest is given up: one that hangs must not take all the time.
const QUIET: Duration = Duration::from_secs(5);

/// The answers in the order of `questions`; `None` for what has not come by `deadline`, or hangs at the end. What is under way
/// then is dropped.
pub(super) async fn by_deadline<Q, A, F>(questions: &[Q], deadline: Instant, ask: impl Fn(Q) -> F) -> Vec<Option<A>>
where
    Q: Clone,
    F: Future<Output = A>,
{
    let mut answers: Vec<Option<A>> = questions.iter().map(|_| None).collect();
    let started = AtomicUsize::new(0);
    let numbered = |(at, question): (usize, Q)| {
        started.fetch_add(1, Ordering::Relaxed);
        let answer = ask(question);
        async move { (at, answer.await) }
    };
    let asked: Vec<(usize, Q)> = questions.iter().cloned().enumerate().collect();
    // Unordered, so that a slow one does not hold back those that have arrived behind it.
    let mut arriving = stream::iter(asked).map(numbered).buffer_unordered(IN_FLIGHT);
    let (mut last, mut longest_gap) = (Instant::now(), Duration::ZERO);
    loop {
        // What is slow by nature is given as long again as it has taken before.
        let until = deadline.min(Instant::now() + QUIET.max(2 * longest_gap));
        match timeout_at(until, arriving.next()).await {
            Ok(Some((at, answer))) => {
                answers[at] = Some(answer);
                longest_gap = longest_gap.max(last.elapsed());
                last = Instant::now();
            }
            Ok(None) => break,
            Err(_) if until == deadline || started.load(Ordering::Relaxed) == questions.len() => break,
            Err(_) => {}
        }
    }
    drop(arriving);
    answers
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn answers_stand_in_the_order_of_the_questions_whichever_comes_first() {
        let later = |at: u64| async move {
            tokio::time::sleep(Duration::from_millis(5 * (4 - at))).await;
            at * 10
        };
        let answers = by_deadline(&[1, 2, 3], Instant::now() + Duration::from_secs(10), later).await;
        assert_eq!(answers, [Some(10), Some(20), Some(30)]);
    }

    #[tokio::test]
    async fn a_slow_question_holds_nobody_back_and_is_given_up() {
        let asked = Cell::new(0);
        let ask = |number: usize| {
            asked.set(asked.get() + 1);
            async move { if number == 0 { std::future::pending().await } else { number } }
        };
        let questions: Vec<usize> = (0..30).collect();
        let answers = by_deadline(&questions, Instant::now() + Duration::from_millis(100), ask).await;
        assert_eq!((answers[0], answers.iter().flatten().count(), asked.get()), (None, 29, 30));
    }

    #[tokio::test]
    async fn one_that_hangs_costs_five_seconds_and_a_slow_source_is_waited_for() {
        let start = Instant::now();
        let far = start + Duration::from_secs(600);
        let ask = |number: usize| async move { if number == 0 { std::future::pending().await } else { number } };
        let questions: Vec<usize> = (0..30).collect();
        let one_hangs = by_deadline(&questions, far, ask);
        let slow = |number: usize| async move {
            tokio::time::sleep(Duration::from_secs(6)).await;
            number
        };
        let all_slow = by_deadline(&questions[..IN_FLIGHT + 1], far, slow);
        let timed = async {
            let answers = one_hangs.await;
            (answers.iter().flatten().count(), start.elapsed().as_secs())
        };
        let ((count, took), slow) = tokio::join!(timed, all_slow);
        assert_eq!((count, took), (29, 5));
        assert_eq!(slow.iter().flatten().count(), IN_FLIGHT + 1, "it is slow by nature");
    }

    #[tokio::test]
    async fn after_the_deadline_nothing_is_waited_for() {
        let never = |_: usize| std::future::pending::<usize>();
        assert_eq!(by_deadline(&[1, 2], Instant::now(), never).await, [None, None]);
    }
}
