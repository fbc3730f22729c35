//! Turns at computing: a bounded number at once, shared fairly among users.
//!
//! A user's work waits for its own earlier work, not for that of others: each user has a queue, the queues take turns, and
//! nobody has all turns while others could want one. So twenty heavy calls of one user leave the next one's small call its
//! place at once. Whose work it is comes with the task ([`Turns::of_user`]), as its cancellation does with the call.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    thread::available_parallelism,
};

use factor_types::UserId;
use tokio::sync::oneshot;

tokio::task_local! {
    /// Whose work the task does.
    static USER: UserId;
}

/// The turns of the process: one more than there are cores, and for one user as many as cores.
static ALL: LazyLock<Arc<Turns>> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, usize::from);
    Arc::new(Turns::new(cores + 1, cores))
});

/// A bounded number of turns.
#[derive(Debug)]
pub(super) struct Turns {
    most: usize,
    most_each: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    of: HashMap<UserId, usize>,
    /// Users with work that waits, the next one first.
    round: VecDeque<UserId>,
    waiting: HashMap<UserId, VecDeque<oneshot::Sender<Turn>>>,
    #[cfg(test)]
    had: HashMap<UserId, usize>,
}

/// A turn that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    user: UserId,
    turns: Arc<Turns>,
    /// False once it has been counted back.
    counts: bool,
}

/// Does a task's work as a user's.
pub(crate) async fn of_user<T>(user: UserId, work: impl Future<Output = T>) -> T {
    USER.scope(user, work).await
}

/// Waits for a turn of this task's user; outside of calls that is the local one.
pub(super) async fn take() -> Turn {
    let user = USER.try_with(|user| *user).unwrap_or(UserId::LOCAL);
    ALL.take(user).await
}

/// How many wait for a turn.
pub(crate) fn waiting() -> usize {
    ALL.state().waiting.values().map(VecDeque::len).sum()
}

/// How many turns a user has had, for tests of what is done in one.
#[cfg(test)]
pub(crate) fn had_by(user: UserId) -> usize {
    ALL.state().had.get(&user).copied().unwrap_or_default()
}

impl Turns {
    fn new(most: usize, most_each: usize) -> Self {
        Self { most, most_each, state: Mutex::default() }
    }

    async fn take(self: &Arc<Self>, user: UserId) -> Turn {
        let waits = {
            let mut state = self.state();
            if !state.waiting.contains_key(&user) && state.has_turn_for(user, self) {
                state.count(user);
                return Turn { user, turns: Arc::clone(self), counts: true };
            }
            let (gives, waits) = oneshot::channel();
            let queue = state.waiting.entry(user).or_default();
            queue.push_back(gives);
            if queue.len() == 1 {
                state.round.push_back(user);
            }
            waits
        };
        match waits.await {
            Ok(turn) => turn,
            // The sender is dropped only with the turns themselves, and those live as long as the process.
            Err(_) => Turn { user, turns: Arc::clone(self), counts: false },
        }
    }

    /// Gives free turns to those who wait, to each user in the round one at a time.
    fn give(self: &Arc<Self>, state: &mut State) {
        let mut passed_over = VecDeque::new();
        while state.taken < self.most
            && let Some(user) = state.round.pop_front()
        {
            let given = self.give_one(state, user);
            if state.waiting.get(&user).is_none_or(VecDeque::is_empty) {
                state.waiting.remove(&user);
            } else if given {
                state.round.push_back(user);
            } else {
                // It has its share, and keeps its place.
                passed_over.push_back(user);
            }
        }
        passed_over.append(&mut state.round);
        state.round = passed_over;
    }

    /// Gives the next of a user's waiters a turn, if the user can have one.
    fn give_one(self: &Arc<Self>, state: &mut State, user: UserId) -> bool {
        while state.has_turn_for(user, self)
            && let Some(gives) = state.waiting.get_mut(&user).and_then(VecDeque::pop_front)
        {
            state.count(user);
            let turn = Turn { user, turns: Arc::clone(self), counts: true };
            match gives.send(turn) {
                Ok(()) => return true,
                // Whoever waited has gone.
                Err(mut turn) => {
                    turn.counts = false;
                    state.count_back(user);
                }
            }
        }
        false
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_turn_for(&self, user: UserId, turns: &Turns) -> bool {
        self.taken < turns.most && self.of.get(&user).is_none_or(|taken| *taken < turns.most_each)
    }

    fn count(&mut self, user: UserId) {
        self.taken += 1;
        *self.of.entry(user).or_default() += 1;
        #[cfg(test)]
        {
            *self.had.entry(user).or_default() += 1;
        }
    }

    fn count_back(&mut self, user: UserId) {
        self.taken -= 1;
        if let Some(taken) = self.of.get_mut(&user) {
            *taken -= 1;
            if *taken == 0 {
                self.of.remove(&user);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.counts {
            let mut state = self.turns.state();
            state.count_back(self.user);
            self.turns.give(&mut state);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const ADA: UserId = UserId::new(7);
    const BOB: UserId = UserId::new(8);
    const EVE: UserId = UserId::new(9);

    fn now(turns: &Arc<Turns>, user: UserId) -> Option<Turn> {
        turns.take(user).now_or_never()
    }

    #[test]
    fn one_users_work_leaves_a_turn_for_others() {
        let turns = Arc::new(Turns::new(3, 2));
        let _first = now(&turns, ADA).unwrap();
        let _second = now(&turns, ADA).unwrap();
        assert!(now(&turns, ADA).is_none(), "two are its share");
        assert!(now(&turns, BOB).is_some(), "whatever waits of another's");
    }

    #[tokio::test]
    async fn queues_take_turns_and_each_is_first_in_first_out() {
        let turns = Arc::new(Turns::new(1, 1));
        let running = now(&turns, EVE).unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (n, user) in [ADA, ADA, ADA, BOB, BOB].into_iter().enumerate() {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let _turn = turns.take(user).await;
                order.lock().unwrap().push(n);
                tokio::task::yield_now().await;
            }));
            tokio::task::yield_now().await;
        }
        drop(running);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 3, 1, 4, 2]);
        let state = turns.state();
        assert_eq!((state.taken, state.of.len(), state.round.len(), state.waiting.len()), (0, 0, 0, 0));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_costs_no_turn() {
        let turns = Arc::new(Turns::new(1, 1));
        let running = now(&turns, ADA).unwrap();
        let mut given_up = Box::pin(turns.take(ADA));
        assert!(given_up.as_mut().now_or_never().is_none());
        let mut waits = Box::pin(turns.take(ADA));
        assert!(waits.as_mut().now_or_never().is_none());
        drop(given_up);
        drop(running);
        let turn = waits.await;
        // One that was given a turn and never took it gives it back.
        let mut never_taken = Box::pin(turns.take(ADA));
        assert!(never_taken.as_mut().now_or_never().is_none());
        drop(turn);
        drop(never_taken);
        assert!(now(&turns, ADA).is_some());
    }

    #[tokio::test]
    async fn a_task_works_for_its_user() {
        assert_eq!(of_user(ADA, take()).await.user, ADA);
        assert_eq!(take().await.user, UserId::LOCAL);
    }
}
