//! Messages: from what has happened to what a provider has.

mod crash;
mod news;
mod outbox;
mod provider;
mod real;
mod trial;
mod webhook;
