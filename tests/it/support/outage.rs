//! A service whose database a story in a browser takes away and brings back, by a switch at an
//! address of its own; and what the database says then, behind the service's back.

use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use dosebook::{
    flows::staff_user::{self, Post},
    http::state,
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{TestApp, app::Options, desk::desks, proxy::Proxy};

/// More than there are stories of staff.
const DESKS: usize = 4;
const PASSWORD: &str = "a lamp in the window";

pub struct Outage {
    pub world: Value,
    switch: ServerHandle,
    _app: TestApp,
}

/// What the switch works on.
struct Switch {
    proxy: Proxy,
    app: web::Data<state::App>,
    db: PgPool,
}

impl Outage {
    pub async fn set(options: Options) -> Self {
        let (app, proxy) = options.start_behind_proxy().await;
        let (made, mut world) = desks(&app, DESKS).await;
        let added = staff_user::add(&app.app.db, "office", PASSWORD, Post::Administrator).await;
        added.expect("an administrator");
        let switch = Switch { proxy, app: app.app.clone(), db: app.db.clone() };
        let (address, switch) = serve(switch).await;
        let desks = world["desks"].as_array().expect("desks");
        let people: Vec<_> =
            desks.iter().filter_map(|desk| desk["walkers"].as_array()).flatten().cloned().collect();
        let second = "select campaign_id from campaign where code = 'second'";
        let second: i32 = sqlx::query_scalar(second).fetch_one(&app.db).await.expect("a campaign");
        for (key, value) in [
            ("codes", json!(app.codes_url)),
            ("people", json!(people)),
            ("campaign_id", json!(made.campaign_id)),
            ("second_id", json!(second)),
            ("region_id", json!(made.districts[0])),
            ("username", json!("office")),
            ("switch", json!(format!("http://{address}"))),
        ] {
            world[key] = value;
        }
        Self { world, switch, _app: app }
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        super::block_on(self.switch.stop(false));
    }
}

async fn serve(switch: Switch) -> (std::net::SocketAddr, ServerHandle) {
    let data = web::Data::from(Arc::new(switch));
    let started = super::RUNTIME.spawn(async move {
        let server = HttpServer::new(move || {
            App::new().app_data(data.clone()).default_service(web::to(turn))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        (address, handle)
    });
    started.await.expect("a switch")
}

/// Turns it, and says how things are: whether pages tell of an outage, and what is written.
async fn turn(switch: web::Data<Switch>, request: HttpRequest) -> HttpResponse {
    match request.path() {
        "/away" => switch.proxy.go_away(),
        // Every connection stays open and says nothing more, as if each backend were stopped.
        "/still" => switch.proxy.stall(""),
        "/back" => {
            switch.proxy.resume();
            switch.proxy.come_back();
        }
        _ => {}
    }
    let board = switch.app.board.now();
    let are_current = Arc::ptr_eq(&switch.app.shelf.pages().of, &board);
    HttpResponse::Ok().json(json!({
        "tells": board.cut_off_since.is_some() && are_current,
        "is_well": board.cut_off_since.is_none() && are_current,
        "booked": count(&switch.db, "select count(*) from movement where kind = 1").await,
        "live": count(&switch.db, "select count(*) from booking where state in (1, 2, 5)").await,
        "given": count(&switch.db, "select count(*) from visit_step where kind = 2").await,
        "paused": count(&switch.db, "select count(*) from campaign where state = 4").await,
        "codes": count(&switch.db, "select count(*) from sign_in_code").await,
    }))
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.expect(sql)
}
