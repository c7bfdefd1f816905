//! Memory of this process as the system counts it, in MiB; None where there is no such count.

/// What is resident now.
pub fn held() -> Option<f64> {
    status("VmRSS:")
}

/// The most that was ever resident.
pub fn peak() -> Option<f64> {
    status("VmHWM:")
}

fn status(key: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
