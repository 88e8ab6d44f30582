//! The texts that cells refer to by number, in one block of memory.

use quick_xml::events::Event;

use super::{package::Package, xml::resolved};
use crate::{domain::Detail, flows::import::loader::Stop};

/// A million rows have some four texts each, of 12 bytes.
const BYTES_MAX: usize = 128 << 20;
const STRINGS_MAX: usize = 8 << 20;

#[derive(Default)]
pub(super) struct Strings {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Strings {
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let place = |end: &u32| usize::try_from(*end).ok();
        let end = self.ends.get(number).and_then(place)?;
        let before = number.checked_sub(1).and_then(|number| self.ends.get(number));
        self.text.get(before.map_or(Some(0), place)?..end)
    }

    fn end(&mut self) -> Result<(), Stop> {
        let end = u32::try_from(self.text.len()).ok().filter(|_| self.text.len() <= BYTES_MAX);
        let end = end.filter(|_| self.ends.len() < STRINGS_MAX).ok_or_else(too_large)?;
        self.ends.push(end);
        Ok(())
    }
}

fn too_large() -> Stop {
    let bytes_max = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX);
    Stop::file(1, Detail::WorkbookTooLarge { bytes_max })
}

/// # Errors
/// The part is damaged or too large.
pub(super) fn read(package: &mut Package, name: Option<&str>) -> Result<Strings, Stop> {
    let mut strings = Strings::default();
    let Some(name) = name.filter(|name| package.has(name)) else { return Ok(strings) };
    let (mut part, _) = package.sheet(name)?;
    let mut is_text = false;
    // How a text is pronounced stands beside it, and is no part of it.
    let mut is_reading = false;
    loop {
        match part.next()? {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => is_text = !is_reading,
                "rPh" => is_reading = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => is_text = false,
                "rPh" => is_reading = false,
                "si" => strings.end()?,
                _ => {}
            },
            Event::Empty(element) if element.local_name().as_ref() == "si" => strings.end()?,
            Event::Text(text) if is_text => strings.text.push_str(&text.xml10_content()),
            Event::CData(text) if is_text => strings.text.push_str(&text.xml10_content()),
            Event::GeneralRef(entity) if is_text => strings.text.push_str(&resolved(&entity)?),
            Event::Eof => return Ok(strings),
            _ => {}
        }
        if strings.text.len() > BYTES_MAX {
            return Err(too_large());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_their_number() {
        let mut strings = Strings::default();
        for text in ["이름", "", "a&b"] {
            strings.text.push_str(text);
            strings.end().unwrap();
        }
        let found: Vec<_> = (0..4).map(|number| strings.get(number)).collect();
        assert_eq!(found, [Some("이름"), Some(""), Some("a&b"), None]);
    }
}
