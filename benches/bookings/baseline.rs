//! One transaction per booking, as plainly and as fast as SQL allows: one statement, one round
//! trip, prepared. It writes the same rows as a lane does, and checks seats and doses only.

use std::{io::Write, path::Path, process::Command, time::Duration};

use crate::world::{Aim, CLINICS, SLOTS_PER_CLINIC};

/// Transactions per second that pgbench reaches.
pub(crate) fn pgbench(socket_dir: &Path, aim: Aim, clients: usize, span: Duration) -> f64 {
    let (clinics, slots) = match aim {
        Aim::Spread => (CLINICS, SLOTS_PER_CLINIC),
        Aim::Hot => (1, 1),
    };
    let mut script = tempfile::NamedTempFile::new().expect("a temporary file");
    write!(
        script,
        "\\set c random(1, {clinics})\n\\set k random(1, {slots})\n\
         \\set slot :c * 16777216 + :k\n\\set allocation :c * 16777216 + 1\n\
         with s as (update slot set taken = taken + 1 where slot_id = :slot and taken < seats \
         returning slot_id), \
         a as (update allocation set open = open - 1, booked = booked + 1 \
         where allocation_id = :allocation and open > 0 returning allocation_id), \
         b as (insert into booking (booking_id, person_id, campaign_id, product_id, course_id, \
         dose_number, slot_id, allocation_id, rule_version, booked_at) \
         select gen_random_uuid(), nextval('bench_person'), 1, 1, 1, 1, slot_id, allocation_id, 1, \
         clock_timestamp() from s, a returning booking_id, allocation_id, slot_id) \
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id, \
         booking_id, actor_role) select 1, 1, 3, 1, allocation_id, slot_id, booking_id, 1 from b;\n"
    )
    .expect("the script");
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-h"])
        .arg(socket_dir)
        .args(["-U", "dosebook_owner", "-c", &clients.to_string(), "-j", "1", "-T"])
        .arg(span.as_secs().to_string())
        .arg("-f")
        .arg(script.path())
        .arg("dosebook")
        .output()
        .expect("pgbench is part of PostgreSQL");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
}
