//! Objects within a body, at every depth. serde would read a list in the place of an object by
//! position, as if its values had names. This deserializer around another one has structs read
//! from objects alone, so that no type has to ask for it.
//!
//! What serde keeps aside before it knows its type (`flatten`, `tag`, `untagged`) would get past
//! it: what is read from outside has none of these (`tests/tidy`).

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
};

/// Reads structs by name, whatever it is around: a deserializer, or what it hands on.
pub struct ByName<T>(pub T);

macro_rules! forward {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $kind,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* ByName(visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ByName<D> {
    type Error = D::Error;

    forward! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(ByName(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! hand_on {
    ($($method:ident: $kind:ty;)*) => {$(
        fn $method<E: serde::de::Error>(self, value: $kind) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ByName<V> {
    type Value = V::Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(to)
    }

    hand_on! {
        visit_bool: bool;
        visit_i8: i8;
        visit_i16: i16;
        visit_i32: i32;
        visit_i64: i64;
        visit_i128: i128;
        visit_u8: u8;
        visit_u16: u16;
        visit_u32: u32;
        visit_u64: u64;
        visit_u128: u128;
        visit_f32: f32;
        visit_f64: f64;
        visit_char: char;
        visit_str: &str;
        visit_borrowed_str: &'de str;
        visit_string: String;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
        visit_byte_buf: Vec<u8>;
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(ByName(from))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(ByName(from))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(ByName(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(ByName(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, one: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(ByName(one))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for ByName<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(ByName(from))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for ByName<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(ByName(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for ByName<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(ByName(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for ByName<A> {
    type Error = A::Error;
    type Variant = ByName<A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(value, variant)| (value, ByName(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for ByName<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.newtype_variant_seed(ByName(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, ByName(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.newtype_variant_seed(Members(visitor))
    }
}

/// The members of a variant.
struct Members<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Members<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        from.deserialize_map(ByName(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, de::DeserializeOwned};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct One {
        doses: u8,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(One);

    #[derive(Debug, PartialEq, Deserialize)]
    enum Choice {
        Nothing,
        Of(One),
        Named { doses: u8 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Deep {
        inner: Option<Vec<BTreeMap<String, (u8, Wrapped)>>>,
    }

    /// Whether it is read around serde's own reader, and by that alone.
    fn is_read<T: DeserializeOwned + PartialEq + fmt::Debug>(json: &str) -> (bool, bool) {
        let alone = serde_json::from_str::<T>(json).ok();
        let mut from = serde_json::Deserializer::from_str(json);
        let by_name = T::deserialize(ByName(&mut from)).ok();
        if by_name.is_some() {
            assert_eq!(by_name, alone, "it reads the same");
        }
        (by_name.is_some(), alone.is_some())
    }

    #[test]
    fn objects_are_read_wherever_they_stand() {
        let both = (true, true);
        assert_eq!(is_read::<One>(r#"{"doses":3}"#), both);
        assert_eq!(is_read::<Option<One>>("null"), both);
        assert_eq!(is_read::<Deep>(r#"{"inner":[{"a":[1,{"doses":3}]}]}"#), both);
        assert_eq!(is_read::<Vec<Choice>>(r#"["Nothing",{"Of":{"doses":3}}]"#), both);
        assert_eq!(is_read::<Choice>(r#"{"Named":{"doses":3}}"#), both);
        assert_eq!(is_read::<serde_json::Value>(r#"[1,-2,1.5,true,null,"a",{"b":[]}]"#), both);
    }

    #[test]
    fn a_list_in_the_place_of_an_object_is_refused_at_every_depth() {
        // The control is serde itself, which reads each of them.
        let refused = (false, true);
        assert_eq!(is_read::<One>("[3]"), refused);
        assert_eq!(is_read::<Option<One>>("[3]"), refused);
        assert_eq!(is_read::<Vec<One>>("[[3]]"), refused);
        assert_eq!(is_read::<Wrapped>("[3]"), refused);
        assert_eq!(is_read::<BTreeMap<String, One>>(r#"{"a":[3]}"#), refused);
        assert_eq!(is_read::<Deep>(r#"{"inner":[{"a":[1,[3]]}]}"#), refused);
        assert_eq!(is_read::<Deep>("[null]"), refused);
        assert_eq!(is_read::<Choice>(r#"{"Of":[3]}"#), refused);
        assert_eq!(is_read::<Choice>(r#"{"Named":[3]}"#), refused);
    }
}
