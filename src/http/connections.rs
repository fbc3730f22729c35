//! Connections: how many there are, and how long one may do nothing.
//!
//! | a connection | is closed after |
//! | --- | --- |
//! | that begins a request head, or has just come | 5 s without the whole head |
//! | between two requests | 30 s |
//! | whose client does not read its answer | 30 s without a byte taken |
//!
//! A request's body has a deadline of its own (see `guard.rs`). Where an address has all its connections, a new one takes the
//! place of the one that has been idle, or slow with its request, for longest and for a second at least: who holds sockets
//! open shuts nobody out, and what works or has just come is never ended.

use std::{
    collections::HashMap,
    future::poll_fn,
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::settings::TrustedProxies;

/// What connections may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    /// Connections in all.
    pub(super) most: usize,
    /// Connections of one address.
    pub(super) most_each: usize,
    /// For the head of a request, from its first byte.
    pub(super) head: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// Without the client taking a byte of its answer.
    pub(super) unread: Duration,
    /// Without anything, before it gives its place to another.
    pub(super) spared: Duration,
}

/// The connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    limits: ConnectionLimits,
    proxies: Arc<TrustedProxies>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<Connection>>,
}

/// Why a connection is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// Its address has as many at work as it may have.
    Address,
    /// The server has.
    Server,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    /// Who is at its other end: a client, or a proxy before it.
    pub(super) peer: IpAddr,
    limits: ConnectionLimits,
    state: Mutex<State>,
    evicted: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
struct State {
    phase: Phase,
    since: Instant,
    /// Since when the client has not taken what was written.
    unread: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between two requests.
    Idle,
    /// A request head is on its way.
    Head,
    /// A request body is.
    Body,
    /// The request is whole, and is answered.
    Work,
}

/// Later than any deadline.
fn far_off() -> Instant {
    const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    Instant::now() + A_YEAR
}

impl Connections {
    pub(super) fn new(limits: ConnectionLimits, proxies: Arc<TrustedProxies>) -> Self {
        Self { limits, proxies, open: Mutex::default() }
    }

    /// Takes a connection in. It counts until the guard is dropped.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Admitted, Full> {
        let mut open = self.open();
        // A proxy stands for all its clients.
        let counted = !self.proxies.trusts(peer);
        let of_peer = || open.connections.values().filter(|connection| connection.peer == peer);
        if counted && of_peer().count() >= self.limits.most_each {
            let slowest = self.slowest(of_peer()).ok_or(Full::Address)?;
            open.evict(slowest);
        }
        if open.connections.len() >= self.limits.most {
            let slowest = self.slowest(open.connections.values()).ok_or(Full::Server)?;
            open.evict(slowest);
        }
        open.next += 1;
        let connection = Arc::new(Connection {
            id: open.next,
            peer,
            limits: self.limits,
            state: Mutex::new(State { phase: Phase::Head, since: Instant::now(), unread: None }),
            evicted: CancellationToken::new(),
        });
        open.connections.insert(connection.id, Arc::clone(&connection));
        Ok(Admitted { connection, all: Arc::clone(self) })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.open().connections.len()
    }

    /// Comes back once none is between two requests or has one on its way.
    pub(super) async fn all_at_work(&self) {
        const LOOK_AGAIN: Duration = Duration::from_millis(10);
        while self.open().connections.values().any(|connection| connection.state().phase != Phase::Work) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The one that has been idle or slow for longest, and long enough; none where all are at work or have just come.
    fn slowest<'a>(&self, connections: impl Iterator<Item = &'a Arc<Connection>>) -> Option<u64> {
        let states = connections.map(|connection| (connection.state(), connection.id));
        let waits = |state: &State| state.phase != Phase::Work && state.since.elapsed() >= self.limits.spared;
        let waiting = states.filter(|(state, _)| waits(state));
        waiting.min_by_key(|(state, id)| (state.since, *id)).map(|(_, id)| id)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn evict(&mut self, id: u64) {
        if let Some(connection) = self.connections.remove(&id) {
            connection.evicted.cancel();
        }
    }
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) connection: Arc<Connection>,
    all: Arc<Connections>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.all.open().connections.remove(&self.connection.id);
    }
}

impl Connection {
    /// Resolves when the connection has taken too long over something, or gives its place to another.
    ///
    /// It belongs in the task that reads and writes the connection, beside that: each time the task is woken the deadline is
    /// looked at, so that no change of phase has to wake it, nor to set a timer, of which each request would have several.
    pub(super) async fn overdue(&self) {
        let sleep = tokio::time::sleep_until(self.deadline().unwrap_or_else(far_off));
        let mut sleep = pin!(sleep);
        let evicted = self.evicted.cancelled();
        let mut evicted = pin!(evicted);
        poll_fn(|context| {
            if evicted.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            loop {
                let deadline = self.deadline().unwrap_or_else(far_off);
                if deadline <= Instant::now() {
                    return Poll::Ready(());
                }
                // A timer that is early only looks again.
                if deadline < sleep.deadline() {
                    sleep.as_mut().reset(deadline);
                }
                ready!(sleep.as_mut().poll(context));
                sleep.as_mut().reset(deadline);
            }
        })
        .await;
    }

    fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        let of_phase = match state.phase {
            Phase::Idle => Some(state.since + self.limits.idle),
            Phase::Head => Some(state.since + self.limits.head),
            // The body has a deadline of its own, and work has its call's.
            Phase::Body | Phase::Work => None,
        };
        let of_reader = state.unread.map(|since| since + self.limits.unread);
        of_phase.into_iter().chain(of_reader).min()
    }

    /// The head of a request is there, and its body begins.
    pub(super) fn begins(self: &Arc<Self>) -> Request {
        self.enter(Phase::Body);
        Request(Arc::clone(self))
    }

    fn state(&self) -> State {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.lock();
        state.phase = phase;
        state.since = Instant::now();
    }

    fn bytes_came(&self) {
        if self.state().phase == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    fn writes(&self, waits: bool) {
        let mut state = self.lock();
        if state.unread.is_some() == waits {
            return;
        }
        state.unread = waits.then(Instant::now);
    }
}

/// A request on a connection, until its answer has been sent.
#[derive(Debug)]
pub(super) struct Request(Arc<Connection>);

impl Request {
    /// The request is whole: from here on the connection is at work.
    pub(super) fn works(&self) {
        self.0.enter(Phase::Work);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

/// A byte stream whose connection hears what happens on it.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    connection: Arc<Connection>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self { stream, connection }
    }

    fn written<T>(&self, written: Poll<T>) -> Poll<T> {
        self.connection.writes(written.is_pending());
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        if into.filled().len() > before {
            self.connection.bytes_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const LIMITS: ConnectionLimits = ConnectionLimits {
        most: 4,
        most_each: 2,
        head: Duration::from_secs(5),
        idle: Duration::from_secs(30),
        unread: Duration::from_secs(30),
        spared: Duration::from_secs(1),
    };

    fn connections() -> Arc<Connections> {
        let proxies = TrustedProxies::read("10.0.0.0/8").unwrap();
        Arc::new(Connections::new(LIMITS, Arc::new(proxies)))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Whether it is overdue after so many seconds.
    async fn is_overdue(connection: &Connection, seconds: u64) -> bool {
        tokio::time::timeout(Duration::from_secs(seconds), connection.overdue()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_time() {
        let all = connections();
        let connection = Arc::clone(&all.admit(ip("1.1.1.1")).unwrap().connection);
        assert!(!is_overdue(&connection, 4).await && is_overdue(&connection, 2).await, "a head in 5 s");
        let request = connection.begins();
        assert!(!is_overdue(&connection, 1_000).await, "the body is looked after elsewhere");
        request.works();
        assert!(!is_overdue(&connection, 1_000).await, "what works is not idle");
        drop(request);
        assert!(!is_overdue(&connection, 29).await && is_overdue(&connection, 2).await, "30 s between two requests");
        drop(connection.begins());
        connection.bytes_came();
        tokio::time::advance(Duration::from_secs(3)).await;
        connection.bytes_came();
        assert!(is_overdue(&connection, 3).await, "dripping gives a head no more time");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_ends_the_connection() {
        let all = connections();
        let admitted = all.admit(ip("1.1.1.1")).unwrap();
        let connection = &admitted.connection;
        let (mut client, server) = tokio::io::duplex(16);
        let mut watched = Watched::new(server, Arc::clone(connection));
        let _request = connection.begins();
        let write = async { watched.write_all(&[0; 64]).await.unwrap() };
        tokio::select! { () = write => panic!("nobody reads"), () = tokio::task::yield_now() => {} }
        assert!(!is_overdue(connection, 29).await && is_overdue(connection, 2).await);
        // A client that reads on has its answer.
        let mut taken = [0; 16];
        client.read_exact(&mut taken).await.unwrap();
        watched.write_all(&[0; 8]).await.unwrap();
        assert!(!is_overdue(connection, 1_000).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_of_an_address_makes_room_and_what_works_does_not() {
        let all = connections();
        let (one, two) = (all.admit(ip("1.1.1.1")).unwrap(), all.admit(ip("1.1.1.1")).unwrap());
        let works = one.connection.begins();
        works.works();
        assert_eq!(all.admit(ip("1.1.1.1")).unwrap_err(), Full::Address, "the other has just come");
        tokio::time::advance(Duration::from_secs(1)).await;
        let three = all.admit(ip("1.1.1.1")).unwrap();
        assert!(two.connection.evicted.is_cancelled() && !one.connection.evicted.is_cancelled());
        assert!(is_overdue(&two.connection, 0).await);
        three.connection.begins().works();
        let also = three.connection.begins();
        also.works();
        assert_eq!(all.admit(ip("1.1.1.1")).unwrap_err(), Full::Address, "both work");
        assert!(all.admit(ip("2.2.2.2")).is_ok(), "another address has its own");
        drop(also);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(all.admit(ip("1.1.1.1")).is_ok());
    }

    #[tokio::test]
    async fn a_proxy_is_held_to_the_whole_alone() {
        let all = connections();
        let taken: Vec<Admitted> = (0..4).map(|_| all.admit(ip("10.1.2.3")).unwrap()).collect();
        let working: Vec<Request> = taken.iter().map(|admitted| admitted.connection.begins()).collect();
        working.iter().for_each(Request::works);
        assert_eq!(all.admit(ip("10.1.2.3")).unwrap_err(), Full::Server);
        drop((working, taken));
        assert!(all.open().connections.is_empty(), "who goes is not counted");
    }
}
