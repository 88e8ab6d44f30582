//! How messages leave: providers of text messages and of mail, in order of preference, each with a
//! circuit breaker and a limit of its own. What is sent, to whom and when is decided elsewhere.

mod answer;
mod attempt;
mod breaker;
mod gateway;
mod http;
mod local;
mod mail;
mod outgoing;
mod pace;
mod place;
mod provider;
mod providers;
mod render;
mod secret;
mod settings;
mod template;
mod webhook;

pub use attempt::{Attempt, Verdict};
pub use local::{LocalPage, ShownText};
pub use outgoing::{Attachment, Channel, Mail, Outgoing, TextMessage};
pub use providers::{Condition, Health, Plan, Providers};
pub use settings::Settings;
