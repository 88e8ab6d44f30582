//! Processor time of processes, from `/proc`.

/// Ticks a second of `/proc/<pid>/stat`: `USER_HZ`, which Linux has fixed for programs.
const TICKS: f64 = 100.0;

/// Seconds that a process and its children have run so far. Those of a child that has ended count
/// too.
pub(crate) fn seconds_with_children(pid: u32) -> f64 {
    let children = std::fs::read_dir("/proc").expect("processes").filter_map(|entry| {
        let name = entry.ok()?.file_name();
        let (parent, seconds) = stat(name.to_str()?.parse().ok()?)?;
        (parent == pid).then_some(seconds)
    });
    stat(pid).expect("the process runs").1 + children.sum::<f64>()
}

/// The parent of a process, and the seconds that it has run; none where it is gone.
fn stat(pid: u32) -> Option<(u32, f64)> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name before can hold anything but this.
    let (_, rest) = line.rsplit_once(") ")?;
    let field = |nth: usize| rest.split(' ').nth(nth)?.parse::<u64>().ok();
    let ticks = field(11)? + field(12)? + field(13)? + field(14)?;
    Some((field(1)? as u32, ticks as f64 / TICKS))
}
