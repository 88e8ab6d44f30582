//! Facts about the machine and the program: a figure means little without them.

use std::{fs, process::Command};

use chrono::Utc;

use crate::paths;

/// A few lines of Markdown.
pub(crate) fn facts() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown CPU", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or("0 kB");
    let kib: f64 = memory.trim().trim_end_matches("kB").trim().parse().unwrap_or(0.0);
    let folder = std::env::temp_dir();
    let commit = output_of("git", &["describe", "--always", "--dirty", "--abbrev=12"]);
    format!(
        "{model}, {cores} cores, {:.0} GiB of memory; {} {}; {}; database on {}; {}; commit {}.\n\
         Load generator, service and PostgreSQL share the cores; `fsync`, `synchronous_commit` and \
         `full_page_writes` are on.",
        kib / f64::from(1 << 20),
        output_of("uname", &["-s"]),
        output_of("uname", &["-r"]),
        output_of("pgbench", &["--version"]).replace("pgbench (PostgreSQL)", "PostgreSQL"),
        output_of("findmnt", &["-n", "-o", "FSTYPE", "-T", &folder.to_string_lossy()]),
        Utc::now().format("%Y-%m-%d"),
        commit,
    )
}

fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(paths::root())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    output.ok().filter(|said| !said.is_empty()).unwrap_or_else(|| format!("{program} unknown"))
}
