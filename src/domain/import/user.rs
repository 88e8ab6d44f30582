//! A row of a file of users.

use std::borrow::Cow;

use super::{cell::plain, fault::Fault, field, header::Row};
use crate::domain::{Detail, fact::Expected, staff_user::Username};

/// What a user is, in the words that a file may have.
const STAFF: [&str; 2] = ["staff", "직원"];
const ADMINISTRATOR: [&str; 2] = ["administrator", "관리자"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User<'a> {
    pub username: Username,
    /// The clinic of a member of staff; none for an administrator.
    pub clinic_code: Option<Cow<'a, str>>,
}

impl<'a> User<'a> {
    /// # Errors
    /// Names the first column with an impossible value: staff have a clinic and administrators
    /// none.
    pub fn parse(row: &Row<'a>) -> Result<Self, Fault> {
        let username = Username::parse(&plain(row.get("username")))?;
        let role = plain(row.get("role")).to_lowercase();
        let has_clinic = !row.get("clinic_code").is_empty();
        let clinic_code = match (role.as_str(), has_clinic) {
            (role, true) if STAFF.contains(&role) => Some(field::code(row, "clinic_code")?),
            (role, false) if ADMINISTRATOR.contains(&role) => None,
            (role, false) if STAFF.contains(&role) => {
                return Err(Fault::field("clinic_code", Detail::StaffWithoutClinic));
            }
            (role, true) if ADMINISTRATOR.contains(&role) => {
                return Err(Fault::field("clinic_code", Detail::AdministratorAtClinic));
            }
            _ => {
                let words = STAFF.into_iter().chain(ADMINISTRATOR);
                return Err(Fault::expected("role", Expected::one_of(words)));
            }
        };
        Ok(Self { username, clinic_code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{Kind, header::tests::with_row};

    #[test]
    fn staff_have_a_clinic_and_administrators_none() {
        let read = |line: &str| {
            with_row(Kind::Users, line, |row| {
                let user = User::parse(row).map_err(|fault| fault.column.into_owned())?;
                let clinic = user.clinic_code.map(Cow::into_owned);
                Ok::<_, String>((user.username.as_str().to_owned(), clinic))
            })
        };
        let user = |name: &str, clinic: Option<&str>| {
            Ok::<_, String>((name.to_owned(), clinic.map(str::to_owned)))
        };
        assert_eq!(read("Desk-1,staff,C-1"), user("desk-1", Some("C-1")));
        assert_eq!(read("desk-1,직원,Ｃ－１"), user("desk-1", Some("C-1")));
        assert_eq!(read("boss,Administrator,"), user("boss", None));
        assert_eq!(read("boss,관리자,"), user("boss", None));
        for (line, column) in [
            ("a b,staff,C-1", "username"),
            ("desk,,C-1", "role"),
            ("desk,owner,C-1", "role"),
            ("desk,staff,", "clinic_code"),
            ("desk,staff,C 1", "clinic_code"),
            ("boss,administrator,C-1", "clinic_code"),
        ] {
            assert_eq!(read(line), Err(column.to_owned()), "{line}");
        }
    }
}
