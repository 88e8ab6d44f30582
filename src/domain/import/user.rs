//! A row of a file of users.

use std::borrow::Cow;

use super::{cell::plain, fault::Fault, field, header::Row};
use crate::domain::{Detail, fact::Expected, staff_user::Username};

/// What a user is, in the words that a file may have.
const STAFF: [&str; 2] = ["staff", "직원"];
const ADMINISTRATOR: [&str; 2] = ["administrator", "관리자"];
const CALL_CENTRE: [&str; 2] = ["call_centre", "상담원"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User<'a> {
    pub username: Username,
    pub post: Post<'a>,
}

/// What the user is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Post<'a> {
    /// At the clinic with this code.
    Staff(Cow<'a, str>),
    Administrator,
    CallCentre,
}

impl<'a> User<'a> {
    /// # Errors
    /// Names the first column with an impossible value: staff have a clinic and nobody else has
    /// one.
    pub fn parse(row: &Row<'a>) -> Result<Self, Fault> {
        let username = Username::parse(&plain(row.get("username")))?;
        let role = plain(row.get("role")).to_lowercase();
        let has_clinic = !row.get("clinic_code").is_empty();
        let post = match (role.as_str(), has_clinic) {
            (role, true) if STAFF.contains(&role) => Post::Staff(field::code(row, "clinic_code")?),
            (role, false) if ADMINISTRATOR.contains(&role) => Post::Administrator,
            (role, false) if CALL_CENTRE.contains(&role) => Post::CallCentre,
            (role, false) if STAFF.contains(&role) => {
                return Err(Fault::field("clinic_code", Detail::StaffWithoutClinic));
            }
            (role, true) if ADMINISTRATOR.contains(&role) => {
                return Err(Fault::field("clinic_code", Detail::AdministratorAtClinic));
            }
            (role, true) if CALL_CENTRE.contains(&role) => {
                return Err(Fault::field("clinic_code", Detail::CallCentreAtClinic));
            }
            _ => {
                let words = STAFF.into_iter().chain(ADMINISTRATOR).chain(CALL_CENTRE);
                return Err(Fault::expected("role", Expected::one_of(words)));
            }
        };
        Ok(Self { username, post })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{Kind, header::tests::with_row};

    #[test]
    fn staff_have_a_clinic_and_nobody_else_has_one() {
        let read = |line: &str| {
            with_row(Kind::Users, line, |row| {
                let user = User::parse(row).map_err(|fault| fault.column.into_owned())?;
                let post = match user.post {
                    Post::Staff(code) => code.into_owned(),
                    other => format!("{other:?}"),
                };
                Ok::<_, String>((user.username.as_str().to_owned(), post))
            })
        };
        let user = |name: &str, post: &str| Ok::<_, String>((name.to_owned(), post.to_owned()));
        assert_eq!(read("Desk-1,staff,C-1"), user("desk-1", "C-1"));
        assert_eq!(read("desk-1,직원,Ｃ－１"), user("desk-1", "C-1"));
        assert_eq!(read("boss,Administrator,"), user("boss", "Administrator"));
        assert_eq!(read("boss,관리자,"), user("boss", "Administrator"));
        assert_eq!(read("agent,call_centre,"), user("agent", "CallCentre"));
        assert_eq!(read("agent,상담원,"), user("agent", "CallCentre"));
        for (line, column) in [
            ("a b,staff,C-1", "username"),
            ("desk,,C-1", "role"),
            ("desk,owner,C-1", "role"),
            ("desk,staff,", "clinic_code"),
            ("desk,staff,C 1", "clinic_code"),
            ("boss,administrator,C-1", "clinic_code"),
            ("agent,call_centre,C-1", "clinic_code"),
        ] {
            assert_eq!(read(line), Err(column.to_owned()), "{line}");
        }
    }
}
