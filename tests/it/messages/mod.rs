//! Messages: from what has happened to what a provider has.

mod outbox;
mod provider;
