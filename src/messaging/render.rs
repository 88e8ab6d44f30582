//! From what is to be told to messages ready to leave, in the language of whom they are for.

use uuid::Uuid;

use super::{
    outgoing::{Attachment, Channel, Mail, Outgoing, TextMessage},
    settings::Settings,
};
use crate::{
    clock::Clock,
    config::Site,
    domain::{
        BookingId,
        booking_number::BookingNumber,
        keys::{BookingNumberKey, Keys},
        language::Language,
        outbox::{Claimed, Content, Recipient},
    },
    ics::calendar_file,
    words::{Letterhead, code_mail, code_text, notice_mail, notice_text, trial_mail, trial_text},
};

/// What messages are written with.
pub(super) struct Renderer {
    site: Site,
    numbers: BookingNumberKey,
    /// The host of the pages as telephones know it; none where it has no name.
    host_name: Option<String>,
}

impl Renderer {
    pub(super) fn new(site: Site, keys: &Keys) -> Self {
        let host = site.public_url.as_ref().map(|url| url.host().to_owned());
        let name = host.map(|host| host.split(':').next().unwrap_or_default().to_owned());
        let is_name = |name: &String| {
            name.contains(|c: char| c.is_ascii_alphabetic()) && !name.starts_with('[')
        };
        let numbers = keys.booking_number.clone();
        Self { host_name: name.filter(is_name), numbers, site }
    }

    /// The message as it leaves by this channel; none for somebody who cannot be reached by it, or
    /// where there is nothing to say.
    pub(super) fn outgoing(
        &self,
        message: &Claimed,
        channel: Channel,
        settings: &Settings,
    ) -> Option<Outgoing> {
        let head = self.letterhead(message.recipient.language, settings);
        match channel {
            Channel::Sms => self.text(message, head, settings).map(Outgoing::Text),
            Channel::Mail => self.mail(message, head).map(Outgoing::Mail),
        }
    }

    fn text(
        &self,
        message: &Claimed,
        head: Letterhead<'_>,
        settings: &Settings,
    ) -> Option<TextMessage> {
        let text = match &message.content {
            Content::Code(code) => {
                let head = Letterhead { host: self.host_name.as_deref(), ..head };
                code_text(head, &code.code)
            }
            Content::Notice(notice) => {
                let number = self.number(notice.appointment.booking_id);
                notice_text(head, notice, &number)
            }
            Content::Decoy | Content::Unknown => return None,
        };
        let to = digits(&message.recipient)?;
        Some(text_message(message.message_id, to, text, settings))
    }

    fn mail(&self, message: &Claimed, head: Letterhead<'_>) -> Option<Mail> {
        let to = message.recipient.email.clone()?;
        let (subject, text, attachment) = match &message.content {
            Content::Code(code) => {
                let (subject, text) = code_mail(head, &code.code);
                (subject, text, None)
            }
            Content::Notice(notice) => {
                let number = self.number(notice.appointment.booking_id);
                let (subject, text) = notice_mail(head, notice, &number);
                let organizer = self.site.public_url.as_ref().map(|url| url.as_str());
                let file = notice.changes_calendar().then(|| {
                    let file = calendar_file(head, notice, &number, organizer);
                    Attachment {
                        name: "appointment.ics",
                        method: file.method,
                        content: file.content,
                    }
                });
                (subject, text, file)
            }
            Content::Decoy | Content::Unknown => return None,
        };
        let language = head.language.tag();
        Some(Mail { id: message.message_id, to, language, subject, text, attachment })
    }

    /// The number of a booking, in groups.
    fn number(&self, booking_id: BookingId) -> String {
        BookingNumber::of(&self.numbers, booking_id).to_string()
    }

    fn letterhead(&self, language: Option<Language>, settings: &Settings) -> Letterhead<'_> {
        letterhead(&self.site, language.unwrap_or(settings.language), settings)
    }
}

fn letterhead<'a>(site: &'a Site, language: Language, settings: &Settings) -> Letterhead<'a> {
    let korean = site.issuer_ko.as_deref().filter(|_| language == Language::Korean);
    Letterhead {
        language,
        issuer: korean.unwrap_or(&site.issuer),
        host: site.public_url.as_ref().map(|url| url.host()),
        helpline: site.helpline.as_deref(),
        standard: settings.sms_standard,
    }
}

fn text_message(id: Uuid, to: String, text: String, settings: &Settings) -> TextMessage {
    let national = to.strip_prefix('0').unwrap_or(&to);
    let to_international = format!("+{}{national}", settings.country_code);
    TextMessage { id, to, to_international, text }
}

/// A message by which an operator tries the providers: `to` is a phone number of digits alone, or
/// an address.
pub(super) fn trial(site: &Site, settings: &Settings, (channel, to): (Channel, &str)) -> Outgoing {
    let (id, to) = (Clock::System.id(), to.to_owned());
    let head = letterhead(site, settings.language, settings);
    match channel {
        Channel::Sms => Outgoing::Text(text_message(id, to, trial_text(head), settings)),
        Channel::Mail => {
            let (subject, text) = trial_mail(head);
            let language = head.language.tag();
            Outgoing::Mail(Mail { id, to, language, subject, text, attachment: None })
        }
    }
}

fn digits(recipient: &Recipient) -> Option<String> {
    let is_number = recipient.phone.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !recipient.phone.is_empty()).then(|| recipient.phone.clone())
}
