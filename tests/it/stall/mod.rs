//! Whatever stalls, everybody is served again when it is over, and an operator meanwhile: backends
//! that stand still, connections that are gone, a balancer that leads nowhere or to a standby, a
//! migration beside a long reader, an administrator beside a lock.

mod backend;
mod long;
mod migration;
mod standby;

use std::process::Command;

use dosebook::domain::CampaignId;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Answer, Client};

/// An administrator stops the campaign.
async fn pause(admin: &Client, campaign_id: CampaignId) -> Answer {
    let path = format!("/v1/admin/campaigns/{campaign_id}/pause");
    admin.post(&path, &json!({ "reason": "a test" })).await
}

/// Backends that stand still until this is dropped.
struct Stopped(Vec<i32>);

impl Stopped {
    /// Those of the applications whose name begins so.
    async fn of(db: &PgPool, application: &str) -> Self {
        let sql = "select pid from pg_stat_activity where datname = current_database()
                   and starts_with(application_name, $1)";
        let pids = sqlx::query_scalar(sql).bind(application).fetch_all(db).await.unwrap();
        let stopped = Self(pids);
        stopped.signal("STOP");
        stopped
    }

    fn signal(&self, name: &str) {
        for pid in &self.0 {
            let done = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
            assert!(done.unwrap().success(), "kill -{name} {pid}");
        }
    }

    /// How many of them still stand still.
    fn count(&self) -> usize {
        let is_stopped = |pid: &&i32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
        };
        self.0.iter().filter(is_stopped).count()
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = Command::new("sh").args(["-c", &format!("kill -CONT {pid}")]).status();
        }
    }
}
