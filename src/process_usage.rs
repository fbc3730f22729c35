//! What the process has used: processor time and memory, where the system says it.

use std::{fs::File, io::Read, time::Duration};

/// Processor time of all threads so far: one call of the system, so that every analysis can have it.
pub fn cpu_time() -> Option<Duration> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
    }
    #[cfg(not(unix))]
    None
}

/// Memory of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Held now.
    pub resident_bytes: Option<u64>,
    /// The most ever held.
    pub peak_bytes: Option<u64>,
}

impl Memory {
    /// What `/proc` says now; nothing where there is none. The kernel writes the text for each who reads it, which takes it
    /// as long as many a call: ask for what is shown, not for every call.
    pub fn now() -> Self {
        // More than the kernel writes there, so that it is read at once.
        let mut text = [0; 8192];
        let read = File::open("/proc/self/status").and_then(|mut status| status.read(&mut text));
        let text = str::from_utf8(&text[..read.unwrap_or(0)]).unwrap_or_default();
        Self { resident_bytes: bytes(text, "VmRSS:"), peak_bytes: bytes(text, "VmHWM:") }
    }
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
    fn processor_time_grows_with_work_and_not_with_waiting() {
        let Some(before) = cpu_time() else { return };
        let mut sum = 0_u64;
        while cpu_time().is_some_and(|now| now - before < Duration::from_millis(3)) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(sum > 0 && cpu_time().is_some_and(|now| now > before));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_held_is_no_more_than_the_peak() {
        let memory = Memory::now();
        assert!(memory.resident_bytes.is_some_and(|held| held > 0 && Some(held) <= memory.peak_bytes), "{memory:?}");
    }
}
