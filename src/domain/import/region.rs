//! A row of a file of regions.

use std::borrow::Cow;

use super::{fault::Fault, field, header::Row};

const NAME_CHARS_MAX: usize = 100;

/// A province, or a district with the code of its province.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region<'a> {
    pub code: Cow<'a, str>,
    pub name: &'a str,
    /// None for a province.
    pub parent_code: Option<Cow<'a, str>>,
    /// None leaves what a known region has; empty text removes it.
    pub name_ko: Option<&'a str>,
    pub name_en: Option<&'a str>,
}

impl<'a> Region<'a> {
    /// # Errors
    /// Names the first column with an impossible value.
    pub fn parse(row: &Row<'a>) -> Result<Self, Fault> {
        let is_district = !row.get("parent_code").is_empty();
        Ok(Self {
            code: field::code(row, "code")?,
            name: field::text(row, "name", NAME_CHARS_MAX)?,
            parent_code: match is_district {
                true => Some(field::code(row, "parent_code")?),
                false => None,
            },
            name_ko: field::optional_text(row, "name_ko", NAME_CHARS_MAX)?,
            name_en: field::optional_text(row, "name_en", NAME_CHARS_MAX)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{
        Kind,
        header::tests::{with_file, with_row},
    };

    fn column(line: &str) -> Option<String> {
        with_row(Kind::Regions, line, |row| {
            Region::parse(row).err().map(|fault| fault.column.into_owned())
        })
    }

    #[test]
    fn a_province_has_no_parent_and_a_district_has_one() {
        with_row(Kind::Regions, "11680,강남구,11,,Gangnam-gu", |row| {
            let region = Region::parse(row).unwrap();
            assert_eq!((&*region.code, region.name), ("11680", "강남구"));
            assert_eq!(region.parent_code.as_deref(), Some("11"));
            assert_eq!((region.name_ko, region.name_en), (Some(""), Some("Gangnam-gu")));
        });
        with_file(Kind::Regions, "지역명,지역코드", "서울,11", |row| {
            let region = Region::parse(row).unwrap();
            assert_eq!((region.parent_code, region.name_ko), (None, None));
        });
    }

    #[test]
    fn an_impossible_value_names_its_column() {
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        assert_eq!(column("11,Seoul,,,"), None, "the control");
        assert_eq!(column("1 1,Seoul,,,").as_deref(), Some("code"));
        assert_eq!(column(",Seoul,,,").as_deref(), Some("code"));
        assert_eq!(column("11,,,,").as_deref(), Some("name"));
        assert_eq!(column(&format!("11,{long},,,")).as_deref(), Some("name"));
        assert_eq!(column("11680,Gangnam,1 1,,").as_deref(), Some("parent_code"));
        assert_eq!(column(&format!("11,Seoul,,{long},")).as_deref(), Some("name_ko"));
    }
}
