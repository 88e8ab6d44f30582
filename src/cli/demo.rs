//! `dosebook demo`: loads the demonstration and says how to try it.

use std::process::ExitCode;

use chrono::{SubsecRound, TimeDelta};
use chrono_tz::Asia::Seoul;
use clap::ValueEnum;
use sqlx::{Connection, PgConnection};

use super::output::print;
use crate::{
    config::Storage,
    demo::{self, DemoPerson, Loaded, Scale},
    rehearsal::figure::grouped,
    store::Store,
};

/// The scales that a command line can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// 352,400 people, 80,640 doses, 1,450 clinics
    Tenth,
    /// 3,524,000 people, 806,400 doses, 14,500 clinics
    Full,
}

impl From<Size> for Scale {
    fn from(size: Size) -> Self {
        match size {
            Size::Tenth => Scale::tenth(),
            Size::Full => Scale::full(),
        }
    }
}

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// How much of the real evening
    #[arg(long, value_enum, default_value_t = Size::Tenth)]
    pub scale: Size,

    /// Open the campaign so many seconds after loading begins, and not at once
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub opens_in: u32,
}

/// Loads the demonstration unless it is there, and prints on standard output what there is to try.
///
/// # Errors
/// Those of loading, and of writing to standard output.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    let store = Store::open(storage, 2).await?;
    let printed = load(&store, &args).await;
    store.close().await;
    printed.map(|()| ExitCode::SUCCESS)
}

async fn load(store: &Store, args: &Args) -> anyhow::Result<()> {
    let opens_in = TimeDelta::seconds(args.opens_in.into());
    let loaded = demo::load_opening(&store.db, &store.keys, args.scale.into(), opens_in).await?;
    if !loaded.was_there {
        let mut owner = PgConnection::connect_with(&store.owner).await?;
        demo::analyze(&mut owner).await?;
        owner.close().await?;
    }
    print(&text(&loaded, args.opens_in))?;
    Ok(())
}

fn text(loaded: &Loaded, opens_in: u32) -> String {
    let totals = &loaded.totals;
    let mut text = String::new();
    let mut line = |words: &str| {
        text.push_str(words.trim_end());
        text.push('\n');
    };
    line(if loaded.was_there {
        "The demonstration is there already; nothing was changed."
    } else {
        "Loaded the demonstration: the opening of 12 July 2021. All people are invented."
    });
    line("");
    let mut figure = |name: &str, number: i64, note: &str| {
        line(&format!("  {name:<8} {:>10}   {note}", grouped(number)));
    };
    figure("people", totals.people, &format!("born 1962-1966, and {} others", totals.others));
    figure("doses", totals.granted, &format!("Moderna; {} for each person", ratio(totals)));
    let place = format!("in {} districts of {} provinces", totals.districts, totals.provinces);
    figure("clinics", totals.clinics, &place);
    figure("seats", totals.seats, &format!("in {} slots", grouped(totals.slots)));
    let closes_at = totals.closes_at.with_timezone(&Seoul).trunc_subsecs(0);
    let closes_at = closes_at.format("%Y-%m-%d %H:%M");
    let is = match opens_in {
        seconds if seconds > 0 && !loaded.was_there => {
            format!("opens by itself {seconds} s after loading began, and is")
        }
        _ => "is".to_owned(),
    };
    line(&format!("  Campaign {} {is} open until {closes_at} in Seoul.", loaded.campaign_id));
    line("");
    line(if loaded.has_english {
        "Sign in as a citizen: a name in Korean or in English (either will do), birth date, phone."
    } else {
        "Sign in as a citizen: name, birth date, phone. (Names are in English only: an earlier \
         version loaded this demonstration.)"
    });
    let mut citizen = |person: &DemoPerson, note: &str| {
        let DemoPerson { name, name_en, birth_date, phone, .. } = person;
        // Three syllables each, so the names behind them stand below each other.
        let korean = if loaded.has_english { format!("{name}   ") } else { String::new() };
        let phone = hyphened(phone);
        line(&format!("  {korean}{name_en:<18} {birth_date}   {phone}   {note}"));
    };
    loaded.citizens.iter().for_each(|person| citizen(person, ""));
    citizen(&loaded.other, "may not book");
    line("");
    line("Sign in as staff (username, password):");
    for sign_in in &loaded.sign_ins {
        let password = sign_in.password.as_deref().unwrap_or("(not the one set here)");
        let role = sign_in.clinic.as_deref().unwrap_or("administrator");
        line(&format!("  {:<18} {password}   {role}", sign_in.username));
    }
    text
}

/// Doses for each person, as people read it: 0.23.
fn ratio(totals: &demo::Totals) -> String {
    let rounded = totals.granted * 100 + totals.people / 2;
    let hundredths = rounded.checked_div(totals.people).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// 01001234567 as 010-0123-4567.
fn hyphened(phone: &str) -> String {
    match (phone.get(..3), phone.get(3..7), phone.get(7..)) {
        (Some(first), Some(middle), Some(last)) => format!("{first}-{middle}-{last}"),
        _ => phone.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_shown_in_its_usual_form() {
        assert_eq!(hyphened("01001234567"), "010-0123-4567");
        assert_eq!(hyphened("1"), "1");
    }
}
