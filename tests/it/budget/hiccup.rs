//! Whatever an administrator changes, a lock that is not granted and a deadlock are no faults of
//! the service: it says that it may be tried again, and has done nothing.

use std::collections::BTreeSet;

use sqlx::{Executor, PgPool};

use super::{Recorder, story};
use crate::support::{Answer, Request};

/// While it is armed, every statement that changes a row fails as one does whose lock is not
/// granted, or that is the victim of a deadlock.
const TRAP: &str = "
create table hiccup (state text not null);
insert into hiccup values ('');
create function hiccup() returns trigger language plpgsql security definer as $$
declare state text := (select h.state from public.hiccup h);
begin
    if state <> '' then raise exception 'a hiccup' using errcode = state; end if;
    return null;
end $$;
do $$
declare name text;
begin
    for name in select tablename from pg_tables
        where schemaname = 'public' and tablename not in ('hiccup', '_sqlx_migrations')
    loop
        execute format('create trigger hiccup before insert or update or delete on %I
            for each statement execute function hiccup()', name);
    end loop;
end $$";

/// `lock_not_available` and `deadlock_detected`.
const STATES: [&str; 2] = ["55P03", "40P01"];

/// These write nothing.
const LOOKING: [&str; 2] = ["admin_post_split: dry run", "admin_post_split_file"];

pub struct Hiccup {
    db: PgPool,
    /// The operations that were told to try again, and those that were not.
    told: BTreeSet<String>,
    done: BTreeSet<String>,
}

impl Hiccup {
    async fn new(db: &PgPool) -> Self {
        db.execute(TRAP).await.unwrap();
        Self { db: db.clone(), told: BTreeSet::new(), done: BTreeSet::new() }
    }

    async fn arm(&self, state: &str) {
        sqlx::query("update hiccup set state = $1").bind(state).execute(&self.db).await.unwrap();
    }

    /// Sends the request while nothing can be changed. Its answer, where it changed nothing.
    pub async fn before(&mut self, name: &str, request: Request) -> Option<Answer> {
        self.arm(STATES[self.told.len() % STATES.len()]).await;
        let answer = request.send().await;
        self.arm("").await;
        if answer.status < 300 {
            self.done.insert(name.to_owned());
            return Some(answer);
        }
        assert_eq!(answer.status, 503, "{name}: {}", answer.text());
        assert!((2..=10).contains(&answer.retry_after()), "{name}");
        answer.problem(503, "unavailable");
        self.told.insert(name.to_owned());
        None
    }
}

#[tokio::test]
async fn a_lock_that_is_not_granted_and_a_deadlock_are_never_faults() {
    let mut recorder = Recorder::start().await;
    recorder.hiccup = Some(Hiccup::new(&recorder.app.db).await);
    story::tell(&mut recorder).await;
    let Hiccup { told, done, .. } = recorder.hiccup.take().unwrap();
    assert_eq!(done, LOOKING.map(str::to_owned).into(), "the control: the others change something");
    assert!(told.len() > 60, "{told:?}");
}
