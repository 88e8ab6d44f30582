//! Enumerations whose variants the database keeps by their numbers.

/// Makes an enumeration with the number of each variant; in JSON it is the variant's name in snake
/// case.
macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $number:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_meta])* $variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number that the database keeps.
            pub const fn number(self) -> i16 {
                match self { $(Self::$variant => $number),* }
            }

            /// What a number from the database means.
            pub const fn of(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

pub(super) use numbered;
