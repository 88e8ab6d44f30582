//! Text messages that are shown on this machine instead of being sent, for trying the service out.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::outgoing::TextMessage;

/// Messages that are kept to be shown.
const SHOWN_MAX: usize = 200;

/// The last text messages that this process has shown, with the recipient's number masked.
#[derive(Debug, Default)]
pub struct LocalPage {
    recent: Mutex<VecDeque<ShownText>>,
}

/// A text message that is shown.
#[derive(Clone, Debug)]
pub struct ShownText {
    pub masked_recipient: String,
    pub text: String,
}

impl LocalPage {
    /// Newest first.
    pub fn list(&self) -> Vec<ShownText> {
        self.recent().iter().cloned().collect()
    }

    pub(super) fn show(&self, message: &TextMessage) {
        let shown = ShownText {
            masked_recipient: crate::domain::outbox::masked(&message.to),
            text: message.text.clone(),
        };
        let mut recent = self.recent();
        recent.push_front(shown);
        recent.truncate(SHOWN_MAX);
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<ShownText>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
