//! The XML of one part, event by event, within limits.

use std::io::{self, BufReader, Read};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
};

use crate::{domain::Detail, flows::import::loader::Stop};

pub(super) fn broken() -> Stop {
    Stop::file(1, Detail::WorkbookBroken)
}

/// The longest tag or text: a cell has at most 32,767 characters, of at most seven bytes each where
/// they are escaped.
const EVENT_BYTES_MAX: u64 = 1 << 20;
const BUFFER_BYTES: usize = 64 * 1024;

pub(super) struct Xml<R: Read> {
    reader: Reader<BufReader<Metered<R>>>,
    event: Vec<u8>,
}

impl<R: Read> Xml<R> {
    /// A part that unpacks to at most so many bytes.
    pub(super) fn new(from: R, bytes_max: u64) -> Self {
        let metered = Metered { from, bytes: 0, bytes_max, of_event: 0, is_exceeded: false };
        let reader = Reader::from_reader(BufReader::with_capacity(BUFFER_BYTES, metered));
        Self { reader, event: Vec::new() }
    }

    /// # Errors
    /// The part is damaged, or too large.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Stop> {
        self.event.clear();
        self.reader.get_mut().get_mut().of_event = 0;
        match self.reader.read_event_into(&mut self.event) {
            // Definitions of entities have no place in a workbook.
            Ok(Event::DocType(_)) => Err(broken()),
            Ok(event) => Ok(event),
            Err(error) => {
                tracing::debug!(%error, "a workbook");
                let Metered { is_exceeded, bytes_max, .. } = *self.reader.get_ref().get_ref();
                match is_exceeded {
                    true => Err(Stop::file(1, Detail::WorkbookTooLarge { bytes_max })),
                    false => Err(broken()),
                }
            }
        }
    }

    /// Unpacked so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.reader.get_ref().get_ref().bytes
    }
}

/// The value of an attribute, whatever its prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let mut found = attributes.with_checks(false).filter_map(Result::ok);
    let found = found.find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Explicit1_0).ok().map(Into::into)
}

/// What `&amp;`, `&#10;` and their like stand for.
///
/// # Errors
/// Another entity.
pub(super) fn resolved(reference: &BytesRef<'_>) -> Result<String, Stop> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => {
            let name = reference.xml10_content();
            resolve_predefined_entity(&name).map(str::to_owned).ok_or_else(broken)
        }
        Err(_) => Err(broken()),
    }
}

/// Counts what is unpacked, and ends where it is too much.
struct Metered<R> {
    from: R,
    bytes: u64,
    bytes_max: u64,
    of_event: u64,
    is_exceeded: bool,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.bytes > self.bytes_max || self.of_event > EVENT_BYTES_MAX {
            self.is_exceeded = self.bytes > self.bytes_max;
            return Err(io::Error::other("more than a workbook has"));
        }
        let read = self.from.read(to)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.bytes += bytes;
        self.of_event += bytes;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many events a part has, or why it has not.
    fn events(part: &str, bytes_max: u64) -> Result<usize, Stop> {
        let mut xml = Xml::new(part.as_bytes(), bytes_max);
        let mut events = 0;
        while !matches!(xml.next()?, Event::Eof) {
            events += 1;
        }
        Ok(events)
    }

    fn detail(stop: Result<usize, Stop>) -> Detail {
        match stop {
            Err(Stop::Unreadable { mut faults, .. }) => faults.remove(0).detail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_part_is_read_up_to_its_limit() {
        let part = format!("<a>{}</a>", "<b/>".repeat(100_000));
        assert_eq!(events(&part, 1 << 20).unwrap(), 100_002);
        let too_large = detail(events(&part, 1 << 17));
        assert_eq!(too_large, Detail::WorkbookTooLarge { bytes_max: 1 << 17 });
    }

    #[test]
    fn no_tag_or_text_takes_more_memory_than_a_cell_has() {
        let fits = "x".repeat(500_000);
        let long = "x".repeat(3 << 20);
        for form in ["<a>_</a>", "<a b=\"_\"/>", "<a><!--_--></a>", "<a><![CDATA[_]]></a>", "<_/>"]
        {
            assert!(events(&form.replace('_', &fits), 1 << 30).is_ok(), "{form}");
            let stopped = detail(events(&form.replace('_', &long), 1 << 30));
            assert_eq!(stopped, Detail::WorkbookBroken, "{form}");
        }
    }

    #[test]
    fn definitions_of_entities_are_refused() {
        let part = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        assert_eq!(detail(events(part, 1 << 20)), Detail::WorkbookBroken);
    }
}
