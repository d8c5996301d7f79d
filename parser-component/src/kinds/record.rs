//! Records: a table with a line for each field, from which reader, description and struct are made.

/// What the description says of a field.
pub(crate) struct FieldDoc {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The share of records that have it, as a JSON number.
    pub(crate) expected: Option<&'static str>,
    /// About how many bytes of a response it takes.
    pub(crate) bytes: Option<u32>,
    /// Adds the members of its type's schema.
    pub(crate) write_type: fn(&mut String),
}

/// Makes a kind's record of the table of its fields: `FIELDS` for the reader, `FIELD_DOCS` for the description, and a struct for programs
/// (feature `records`).
///
/// A line is `name: type = FieldType at [path] or [path], "what it is", expected SHARE, bytes COUNT;`: a field that is not [`Option`] is never
/// `null`, the first path that is not `null` counts, and the last two may be left out.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $record:ident {
            $(
                $name:ident: $type:ty = $field_type:ident $(($with:expr))? at $([$($slot:expr),*])or+, $about:literal
                $(, expected $expected:literal)? $(, bytes $bytes:literal)?;
            )*
        }
    ) => {
        /// Where the fields lie.
        pub(super) const FIELDS: &[playfast_guest::json::Field] = &[$(
            playfast_guest::json::Field::new(
                stringify!($name),
                &[$(&[$($slot),*]),+],
                playfast_guest::json::FieldType::$field_type $(($with))?,
            ),
        )*];

        /// What the fields are.
        pub(super) const FIELD_DOCS: &[crate::kinds::record::FieldDoc] = &[$(
            crate::kinds::record::FieldDoc {
                name: stringify!($name),
                about: $about,
                expected: optional!($(stringify!($expected))?),
                bytes: optional!($($bytes)?),
                write_type: crate::kinds::json_type::write_type::<$type>,
            },
        )*];

        $(#[$doc])*
        #[cfg(all(feature = "records", not(target_arch = "wasm32")))]
        #[derive(Clone, Debug, serde::Deserialize, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $record {
            $(
                #[doc = concat!($about, ".")]
                pub $name: $type,
            )*
            /// Fields that a later parser gives too.
            #[serde(flatten)]
            pub rest: serde_json::Map<String, serde_json::Value>,
        }
    };
}

/// Makes the type of a field that is an object.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $object:ident {
            $($name:ident: $type:ty, $about:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(all(feature = "records", not(target_arch = "wasm32")), derive(serde::Deserialize, serde::Serialize))]
        #[non_exhaustive]
        pub struct $object {
            $(
                #[doc = concat!($about, ".")]
                pub $name: $type,
            )*
        }

        impl crate::kinds::json_type::JsonType for $object {
            const NAME: &'static str = "object";

            fn write_members(text: &mut String) {
                crate::kinds::describe::write_properties(text, &[$(
                    crate::kinds::record::FieldDoc {
                        name: stringify!($name),
                        about: $about,
                        expected: None,
                        bytes: None,
                        write_type: crate::kinds::json_type::write_type::<$type>,
                    },
                )*]);
            }
        }
    };
}

/// `Some` of what is there.
macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}
