//! How the private PostgreSQL is set: for many small durable transactions on a shared machine.

use std::{fmt::Write as _, fs, path::Path};

/// Whether what was committed must outlive a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit that was acknowledged is on disk.
    Durable,
    /// For tests: fast, and lost when the machine goes down.
    Disposable,
}

const MIB: u64 = 1 << 20;

/// What does not depend on the machine.
const ALWAYS: &str = "\
# Written at every start. Your own settings: `alter system set …`, which is read after this file.
listen_addresses = ''
port = 5432
max_connections = 200
password_encryption = 'scram-sha-256'

# A booking evening is a burst: let it not end in a checkpoint that writes every page twice.
max_wal_size = '4GB'
min_wal_size = '256MB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9
wal_buffers = '16MB'

jit = off
random_page_cost = 1.1
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %a '
# No detail lines: they quote values, and values are about people.
log_error_verbosity = terse
";

const DURABLE: &str = "\
fsync = on
synchronous_commit = on
full_page_writes = on
";

const DISPOSABLE: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
";

/// The settings file. `memory` is the machine's, in bytes; `has_lz4` says how PostgreSQL was built.
pub(super) fn file(
    durability: Durability,
    socket_dir: &Path,
    memory: Option<u64>,
    has_lz4: bool,
) -> String {
    let mut text = ALWAYS.to_owned();
    text += match durability {
        Durability::Durable => DURABLE,
        Durability::Disposable => DISPOSABLE,
    };
    text += if has_lz4 { "wal_compression = lz4\n" } else { "wal_compression = on\n" };
    // An eighth: the service and the page cache live on the same machine.
    let memory = memory.unwrap_or(1024 * MIB);
    let buffers = (memory / 8 / MIB).clamp(128, 1024);
    let cache = (memory / 2 / MIB).max(256);
    let socket_dir = quoted(socket_dir);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "shared_buffers = '{buffers}MB'\neffective_cache_size = '{cache}MB'");
    let _ =
        writeln!(text, "unix_socket_directories = {socket_dir}\nunix_socket_permissions = 0700");
    text
}

/// A list of one folder, as the settings file wants it: commas split lists, quotes end values.
fn quoted(folder: &Path) -> String {
    let item = folder.to_string_lossy().replace('"', "\"\"");
    format!("'\"{}\"'", item.replace('\\', "\\\\").replace('\'', "''"))
}

/// Bytes of memory that this machine, or the container around this process, has. Known on Linux.
pub(super) fn memory() -> Option<u64> {
    let machine = kib_total(&fs::read_to_string("/proc/meminfo").ok()?)? * 1024;
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|text| text.trim().parse().ok()).unwrap_or(machine);
    Some(machine.min(limit))
}

fn kib_total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_disposable_data_may_be_lost() {
        let durable = file(Durability::Durable, Path::new("/run"), None, true);
        assert!(durable.contains("\nfsync = on\nsynchronous_commit = on\nfull_page_writes = on\n"));
        let disposable = file(Durability::Disposable, Path::new("/run"), None, true);
        assert!(disposable.contains("\nfsync = off\n"), "control");
    }

    #[test]
    fn memory_is_shared_with_the_service() {
        let buffers = |gib: u64| {
            let text = file(Durability::Durable, Path::new("/run"), Some(gib << 30), false);
            text.lines().find(|line| line.starts_with("shared_buffers")).unwrap().to_owned()
        };
        assert_eq!(buffers(0), "shared_buffers = '128MB'");
        assert_eq!(buffers(4), "shared_buffers = '512MB'");
        assert_eq!(buffers(64), "shared_buffers = '1024MB'");
        assert_eq!(kib_total("MemTotal:       24595728 kB\nMemFree: 1 kB"), Some(24_595_728));
    }

    #[test]
    fn a_folder_with_odd_characters_is_one_folder() {
        assert_eq!(quoted(Path::new("/a, b/o'c")), "'\"/a, b/o''c\"'");
    }
}
