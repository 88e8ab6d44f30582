//! Messages: from what has happened to what a provider has.

mod news;
mod outbox;
mod provider;
