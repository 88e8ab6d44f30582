//! `dosebook replay`: replays a scenario against a running service, and checks what the clients
//! were told.

use std::{
    fs,
    io::{IsTerminal, stderr},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use sqlx::{Connection, PgConnection};

use super::output::print;
use crate::{
    clock::Clock,
    config::Storage,
    domain::CampaignId,
    rehearsal::{
        self, ReplayConfig, Report, Scenario, Target,
        clinic_day::ClinicDayConfig,
        clinic_day_page,
        clinic_day_report::ClinicDayReport,
        figure::grouped,
        journey::{self, JourneyConfig, Way},
        load::inbox,
    },
    store::Store,
};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// july-12, july-14, august, hot-clinic, steady, or a file of your own; or clinic-day: a day at
    /// the clinics, from the first arrival to the closing
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// Share of the scenario's people who arrive, in the same time (0.1: every tenth)
    #[arg(long, default_value_t = 1.0, value_parser = share)]
    share: f64,

    /// Where the service answers
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,

    /// Play whole journeys, from the landing page to the booking and, for those who think better of
    /// it, to cancelling it, this way; a scenario that says what people do on their way is played
    /// by the pages when this is left out. The service must
    /// run with `--messages scenarios/messages.toml --public-url http://127.0.0.1:8080
    /// --trusted-proxy 127.0.0.1`, and `--codes-per-minute` for as many as come in a minute
    #[arg(long, value_enum, conflicts_with_all = ["signed_in", "codes_url"])]
    journey: Option<Way>,

    /// Play people who are signed in already and have a time in mind: only the booking
    #[arg(long)]
    signed_in: bool,

    #[arg(long, value_name = "ADDRESS:PORT", help = GATEWAY_HELP)]
    gateway: Option<SocketAddr>,

    /// Go on taking messages after the report, until Ctrl-C
    #[arg(long)]
    stay: bool,

    /// Of people who are signed in already: where the service shows one-time codes; the next port
    /// when left out
    #[arg(long, value_name = "URL")]
    codes_url: Option<String>,

    /// Which campaign; may be left out if only one is open
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,

    /// Draw everything from another seed than the scenario's
    #[arg(long)]
    seed: Option<u64>,

    /// Write a report with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Allow a service on another machine
    #[arg(long)]
    allow_remote: bool,
}

/// What is no crowd before an opening, but a day at the clinics.
const CLINIC_DAY: &str = "clinic-day";

/// Where the file of messages that comes with the scenarios has its gateway.
const GATEWAY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);
const GATEWAY_HELP: &str = "Where the service sends its text messages, as its file of --messages \
                            says: the replay listens there and reads the codes \
                            [default: 127.0.0.1:8090]";

/// What is played: an option that only another form has is refused, because who gives it expects
/// something that would not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    ClinicDay,
    Journeys,
    SignedIn,
}

impl Args {
    fn insist_on(&self, form: Form) -> anyhow::Result<()> {
        let given = [
            ("--journey", self.journey.is_some(), Form::Journeys),
            ("--gateway", self.gateway.is_some(), Form::Journeys),
            ("--stay", self.stay, Form::Journeys),
            ("--signed-in", self.signed_in, Form::SignedIn),
            ("--codes-url", self.codes_url.is_some(), Form::SignedIn),
        ];
        let strange = given.iter().find(|(_, is_given, of)| *is_given && *of != form);
        let Some((option, _, of)) = strange else { return Ok(()) };
        let instead = match of {
            Form::Journeys => "it goes with whole journeys, as --journey plays them",
            _ => "it goes with people who are signed in already, as --signed-in plays them",
        };
        anyhow::bail!(
            "{option} means nothing for {} as it is played here: {instead}",
            self.scenario
        )
    }
}

