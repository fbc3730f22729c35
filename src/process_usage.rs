//! What the process has used: processor time and memory, where `/proc` has them.

use std::{fs, time::Duration};

/// Of what the processor time in `/proc/self/stat` is counted: hundredths of a second, whatever the kernel's own clock.
const TICK: Duration = Duration::from_millis(10);

/// What the process has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessUsage {
    /// Processor time of all threads.
    pub cpu: Option<Duration>,
    /// Memory held now.
    pub resident_bytes: Option<u64>,
    /// The most memory ever held.
    pub peak_bytes: Option<u64>,
}

impl ProcessUsage {
    /// What the system says now; nothing where it does not.
    pub fn now() -> Self {
        let (stat, status) = (fs::read_to_string("/proc/self/stat"), fs::read_to_string("/proc/self/status"));
        let memory = |field: &str| status.as_deref().ok().and_then(|status| bytes(status, field));
        Self {
            cpu: stat.ok().and_then(|stat| cpu(&stat)),
            resident_bytes: memory("VmRSS:"),
            peak_bytes: memory("VmHWM:"),
        }
    }
}

/// User and system time. The name before them is in brackets, and may have spaces and brackets itself.
fn cpu(stat: &str) -> Option<Duration> {
    const USER: usize = 11;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(USER).map(str::parse::<u32>);
    Some(TICK * (times.next()?.ok()?.checked_add(times.next()?.ok()?)?))
}

fn bytes(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_where_the_system_says_it() {
        let status = "Name:\tfactor-mcp\nVmPeak:\t 9 kB\nVmHWM:\t  2048 kB\n";
        assert_eq!(bytes(status, "VmHWM:"), Some(2_097_152));
        assert_eq!(bytes("Name:\tfactor-mcp\n", "VmHWM:"), None);
        assert_eq!(bytes("VmHWM:\t much kB", "VmHWM:"), None);
    }

    #[test]
    fn processor_time_is_that_of_user_and_system() {
        // Fields 14 and 15 of proc(5).
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 99";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu("7 (a) S 1"), None);
    }
}
