//! The log: to stderr, for stdout carries the protocol.
//!
//! A thread of its own writes it. What it cannot write (nobody reads the pipe, the disk is full, stderr is closed) waits in a
//! queue of bounded length, and what does not fit is dropped: the log never ends, blocks or slows the process. (What
//! `tracing-appender` has for this writes to stderr itself when it ends late, and so waits or panics just then.)

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use tracing_subscriber::EnvFilter;

use crate::settings::LogSettings;

/// Lines that wait for stderr to take them.
const LINES_WAITING: usize = 4_096;
/// How long the end of the process waits for the lines before it.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The queue to stderr. When it is dropped, what waits is written, for a second at most.
#[must_use = "what waits is written when this is dropped"]
#[derive(Debug)]
pub struct Log {
    queue: Queue,
}

/// Where lines are put.
#[derive(Debug, Clone)]
struct Queue(SyncSender<Waiting>);

#[derive(Debug)]
enum Waiting {
    Line(Vec<u8>),
    /// Everything before this has been written.
    Mark(SyncSender<()>),
}

/// Starts the log. A second start in one process changes nothing but has a queue of its own.
pub fn start(settings: &LogSettings) -> Log {
    // The filter was checked when the settings were read.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_default();
    let log = Log::to(io::stderr());
    let queue = log.queue.clone();
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || queue.clone())
        // They would go to stderr past the queue.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .try_init();
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
    log
}

impl Log {
    fn to(out: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(LINES_WAITING);
        // Without a thread nothing is written; nothing else is lost.
        let _ = thread::Builder::new().name("log".to_owned()).spawn(move || write(&receiver, out));
        Self { queue: Queue(sender) }
    }

    /// Writes a line past the filter.
    pub fn say(&self, text: &str) {
        self.queue.put(format!("{text}\n").into_bytes());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let (done, is_done) = sync_channel(1);
        // A queue that is full is one that nobody reads.
        if self.queue.0.try_send(Waiting::Mark(done)).is_ok() {
            let _ = is_done.recv_timeout(LAST_LINES);
        }
    }
}

impl Queue {
    fn put(&self, line: Vec<u8>) {
        let _ = self.0.try_send(Waiting::Line(line));
    }
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(lines: &Receiver<Waiting>, mut out: impl Write) {
    for waiting in lines {
        match waiting {
            // There is no place left to say that it failed.
            Waiting::Line(line) => drop(out.write_all(&line).and_then(|()| out.flush())),
            Waiting::Mark(done) => drop(done.send(())),
        }
    }
}

/// Where it happened is enough to find the fault; the payload may hold a caller's holdings.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    match panic.location() {
        Some(at) => tracing::error!(file = at.file(), line = at.line(), "a panic was caught"),
        None => tracing::error!("a panic was caught"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what is written, once it may; a pipe that nobody reads is a gate that stays shut.
    #[derive(Clone, Default)]
    struct Pipe {
        gate: Arc<Mutex<()>>,
        text: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _open = self.gate.lock().unwrap();
            self.text.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A disk that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_waits_is_written_before_the_end() {
        let pipe = Pipe::default();
        let log = Log::to(pipe.clone());
        for n in 0..100 {
            log.say(&n.to_string());
        }
        drop(log);
        let expected: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert_eq!(String::from_utf8(pipe.text.lock().unwrap().clone()).unwrap(), expected);
    }

    #[test]
    fn a_pipe_that_nobody_reads_costs_lines_and_nothing_else() {
        let pipe = Pipe::default();
        let shut = pipe.gate.lock().unwrap();
        let log = Log::to(pipe.clone());
        for _ in 0..3 * LINES_WAITING {
            log.say("a line");
        }
        // The end of the process waits for nobody: with the gate shut this would never return.
        drop(log);
        drop(shut);
        let written = || pipe.text.lock().unwrap().len() / "a line\n".len();
        while written() < LINES_WAITING {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(written() <= LINES_WAITING + 1, "{}", written());
    }

    #[test]
    fn a_line_that_cannot_be_written_ends_nothing() {
        let log = Log::to(Full);
        log.say("lost");
        drop(log);
    }
}