/// Plays a day at the clinics of a demonstration: the day with the most open doses is booked, moved
/// to today, and gone through to its closing.
async fn clinic_day(storage: &Storage, args: &Args) -> anyhow::Result<ExitCode> {
    let config = ClinicDayConfig {
        share: args.share,
        target: Target::parse(&args.url, args.allow_remote)?,
        campaign_id: args.campaign,
        seed: args.seed.unwrap_or(1),
        connections: CLINIC_DAY_CONNECTIONS,
    };
    let store = Store::look_into(storage).await?;
    let played = Box::pin(play(&store, config)).await;
    store.close().await;
    let report = played?;
    print(&report.text())?;
    if let Some(path) = &args.html {
        let html = clinic_day_page::html(&report);
        fs::write(path, html).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &args.json {
        let json = serde_json::to_vec_pretty(&report)?;
        fs::write(path, json).with_context(|| path.display().to_string())?;
    }
    Ok(if report.is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Clinics that are at work at once.
const CLINIC_DAY_CONNECTIONS: usize = 64;

async fn play(store: &Store, config: ClinicDayConfig) -> anyhow::Result<ClinicDayReport> {
    let mut owner = PgConnection::connect_with(&store.owner).await.context("the database")?;
    rehearsal::clinic_day::play(&store.db, &mut owner, (&store.keys, &Clock::System), config).await
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| "more than 0 and at most 1".to_owned())
}

/// Prints the summary, and writes the reports that are asked for.
///
/// # Errors
/// A sentence for the operator: no such scenario, no service, too few people.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    if args.scenario == CLINIC_DAY {
        args.insist_on(Form::ClinicDay)?;
        return clinic_day(storage, &args).await;
    }
    let mut scenario = Scenario::find(&args.scenario)?;
    scenario.seed = args.seed.unwrap_or(scenario.seed);
    let target = Target::parse(&args.url, args.allow_remote)?;
    let way = args.journey.or_else(|| scenario.journey.map(|_| Way::Pages));
    let way = way.filter(|_| !args.signed_in);
    args.insist_on(if way.is_some() { Form::Journeys } else { Form::SignedIn })?;
    if let Some(way) = way {
        let gateway = args.gateway.unwrap_or(GATEWAY);
        let gateway = TcpListener::bind(gateway)
            .with_context(|| format!("--gateway {gateway}: nobody can listen there"))?;
        let (name, share, campaign_id) = (args.scenario.clone(), args.share, args.campaign);
        let config = JourneyConfig { name, scenario, share, target, campaign_id, way, gateway };
        return journeys(storage, &args, config).await;
    }
    let codes = match &args.codes_url {
        Some(url) => Target::parse(url, args.allow_remote)?,
        None => target.next_port()?,
    };
    let config = ReplayConfig {
        name: args.scenario.clone(),
        scenario,
        share: args.share,
        target,
        codes,
        campaign_id: args.campaign,
    };
    let store = Store::look_into(storage).await?;
    let report = Box::pin(replay(&store, config)).await;
    store.close().await;
    write(&args, &report?)
}

/// Plays whole journeys.
async fn journeys(
    storage: &Storage,
    args: &Args,
    config: JourneyConfig,
) -> anyhow::Result<ExitCode> {
    let gateway = config.gateway.try_clone()?;
    let store = Store::look_into(storage).await?;
    let report = Box::pin(play_journeys(&store, config)).await;
    store.close().await;
    let written = write(args, &report?)?;
    if args.stay {
        print("The gateway takes messages until Ctrl-C.\n")?;
        let local = tokio::task::LocalSet::new();
        let taken = local.run_until(async move {
            let gateway = inbox::adopt(gateway)?;
            let take: inbox::Take = std::rc::Rc::new(|_body| {});
            tokio::select! {
                () = inbox::serve(gateway, take) => {}
                stopped = tokio::signal::ctrl_c() => stopped?,
            }
            std::io::Result::Ok(())
        });
        taken.await?;
    }
    Ok(written)
}

async fn play_journeys(store: &Store, config: JourneyConfig) -> anyhow::Result<Report> {
    print(&format!("{}\n", config.scenario.title))?;
    let otherwise = config.scenario.otherwise_on_journeys();
    let prepared = journey::prepare(&store.db, config).await?;
    let citizens = prepared.citizens();
    print(&format!(
        "{} people for {} open doses: none is signed in.\n",
        grouped(citizens),
        grouped(prepared.doses_aimed_at),
    ))?;
    for sentence in otherwise {
        print(&format!("{sentence}.\n"))?;
    }
    let wait = prepared.wait();
    if !wait.is_zero() {
        print(&format!("They come in {} seconds, when the campaign opens.\n", wait.as_secs()))?;
    }
    let bar = bar(citizens.into());
    let own = bar.clone();
    let progress = Box::new(move |settled: u32| own.set_position(settled.into()));
    let finished = prepared.run(&store.db, &Clock::System, progress).await;
    bar.finish_and_clear();
    let finished = finished?;
    let checked = finished.check(&store.db).await?;
    Ok(Report::of_journeys(&finished, checked))
}

/// Prints the summary, and writes the reports that are asked for.
fn write(args: &Args, report: &Report) -> anyhow::Result<ExitCode> {
    print(&rehearsal::table::text(report))?;
    if let Some(path) = &args.html {
        let html = rehearsal::page::html(report);
        fs::write(path, html).with_context(|| path.display().to_string())?;
        print(&format!("The report: {}\n", path.display()))?;
    }
    if let Some(path) = &args.json {
        let json = serde_json::to_vec_pretty(report)?;
        fs::write(path, json).with_context(|| path.display().to_string())?;
    }
    Ok(if report.is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn replay(store: &Store, config: ReplayConfig) -> anyhow::Result<Report> {
    print(&format!("{}\n", config.scenario.title))?;
    let clock = Clock::System;
    let prepared = rehearsal::prepare(&store.db, &store.keys, &clock, config).await?;
    let citizens = prepared.citizens();
    print(&format!(
        "{} people for {} open doses: all signed in, each with a slot in mind.\n",
        grouped(citizens),
        grouped(prepared.doses_aimed_at),
    ))?;
    let bar = bar(citizens.into());
    let own = bar.clone();
    let progress = Box::new(move |settled: u32| own.set_position(settled.into()));
    let finished = prepared.run(&store.db, &clock, progress).await;
    bar.finish_and_clear();
    let finished = finished?;
    let checked = finished.check(&store.db).await?;
    Ok(Report::new(&finished, checked))
}

/// A progress bar; hidden if standard error is no terminal.
fn bar(people: u64) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(people);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} people {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn refusal(form: Form, options: &[&str]) -> Option<String> {
        let cli = Cli::try_parse_from([&["replay", "this"], options].concat()).expect("options");
        cli.args.insist_on(form).err().map(|error| error.to_string())
    }

    #[test]
    fn an_option_of_another_form_is_refused_by_name() {
        let of_journeys: [&[&str]; 3] =
            [&["--journey", "pages"], &["--gateway", "127.0.0.1:1"], &["--stay"]];
        let of_signed_in: [&[&str]; 2] = [&["--signed-in"], &["--codes-url", "http://127.0.0.1:1"]];
        let each = of_journeys.map(|options| (options, Form::Journeys)).into_iter();
        for (options, of) in each.chain(of_signed_in.map(|options| (options, Form::SignedIn))) {
            for form in [Form::ClinicDay, Form::Journeys, Form::SignedIn] {
                match refusal(form, options) {
                    Some(text) => assert!(form != of && text.starts_with(options[0]), "{text}"),
                    None => assert_eq!(form, of, "{options:?}"),
                }
            }
        }
        let everywhere = ["--share", "0.5", "--seed", "3", "--campaign", "1", "--allow-remote"];
        for form in [Form::ClinicDay, Form::Journeys, Form::SignedIn] {
            assert_eq!(refusal(form, &everywhere), None, "the control");
        }
    }

    #[test]
    fn the_help_says_where_the_gateway_is_without_being_told() {
        assert!(GATEWAY_HELP.contains(&format!("[default: {GATEWAY}]")));
    }
}
